"""The rules of the public notice: its last day by the calendar, and objections to it."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.assistance.aggregates.file.commands import DecideObjection, PostNotice, RecordObjection
from services.assistance.aggregates.file.refusals import (
    APPLICANT_CHANGES,
    NO_CALENDAR,
    OBJECTION_UNKNOWN,
    WRONG_STEP,
)
from services.assistance.aggregates.hardship_file import hardship_file
from services.assistance.events.file import NoticePosted, ObjectionDecided, ObjectionReceived
from services.assistance.parameters import NOTICE_WORKING_DAYS, WORKING_DAY_CALENDAR
from shared.rules.personal import Personal
from shared.rules.policy_parameter import ParameterSet, policy_parameter
from shared.standards.working_days import Calendar, read_year
from tests.rules.assistance.households import (
    CHECKED,
    FACTORY,
    NOTICE_LAST_ON,
    ON_FILE,
    POSTED,
    POSTED_ON,
    VISITED,
    economic_checked,
    file_opened,
    file_reviewed,
    file_submitted,
    home_visited,
    notice_posted,
)
from tests.rules.rules import Rules

CALENDARS = [
    ParameterSet(
        key=WORKING_DAY_CALENDAR.key,
        value=dated.value,
        unit=WORKING_DAY_CALENDAR.unit,
        region=dated.region,
        effective_from=dated.effective_from,
        document_no=dated.document_no,
        sureness=dated.sureness,
    )
    for dated in WORKING_DAY_CALENDAR.shipped
]
CALENDAR_STREAM = (policy_parameter, WORKING_DAY_CALENDAR.key)
files = Rules(hardship_file, {NOTICE_WORKING_DAYS: 5}, {CALENDAR_STREAM: CALENDARS})
SEALED = Personal("同事反映其家中另有住房")


def posting(posted_on: date = POSTED_ON) -> PostNotice:
    return PostNotice(
        file_id="1",
        organisation_id=FACTORY,
        medium="notice_board",
        place="厂门口公告栏",
        posted_on=posted_on,
    )


def checked_in(year: int) -> tuple[Any, ...]:
    """A file checked on the first of January of a year."""
    day = date(year, 1, 1)
    return (
        file_opened(effective_on=day),
        file_submitted(effective_on=day),
        file_reviewed(effective_on=day),
        home_visited(effective_on=day, authorised_until=day),
        economic_checked(effective_on=day),
    )


def last_on(posted_on: date, rules: Rules = files) -> date:
    (event,) = rules.given(*checked_in(posted_on.year)).when(posting(posted_on)).events
    assert isinstance(event, NoticePosted)
    return event.last_on


def objection(**changes: Any) -> RecordObjection:
    command = RecordObjection(
        file_id="1",
        organisation_id=FACTORY,
        objection_id="o1",
        person_id="zhang",
        content=SEALED,
        received_on=date(2024, 2, 18),
    )
    return replace(command, **changes)


RECEIVED = ObjectionReceived(
    file_id="1",
    organisation_id=FACTORY,
    objection_id="o1",
    person_id="zhang",
    content=SEALED,
    effective_on=date(2024, 2, 18),
)


def decision(*, upheld: bool, **changes: Any) -> DecideObjection:
    command = DecideObjection(
        file_id="1",
        organisation_id=FACTORY,
        objection_id="o1",
        person_id="zhang",
        upheld=upheld,
        reason=SEALED,
        decided_on=date(2024, 2, 20),
    )
    return replace(command, **changes)


def test_a_notice_of_five_days_posted_before_spring_festival_2024_ends_on_21_february() -> None:
    files.given(*CHECKED).when(posting()).then(notice_posted(last_on=date(2024, 2, 21)))


def test_a_notice_of_five_days_posted_before_spring_festival_2015_ends_on_25_february() -> None:
    assert last_on(date(2015, 2, 12)) == date(2015, 2, 25)


@pytest.mark.parametrize(("days", "ends_on"), [(3, date(2024, 2, 19)), (7, date(2024, 2, 23))])
def test_three_and_seven_days_are_possible_too(days: int, ends_on: date) -> None:
    rules = Rules(hardship_file, {NOTICE_WORKING_DAYS: days}, {CALENDAR_STREAM: CALENDARS})

    assert last_on(POSTED_ON, rules) == ends_on


def test_a_notice_may_be_posted_on_a_day_off() -> None:
    assert last_on(date(2024, 2, 10)) == date(2024, 2, 22)


@pytest.mark.parametrize("posted_on", [date(2023, 5, 4), date(2015, 12, 28), date(2024, 12, 27)])
def test_a_year_without_calendar_refuses_to_compute(posted_on: date) -> None:
    # The last two begin in a known year and reach into one that is not.
    given = files.given(*checked_in(posted_on.year))

    given.when(posting(posted_on)).then_refused(NO_CALENDAR, field="posted_on")


def test_a_calendar_that_cannot_be_read_refuses_too() -> None:
    spoilt = [replace(CALENDARS[0], value="2015; 1.1-1.3")]
    rules = Rules(hardship_file, {NOTICE_WORKING_DAYS: 5}, {CALENDAR_STREAM: spoilt})

    rules.given(*checked_in(2015)).when(posting(date(2015, 2, 12))).then_refused(NO_CALENDAR)


@settings(max_examples=60, deadline=None)
@given(posted_on=st.dates(date(2024, 1, 2), date(2024, 11, 30)), days=st.integers(1, 10))
def test_a_notice_runs_exactly_its_working_days_after_the_posting(posted_on: date, days: int) -> None:
    calendar = Calendar({2024: read_year(2024, str(CALENDARS[1].value))})
    rules = Rules(hardship_file, {NOTICE_WORKING_DAYS: days}, {CALENDAR_STREAM: CALENDARS})

    end = last_on(posted_on, rules)

    after = [posted_on + timedelta(days=n) for n in range(1, (end - posted_on).days + 1)]
    assert sum(calendar.is_working_day(day) for day in after) == days
    assert calendar.is_working_day(end)


def test_posting_again_begins_the_period_anew() -> None:
    again = posting(date(2024, 2, 20))

    files.given(*POSTED).when(again).then(
        notice_posted(effective_on=date(2024, 2, 20), last_on=date(2024, 2, 27))
    )


def test_there_is_no_notice_before_the_check_is_in() -> None:
    files.given(*VISITED).when(posting()).then_refused(WRONG_STEP)


def test_an_objection_is_recorded_while_the_notice_runs() -> None:
    files.given(*POSTED).when(objection()).then(RECEIVED)
    files.given(*POSTED, RECEIVED).when(objection()).then_nothing()


def test_an_objection_to_a_file_that_is_on_file_comes_too_late_for_the_notice() -> None:
    late = objection(received_on=date(2024, 3, 1))

    files.given(*ON_FILE).when(late).then_refused(WRONG_STEP)


def test_what_is_objected_is_sealed_with_the_applicants_key() -> None:
    files.given(*POSTED).when(objection(person_id="wife")).then_refused(APPLICANT_CHANGES)


def test_an_upheld_objection_sends_the_file_back_to_first_review() -> None:
    (event,) = files.given(*POSTED, RECEIVED).when(decision(upheld=True), by="zhao").events

    state = files.given(*POSTED, RECEIVED, event).state
    assert (state.status, state.open_objections) == ("submitted", frozenset())


def test_a_rejected_objection_leaves_the_notice_running() -> None:
    (event,) = files.given(*POSTED, RECEIVED).when(decision(upheld=False), by="zhao").events

    assert isinstance(event, ObjectionDecided)
    state = files.given(*POSTED, RECEIVED, event).state
    assert (state.status, state.notice_last_on) == ("public_notice", NOTICE_LAST_ON)


def test_only_an_objection_that_waits_is_decided() -> None:
    files.given(*POSTED).when(decision(upheld=False)).then_refused(OBJECTION_UNKNOWN)
