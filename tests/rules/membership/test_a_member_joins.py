"""The rules of joining a union."""

from dataclasses import fields, replace
from datetime import date, timedelta
from typing import Any

import pytest

from services.membership.aggregates.member import (
    ALREADY_A_MEMBER,
    ALREADY_JOINED,
    ALREADY_REGISTERED,
    APPLICANT,
    BEFORE_FOUNDING,
    NO_MEMBERS_HERE,
    ORGANISATION_UNKNOWN,
    PERSON_UNKNOWN,
    UNDER_AGE,
    AdmitMember,
    JoinMember,
    member,
)
from services.membership.aggregates.organisation import organisation
from services.membership.aggregates.person import person
from services.membership.events import MemberJoined, OrganisationKind
from services.membership.parameters import JOINING_AGE_YEARS
from shared.rules.parameter import NOT_IN_FORCE, UNUSABLE
from shared.rules.personal import ERASED, Personal
from shared.rules.policy_parameter import ParameterSet, policy_parameter
from shared.runtime.commands import EFFECTIVE_LATER
from tests.rules.membership.people_and_unions import (
    FACTORY,
    FACTORY_FOUNDED_ON,
    MOBILE,
    NAME,
    NUMBER,
    member_changed,
    member_joined,
    of_kind,
    organisation_founded,
    person_registered,
)
from tests.rules.rules import TODAY, Others, Rules

REGISTERED: Others = {(person, "zhang"): [person_registered("zhang")]}
FOUNDED: Others = {(organisation, "factory"): [FACTORY]}
SIXTEEN = {JOINING_AGE_YEARS: 16}
members = Rules(member, parameters=SIXTEEN, others=REGISTERED | FOUNDED)


def join(event: MemberJoined, **changes: Any) -> JoinMember:
    """The command that wishes for what an event says."""
    names = {field.name for field in fields(JoinMember)} - {"joined_on"}
    command = JoinMember(joined_on=event.effective_on, **{name: getattr(event, name) for name in names})
    return replace(command, **changes)


ZHANG = member_joined("1")


def test_a_registered_person_joins_a_basic_union() -> None:
    decision = members.given().when(join(ZHANG))

    decision.then(ZHANG).then_carries(identity_number=NUMBER, name=NAME, mobile=MOBILE)


def test_joining_again_with_the_same_union_changes_nothing() -> None:
    members.given(ZHANG).when(join(ZHANG)).then_nothing()


def test_a_member_id_is_used_for_one_person_only() -> None:
    members.given(ZHANG).when(join(ZHANG, person_id="li")).then_refused(ALREADY_JOINED, field="member_id")


def test_a_member_id_is_used_for_one_union_only() -> None:
    members.given(ZHANG).when(join(ZHANG, organisation_id="mill")).then_refused(ALREADY_JOINED)


@pytest.mark.parametrize("what", [{"joined_on": date(2019, 1, 1)}, {"employment_status": "retired"}])
def test_a_member_id_is_used_for_one_joining_only(what: dict[str, Any]) -> None:
    members.given(ZHANG).when(join(ZHANG, **what)).then_refused(ALREADY_JOINED, field="member_id")


def test_the_joining_sent_again_changes_nothing_though_the_member_has_changed_since() -> None:
    members.given(ZHANG, member_changed("1", employment_status="retired")).when(join(ZHANG)).then_nothing()


def test_nobody_admits_themselves() -> None:
    members.given().when(join(ZHANG), by="zhang").then_refused(APPLICANT, field="person_id")


def test_a_person_is_member_of_one_union_at_a_time_across_the_district() -> None:
    others = {**REGISTERED, **FOUNDED, (member, "2"): [member_joined("2", organisation_id="mill")]}

    Rules(member, SIXTEEN, others).given().when(join(ZHANG)).then_refused(ALREADY_A_MEMBER)


def test_who_was_not_registered_cannot_join() -> None:
    others = {**FOUNDED, (person, "zhang"): ()}

    Rules(member, SIXTEEN, others).given().when(join(ZHANG)).then_refused(PERSON_UNKNOWN, field="person_id")


def test_nobody_joins_a_union_that_does_not_exist() -> None:
    others = {**REGISTERED, (organisation, "factory"): ()}
    decision = Rules(member, SIXTEEN, others).given().when(join(ZHANG))

    decision.then_refused(ORGANISATION_UNKNOWN, field="organisation_id")


@pytest.mark.parametrize("kind", ["federation", "basic_union_federation", "branch", "group"])
def test_a_kind_of_organisation_without_members_of_its_own_admits_none(kind: OrganisationKind) -> None:
    others = {**REGISTERED, (organisation, "factory"): [of_kind(kind)]}
    decision = Rules(member, SIXTEEN, others).given().when(join(ZHANG))

    decision.then_refused(NO_MEMBERS_HERE, field="organisation_id")


@pytest.mark.parametrize("kind", ["basic_union", "joint_basic_union", "organiser"])
def test_basic_unions_joint_ones_and_organisers_admit_members(kind: OrganisationKind) -> None:
    others = {**REGISTERED, (organisation, "factory"): [of_kind(kind)]}

    Rules(member, SIXTEEN, others).given().when(join(ZHANG)).then(ZHANG)


def test_who_is_exactly_of_the_least_age_may_join() -> None:
    wished = replace(ZHANG, age_years=16)

    members.given().when(join(wished)).then(wished)


def test_who_is_a_year_too_young_may_not_join() -> None:
    members.given().when(join(ZHANG, age_years=15)).then_refused(UNDER_AGE, field="identity_number")


def test_nobody_joins_while_the_least_age_in_force_is_no_number() -> None:
    Rules(member, {JOINING_AGE_YEARS: "sixteen"}, REGISTERED | FOUNDED).given().when(
        join(ZHANG)
    ).then_refused(UNUSABLE)


def test_the_least_age_is_a_policy_parameter() -> None:
    stricter = Rules(member, parameters={JOINING_AGE_YEARS: 18}, others=REGISTERED | FOUNDED)

    stricter.given().when(join(ZHANG, age_years=17)).then_refused(UNDER_AGE)


def test_the_least_age_is_that_of_the_day_of_joining() -> None:
    raised_since = [least_age(16, date(1995, 1, 1)), least_age(18, date(2021, 1, 1))]
    rules = Rules(
        member, others=REGISTERED | FOUNDED | {(policy_parameter, JOINING_AGE_YEARS.key): raised_since}
    )
    wished = replace(ZHANG, age_years=16)

    rules.given().when(join(wished)).then(wished)
    rules.given().when(join(wished, joined_on=date(2021, 1, 1))).then_refused(UNDER_AGE)


def test_rosters_hold_who_joined_long_before_the_labour_law() -> None:
    founded = replace(FACTORY, effective_on=date(1956, 1, 1))
    (shipped,) = JOINING_AGE_YEARS.shipped
    others: Others = {
        **REGISTERED,
        (organisation, "factory"): [founded],
        (policy_parameter, JOINING_AGE_YEARS.key): [least_age(shipped.value, shipped.effective_from)],
    }
    wished = replace(ZHANG, effective_on=date(1975, 3, 1))

    Rules(member, others=others).given().when(join(wished)).then(wished)


def least_age(years: int, effective_from: date) -> ParameterSet:
    return ParameterSet(
        key=JOINING_AGE_YEARS.key,
        value=years,
        unit="years",
        region="CN",
        effective_from=effective_from,
        document_no="test",
        sureness="sample",
    )


def test_without_a_least_age_in_force_nobody_joins() -> None:
    Rules(member, others=REGISTERED | FOUNDED).given().when(join(ZHANG)).then_refused(NOT_IN_FORCE)


def test_nobody_joins_a_union_before_it_was_founded() -> None:
    command = join(ZHANG, joined_on=FACTORY_FOUNDED_ON - timedelta(days=1))

    members.given().when(command).then_refused(BEFORE_FOUNDING, field="joined_on")


def test_one_may_join_on_the_day_of_founding() -> None:
    wished = replace(ZHANG, effective_on=FACTORY_FOUNDED_ON)

    members.given().when(join(wished)).then(wished)


def test_one_may_join_today_but_not_tomorrow() -> None:
    members.given().when(join(ZHANG, joined_on=TODAY)).then(replace(ZHANG, effective_on=TODAY))
    members.given().when(join(ZHANG, joined_on=TODAY + timedelta(days=1))).then_refused(
        EFFECTIVE_LATER, field="joined_on"
    )


def test_a_member_whose_data_was_erased_is_still_a_member() -> None:
    erased = replace(ZHANG, name=Personal(ERASED), identity_number=Personal(ERASED), mobile=Personal(ERASED))

    members.given(erased).when(join(ZHANG)).then_nothing()


def test_unknown_union_is_said_before_its_founding_day_is_compared() -> None:
    federation = organisation_founded("factory", effective_on=date(2024, 1, 1))
    others = {**REGISTERED, (organisation, "factory"): [federation]}

    Rules(member, SIXTEEN, others).given().when(join(ZHANG)).then_refused(NO_MEMBERS_HERE)


def admit(event: MemberJoined, **changes: Any) -> AdmitMember:
    """Joining of somebody who was not registered before."""
    given = {field.name: getattr(join(event), field.name) for field in fields(JoinMember)}
    return AdmitMember(document_type="resident_identity_card", **given | changes)


UNREGISTERED: Others = {**FOUNDED, (person, "zhang"): ()}
admitted = Rules(member, SIXTEEN, UNREGISTERED)


def test_who_is_not_registered_is_registered_at_joining() -> None:
    admitted.given().when(admit(ZHANG)).then(person_registered("zhang"), ZHANG)


def test_who_may_not_join_is_not_registered_either() -> None:
    admitted.given().when(admit(ZHANG, age_years=15)).then_refused(UNDER_AGE)


def test_nobody_is_registered_twice_at_joining() -> None:
    members.given().when(admit(ZHANG)).then_refused(ALREADY_REGISTERED, field="person_id")


def test_joining_with_registration_again_changes_nothing() -> None:
    members.given(ZHANG).when(admit(ZHANG)).then_nothing()
