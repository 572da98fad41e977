"""Rules: what of an organisation changes once it has been founded, and from which day."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.membership.aggregates.organisation import (
    CHANGED_BEFORE_FOUNDING,
    CHANGED_SINCE,
    CREDIT_CODE_TAKEN,
    NAME_TAKEN,
    UNKNOWN,
    ChangeOrganisation,
    organisation,
)
from shared.runtime.commands import EFFECTIVE_LATER
from shared.standards.credit_code import CreditCode
from shared.standards.text import Text
from tests.rules.membership.people_and_unions import (
    FACTORY,
    FACTORY_FOUNDED_ON,
    organisation_changed,
    organisation_founded,
)
from tests.rules.rules import TODAY, Rules

CODE = CreditCode("81110109MC0000004A")
RENAMED = organisation_changed("factory", name="永定机械公司工会")
RENAME = ChangeOrganisation(
    organisation_id="factory", changed_on=RENAMED.effective_on, name=Text("永定机械公司工会")
)
organisations = Rules(organisation)


def test_an_organisation_is_renamed() -> None:
    organisations.given(FACTORY).when(RENAME).then(RENAMED)


@pytest.mark.parametrize("change", [{"credit_code": CODE}, {"basis": Text("批复2号")}])
def test_a_credit_code_and_the_document_of_the_founding_are_corrected(change: dict[str, Any]) -> None:
    command = replace(RENAME, name=None, **change)

    organisations.given(FACTORY).when(command).then(organisation_changed("factory", **change))


def test_only_what_differs_is_recorded() -> None:
    as_it_is = replace(RENAME, name=FACTORY.name, basis=FACTORY.basis)

    organisations.given(FACTORY).when(as_it_is).then_nothing()
    organisations.given(FACTORY).when(replace(as_it_is, name=RENAMED.name)).then(RENAMED)
    organisations.given(FACTORY, RENAMED).when(RENAME).then_nothing()


def test_the_name_that_was_given_up_is_free_and_the_new_one_taken() -> None:
    renamed = organisations.given(FACTORY, RENAMED).state

    assert organisation.unique_keys(renamed).keys() == {f"organisation_name/district/{RENAMED.name}"}


def test_a_name_or_a_code_that_another_has_is_not_taken_over() -> None:
    mill = organisation_founded("mill", kind="basic_union", level=7, parent_id="district", credit_code=CODE)
    beside = Rules(organisation, others={(organisation, "mill"): [replace(mill, name=Text("mill"))]})

    beside.given(FACTORY).when(replace(RENAME, name=Text("mill"))).then_refused(NAME_TAKEN)
    beside.given(FACTORY).when(replace(RENAME, credit_code=CODE)).then_refused(CREDIT_CODE_TAKEN)


def test_what_has_not_been_founded_does_not_change() -> None:
    organisations.given().when(RENAME).then_refused(UNKNOWN, field="organisation_id")


def test_nothing_changes_before_the_founding_nor_before_a_later_change_nor_from_tomorrow() -> None:
    day = timedelta(days=1)
    before = replace(RENAME, changed_on=FACTORY_FOUNDED_ON - day)
    between = replace(RENAME, changed_on=RENAMED.effective_on - day, name=Text("永定厂工会"))
    tomorrow = replace(RENAME, changed_on=TODAY + day)

    organisations.given(FACTORY).when(before).then_refused(CHANGED_BEFORE_FOUNDING, field="changed_on")
    organisations.given(FACTORY, RENAMED).when(between).then_refused(CHANGED_SINCE, field="changed_on")
    organisations.given(FACTORY).when(tomorrow).then_refused(EFFECTIVE_LATER)
