"""Rules: what of a member changes under the same union, and what is left to a transfer."""

from dataclasses import replace
from datetime import date, timedelta

from services.membership.aggregates.member import (
    CHANGED_BEFORE_JOINING,
    CHANGED_SINCE,
    NOT_A_MEMBER,
    TRANSFER_NEEDED,
    ChangeMember,
    member,
)
from services.membership.aggregates.member import (
    RETIRED as RETIRED_ALREADY,
)
from shared.rules.personal import ERASED, Personal
from shared.runtime.commands import EFFECTIVE_LATER
from shared.standards.mobile import MobileNumber
from shared.standards.person_name import PersonName
from tests.rules.membership.people_and_unions import member_changed, member_joined
from tests.rules.rules import TODAY, Rules

DAY = date(2021, 1, 1)
ZHANG = member_joined("1")
RETIRED = member_changed("1", employment_status="retired")
RETIRE = ChangeMember(
    member_id="1",
    person_id="zhang",
    organisation_id="factory",
    changed_on=DAY,
    employment_status="retired",
)
members = Rules(member)


def test_a_member_retires() -> None:
    members.given(ZHANG).when(RETIRE).then(RETIRED)


def test_a_change_that_is_known_already_changes_nothing() -> None:
    members.given(ZHANG, RETIRED).when(RETIRE).then_nothing()


def test_only_what_differs_is_recorded() -> None:
    wished = replace(RETIRE, occupation_group="none", migrant_worker=False)

    members.given(ZHANG).when(wished).then(RETIRED)


def test_who_was_no_migrant_worker_may_become_one() -> None:
    wished = replace(RETIRE, employment_status=None, migrant_worker=True)

    members.given(ZHANG).when(wished).then(member_changed("1", migrant_worker=True))


def test_a_name_is_corrected_and_a_mobile_number_changed() -> None:
    wished = replace(
        RETIRE,
        employment_status=None,
        name=Personal(PersonName("张晓明")),
        mobile=Personal(MobileNumber("19900000002")),
    )

    members.given(ZHANG).when(wished).then_carries(name="张晓明", mobile="19900000002")


def test_who_has_retired_stays_retained_also_when_working_again() -> None:
    again = replace(RETIRE, changed_on=date(2022, 1, 1), employment_status="on_post")

    members.given(ZHANG, RETIRED).when(again).then_refused(RETIRED_ALREADY, field="employment_status")


def test_who_joined_retired_stays_retained() -> None:
    retired = member_joined("1", employment_status="retired")
    again = replace(RETIRE, employment_status="flexible")

    members.given(retired).when(again).then_refused(RETIRED_ALREADY, field="employment_status")


def test_of_who_has_retired_everything_else_may_change() -> None:
    moved = replace(RETIRE, changed_on=date(2022, 1, 1), mobile=Personal(MobileNumber("19900000002")))

    members.given(ZHANG, RETIRED).when(moved).then_carries(mobile="19900000002")


def test_a_retirement_recorded_in_error_is_corrected_as_of_its_own_day() -> None:
    corrected = replace(RETIRE, employment_status="on_post")

    members.given(ZHANG, RETIRED).when(corrected).then(member_changed("1", employment_status="on_post"))


def test_nothing_changes_about_somebody_who_is_no_member() -> None:
    members.given().when(RETIRE).then_refused(NOT_A_MEMBER)


def test_a_member_id_stands_for_one_person() -> None:
    members.given(ZHANG).when(replace(RETIRE, person_id="li")).then_refused(NOT_A_MEMBER)


def test_to_another_union_a_member_goes_by_transfer_only() -> None:
    wished = replace(RETIRE, organisation_id="mill")

    members.given(ZHANG).when(wished).then_refused(TRANSFER_NEEDED, field="organisation_id")


def test_nothing_changes_before_the_joining() -> None:
    too_early = replace(RETIRE, changed_on=ZHANG.effective_on - timedelta(days=1))

    members.given(ZHANG).when(too_early).then_refused(CHANGED_BEFORE_JOINING, field="changed_on")
    members.given(ZHANG).when(replace(RETIRE, changed_on=ZHANG.effective_on)).then(
        replace(RETIRED, effective_on=ZHANG.effective_on)
    )


def test_an_older_roster_does_not_undo_what_has_changed_since() -> None:
    older = replace(RETIRE, changed_on=DAY - timedelta(days=1), employment_status="on_post")

    members.given(ZHANG, RETIRED).when(older).then_refused(CHANGED_SINCE, field="changed_on")


def test_a_member_may_change_today_but_not_tomorrow() -> None:
    tomorrow = TODAY + timedelta(days=1)

    members.given(ZHANG).when(replace(RETIRE, changed_on=TODAY)).then(replace(RETIRED, effective_on=TODAY))
    members.given(ZHANG).when(replace(RETIRE, changed_on=tomorrow)).then_refused(EFFECTIVE_LATER)


def test_a_member_whose_data_was_erased_can_still_change() -> None:
    erased = replace(ZHANG, name=Personal(ERASED), identity_number=Personal(ERASED), mobile=Personal(ERASED))

    members.given(erased).when(RETIRE).then(RETIRED)
