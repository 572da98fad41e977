"""The rules of first review, home visit and economic check."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.assistance.aggregates.file.commands import RecordEconomicCheck, RecordHomeVisit, ReviewFile
from services.assistance.aggregates.file.refusals import (
    AUTHORISATION_EXPIRED,
    BEFORE_LAST_STEP,
    FINDINGS,
    NOT_AUTHORISED,
    NOTICE_NOT_CONSENTED,
    REVIEWER_IS_CASEWORKER,
    VISITOR_OF_HOUSEHOLD,
    VISITORS,
    WRONG_STEP,
)
from services.assistance.aggregates.hardship_file import hardship_file
from tests.rules.assistance.households import (
    CHECKED,
    FACTORY,
    POSTED,
    REVIEWED,
    SUBMITTED,
    VISITED,
    economic_checked,
    file_opened,
    file_reviewed,
    findings,
    home_visited,
)
from tests.rules.rules import Rules

files = Rules(hardship_file)


def review(**changes: Any) -> ReviewFile:
    return replace(ReviewFile(file_id="1", organisation_id=FACTORY, reviewed_on=date(2024, 1, 12)), **changes)


def visit(**changes: Any) -> RecordHomeVisit:
    command = RecordHomeVisit(
        file_id="1",
        organisation_id=FACTORY,
        visitor_ids=("wang", "zhou"),
        authorisation_signed=True,
        notice_consented=True,
        authorised_until=date(2024, 12, 31),
        visited_on=date(2024, 1, 16),
    )
    return replace(command, **changes)


def check(**changes: Any) -> RecordEconomicCheck:
    command = RecordEconomicCheck(
        file_id="1",
        organisation_id=FACTORY,
        findings=findings(),
        document_no="核对〔2024〕12号",
        checked_on=date(2024, 2, 5),
    )
    return replace(command, **changes)


def test_a_reviewer_takes_the_first_review() -> None:
    files.given(*SUBMITTED).when(review(), by="zhao").then(file_reviewed())


def test_reviewing_again_changes_nothing() -> None:
    files.given(*REVIEWED).when(review(), by="zhao").then_nothing()


def test_a_caseworker_does_not_review_their_own_case() -> None:
    files.given(*SUBMITTED).when(review(), by="wang").then_refused(REVIEWER_IS_CASEWORKER)


def test_a_draft_is_not_reviewed() -> None:
    files.given(file_opened()).when(review(), by="zhao").then_refused(WRONG_STEP)


def test_two_visit_a_household_and_the_applicant_signs() -> None:
    files.given(*REVIEWED).when(visit()).then(home_visited())


def test_nobody_visits_a_household_alone() -> None:
    files.given(*REVIEWED).when(visit(visitor_ids=("zhou", "zhou"))).then_refused(
        VISITORS, field="visitor_ids"
    )


def test_one_visitor_at_least_is_no_caseworker() -> None:
    by_two = (file_opened(), *SUBMITTED[1:], replace(file_reviewed()))
    given = files.given(*by_two[:1], replace(SUBMITTED[1], caseworker_id="li"), by_two[-1])

    given.when(visit(visitor_ids=("wang", "li"))).then_refused(VISITORS)


@pytest.mark.parametrize("visitors", [("zhou", "zhang"), ("wife", "wang", "zhou")])
def test_nobody_of_the_household_visits_it(visitors: tuple[str, ...]) -> None:
    files.given(*REVIEWED).when(visit(visitor_ids=visitors)).then_refused(
        VISITOR_OF_HOUSEHOLD, field="visitor_ids"
    )


def test_without_authorisation_no_visit_is_complete() -> None:
    files.given(*REVIEWED).when(visit(authorisation_signed=False)).then_refused(NOT_AUTHORISED)


def test_without_consent_to_the_notice_no_visit_is_complete() -> None:
    files.given(*REVIEWED).when(visit(notice_consented=False)).then_refused(NOTICE_NOT_CONSENTED)


def test_no_visit_comes_before_the_review() -> None:
    files.given(*SUBMITTED).when(visit()).then_refused(WRONG_STEP)
    files.given(*REVIEWED).when(visit(visited_on=date(2024, 1, 11))).then_refused(BEFORE_LAST_STEP)


def test_the_check_is_typed_in_after_the_visit() -> None:
    files.given(*VISITED).when(check()).then(economic_checked())


def test_the_same_check_again_changes_nothing() -> None:
    files.given(*CHECKED).when(check()).then_nothing()


def test_a_check_typed_wrong_is_corrected_by_another() -> None:
    right = findings(annual_disposable_income_fen=5_000_000)

    files.given(*CHECKED).when(check(findings=right)).then(economic_checked(findings=right))


def test_a_check_is_not_changed_behind_a_notice() -> None:
    files.given(*POSTED).when(check(checked_on=date(2024, 2, 9))).then_refused(WRONG_STEP)


def test_a_check_after_the_authorisation_ended_is_refused_and_on_its_last_day_is_not() -> None:
    given = files.given(*REVIEWED, home_visited(authorised_until=date(2024, 2, 5)))

    given.when(check(checked_on=date(2024, 2, 6))).then_refused(AUTHORISATION_EXPIRED, field="checked_on")
    given.when(check(checked_on=date(2024, 2, 5))).then(economic_checked())


def test_an_unknown_income_is_recorded_as_unknown() -> None:
    unknown = findings(annual_disposable_income_fen=None)

    files.given(*VISITED).when(check(findings=unknown)).then(economic_checked(findings=unknown))


def test_amounts_below_nothing_are_no_findings() -> None:
    below = findings(rigid_expenditure_fen=-1)

    files.given(*VISITED).when(check(findings=below)).then_refused(FINDINGS, field="findings")


def test_who_typed_the_check_is_a_caseworker_of_the_file() -> None:
    events = files.given(*VISITED).when(check(), by="qian").events

    assert "qian" in files.given(*VISITED, *events).state.caseworkers
