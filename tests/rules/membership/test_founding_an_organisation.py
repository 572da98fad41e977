"""The rules of founding a union organisation."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from typing import Any, get_args

import pytest

from services.membership.aggregates.organisation import (
    ALREADY_FOUNDED,
    BEFORE_PARENT,
    CREDIT_CODE_TAKEN,
    KIND_UNDER_PARENT,
    LEVEL_UNDER_PARENT,
    NAME_TAKEN,
    PARENT_MISSING,
    PARENT_UNKNOWN,
    FoundOrganisation,
    organisation,
)
from services.membership.events import OrganisationFounded, OrganisationKind
from shared.runtime.commands import EFFECTIVE_LATER
from shared.standards.credit_code import CreditCode
from shared.standards.text import Text
from tests.rules.membership.people_and_unions import (
    DISTRICT,
    DISTRICT_FOUNDED_ON,
    FACTORY,
    organisation_founded,
)
from tests.rules.rules import TODAY, Rules

KINDS: tuple[OrganisationKind, ...] = get_args(OrganisationKind)

# The handbook's table (membership 1.1), row by row: what a kind may stand under.
MAY_STAND_UNDER: dict[str, set[str]] = {
    "federation": {"federation"},
    "basic_union_federation": {"federation", "basic_union_federation"},
    "basic_union": {"federation", "basic_union_federation", "basic_union"},
    "joint_basic_union": {"federation", "basic_union_federation", "basic_union"},
    "organiser": {"federation", "basic_union_federation", "basic_union"},
    "branch": {"basic_union", "joint_basic_union", "branch"},
    "group": {"basic_union", "joint_basic_union", "branch"},
}

organisations = Rules(organisation)
under_the_district = Rules(organisation, others={(organisation, "district"): [DISTRICT]})


def found(event: OrganisationFounded, **changes: Any) -> FoundOrganisation:
    """The command that wishes for what an event says."""
    command = FoundOrganisation(
        organisation_id=event.organisation_id,
        name=event.name,
        kind=event.kind,
        level=event.level,
        parent_id=event.parent_id,
        credit_code=event.credit_code,
        founded_on=event.effective_on,
        basis=event.basis,
    )
    return replace(command, **changes)


def test_a_federation_may_stand_without_a_parent() -> None:
    organisations.given().when(found(DISTRICT)).then(DISTRICT)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "federation"])
def test_nothing_but_a_federation_stands_without_a_parent(kind: OrganisationKind) -> None:
    command = found(DISTRICT, kind=kind)

    organisations.given().when(command).then_refused(PARENT_MISSING, field="parent_id")


def test_a_union_is_founded_under_the_district() -> None:
    under_the_district.given().when(found(FACTORY)).then(FACTORY)


@pytest.mark.parametrize(("kind", "parent_kind"), list(product(KINDS, KINDS)))
def test_each_kind_stands_under_the_kinds_of_the_handbook_only(
    kind: OrganisationKind, parent_kind: OrganisationKind
) -> None:
    parent = organisation_founded("parent", kind=parent_kind)
    wished = replace(FACTORY, kind=kind, parent_id="parent")
    decision = Rules(organisation, others={(organisation, "parent"): [parent]}).given().when(found(wished))

    if parent_kind in MAY_STAND_UNDER[kind]:
        decision.then(wished)
    else:
        decision.then_refused(KIND_UNDER_PARENT, field="kind")


def test_a_parent_must_have_been_founded() -> None:
    organisations.given().when(found(FACTORY)).then_refused(PARENT_UNKNOWN, field="parent_id")


def test_an_organisation_cannot_stand_under_itself() -> None:
    command = found(FACTORY, parent_id="factory")

    organisations.given().when(command).then_refused(PARENT_UNKNOWN)


@pytest.mark.parametrize("level", [1, 3, 4])
def test_a_level_not_below_the_parents_is_refused(level: int) -> None:
    command = found(FACTORY, level=level)

    under_the_district.given().when(command).then_refused(LEVEL_UNDER_PARENT, field="level")


def test_the_level_next_below_the_parents_is_enough() -> None:
    wished = replace(FACTORY, level=5)

    under_the_district.given().when(found(wished)).then(wished)


def test_nobody_is_founded_before_the_parent() -> None:
    command = found(FACTORY, founded_on=DISTRICT_FOUNDED_ON - timedelta(days=1))

    under_the_district.given().when(command).then_refused(BEFORE_PARENT, field="founded_on")


def test_a_union_may_be_founded_on_the_same_day_as_its_parent() -> None:
    wished = replace(FACTORY, effective_on=DISTRICT_FOUNDED_ON)

    under_the_district.given().when(found(wished)).then(wished)


def test_a_union_may_be_founded_today_but_not_tomorrow() -> None:
    under_the_district.given().when(found(FACTORY, founded_on=TODAY)).then(
        replace(FACTORY, effective_on=TODAY)
    )
    under_the_district.given().when(found(FACTORY, founded_on=TODAY + timedelta(days=1))).then_refused(
        EFFECTIVE_LATER, field="founded_on"
    )


def test_founding_again_with_the_same_particulars_changes_nothing() -> None:
    under_the_district.given(FACTORY).when(found(FACTORY)).then_nothing()


@pytest.mark.parametrize(
    "change",
    [
        {"name": "another"},
        {"kind": "organiser"},
        {"level": 8},
        {"parent_id": None},
        {"credit_code": CreditCode(CreditCode.example)},
        {"founded_on": date(2002, 1, 1)},
        {"basis": "批复2号"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_founding_again_with_other_particulars_is_refused(change: dict[str, Any]) -> None:
    command = found(FACTORY, **change)

    under_the_district.given(FACTORY).when(command).then_refused(ALREADY_FOUNDED, field="organisation_id")


def test_two_organisations_of_one_name_cannot_stand_under_one_parent() -> None:
    others = {(organisation, "district"): [DISTRICT], (organisation, "mill"): [FACTORY]}
    command = found(FACTORY, organisation_id="factory 2")

    Rules(organisation, others=others).given().when(command).then_refused(NAME_TAKEN)


def test_two_federations_of_one_name_cannot_both_stand_without_a_parent() -> None:
    command = found(DISTRICT, organisation_id="district 2")

    under_the_district.given().when(command).then_refused(NAME_TAKEN)


def test_two_organisations_of_one_name_may_stand_under_different_parents() -> None:
    town = organisation_founded("town", level=5)
    others = {
        (organisation, "district"): [DISTRICT],
        (organisation, "town"): [town],
        (organisation, "factory"): [FACTORY],
    }
    wished = replace(FACTORY, organisation_id="factory 2", parent_id="town")

    Rules(organisation, others=others).given().when(found(wished)).then(wished)


def test_a_credit_code_belongs_to_one_organisation() -> None:
    code = CreditCode(CreditCode.example)
    others = {
        (organisation, "district"): [DISTRICT],
        (organisation, "mill"): [replace(FACTORY, credit_code=code)],
    }
    command = found(FACTORY, organisation_id="factory 2", name="another", credit_code=code)

    Rules(organisation, others=others).given().when(command).then_refused(CREDIT_CODE_TAKEN)


def test_any_number_of_organisations_may_have_no_credit_code() -> None:
    others = {
        (organisation, "district"): [DISTRICT],
        (organisation, "mill"): [replace(FACTORY, name=Text("mill"))],
    }

    Rules(organisation, others=others).given().when(found(FACTORY)).then(FACTORY)
