"""The rules of approving, returning, refusing, withdrawing and closing a hardship file."""

from dataclasses import replace
from datetime import date
from typing import Any, get_args

import pytest

from services.assistance.aggregates.file.commands import (
    ApproveFile,
    CloseFile,
    RefuseFile,
    ReturnFile,
    WithdrawFile,
)
from services.assistance.aggregates.file.deciding import CAUSES
from services.assistance.aggregates.file.refusals import (
    APPLICANT_CHANGES,
    APPROVER_TOOK_PART,
    BASIS_MISSING,
    CAUSE_OF_ANOTHER_END,
    NOT_EARLIER,
    NOTICE_RUNS,
    OBJECTION_OPEN,
    WRONG_STEP,
)
from services.assistance.aggregates.file.state import CLOSING_CAUSE_ZH, STATUS_ZH, STEPS, Status
from services.assistance.aggregates.hardship_file import hardship_file
from services.assistance.events.file import (
    ClosingCause,
    FileClosed,
    FileRefused,
    FileReturned,
    FileWithdrawn,
    Outcome,
)
from services.assistance.parameters import ALL
from shared.rules.personal import Personal
from tests.rules.assistance.households import (
    APPROVED_ON,
    CHECKED,
    FACTORY,
    NOTICE_LAST_ON,
    ON_FILE,
    POSTED,
    REVIEWED,
    SUBMITTED,
    account_recorded,
    file_approved,
    file_reviewed,
)
from tests.rules.assistance.test_public_notice import RECEIVED
from tests.rules.rules import Rules

files = Rules(hardship_file, {each: each.shipped[-1].value for each in ALL})
REASON = Personal("材料不全")


def approval(approved_on: date = APPROVED_ON) -> ApproveFile:
    return ApproveFile(file_id="1", organisation_id=FACTORY, approved_on=approved_on)


def returning(**changes: Any) -> ReturnFile:
    command = ReturnFile(
        file_id="1",
        organisation_id=FACTORY,
        person_id="zhang",
        step="draft",
        reason=REASON,
        returned_on=date(2024, 2, 9),
    )
    return replace(command, **changes)


def refusal(**changes: Any) -> RefuseFile:
    command = RefuseFile(
        file_id="1",
        organisation_id=FACTORY,
        person_id="zhang",
        reason=REASON,
        basis="管理办法第四条",
        refused_on=date(2024, 2, 9),
    )
    return replace(command, **changes)


def closing(outcome: Outcome = "exited", cause: ClosingCause = "income_above_line") -> CloseFile:
    return CloseFile(
        file_id="1",
        organisation_id=FACTORY,
        outcome=outcome,
        cause=cause,
        closed_on=date(2024, 6, 3),
    )


def test_a_file_is_approved_on_the_day_after_the_notice() -> None:
    files.given(*POSTED).when(approval(), by="sun").then(file_approved())


def test_approving_again_changes_nothing() -> None:
    files.given(*ON_FILE).when(approval(), by="sun").then_nothing()


def test_a_file_is_not_approved_while_the_notice_runs() -> None:
    last_day = approval(NOTICE_LAST_ON)

    files.given(*POSTED).when(last_day, by="sun").then_refused(NOTICE_RUNS, field="approved_on")


def test_a_file_is_not_approved_without_a_notice() -> None:
    files.given(*CHECKED).when(approval(), by="sun").then_refused(WRONG_STEP)


def test_an_open_objection_keeps_a_file_from_approval() -> None:
    files.given(*POSTED, RECEIVED).when(approval(), by="sun").then_refused(OBJECTION_OPEN)


@pytest.mark.parametrize("who", ["wang", "zhao"])
def test_caseworker_and_reviewer_do_not_approve_the_file(who: str) -> None:
    files.given(*POSTED).when(approval(), by=who).then_refused(APPROVER_TOOK_PART)


def test_who_once_passed_a_file_that_was_sent_back_does_not_approve_it_after_another_review() -> None:
    sent_back = FileReturned(
        file_id="1",
        organisation_id=FACTORY,
        person_id="zhang",
        step="submitted",
        reason=REASON,
        returned_by="qian",
        effective_on=date(2024, 1, 12),
    )
    first = file_reviewed(reviewer_id="sun")
    given = files.given(*SUBMITTED, first, sent_back, *POSTED[len(SUBMITTED) :])

    assert given.state.reviewer_id == "zhao"
    given.when(approval(), by="sun").then_refused(APPROVER_TOOK_PART)


def test_who_recorded_the_account_does_not_approve_the_file() -> None:
    given = files.given(*POSTED, account_recorded(caseworker_id="sun"))

    given.when(approval(), by="sun").then_refused(APPROVER_TOOK_PART)


def test_aid_may_be_decided_from_the_day_of_approval_on() -> None:
    state = files.given(*ON_FILE).state

    assert [state.is_on_file(day) for day in (NOTICE_LAST_ON, APPROVED_ON)] == [False, True]


def test_a_file_is_returned_to_an_earlier_step_with_a_reason() -> None:
    (event,) = files.given(*POSTED).when(returning(), by="sun").events

    assert isinstance(event, FileReturned)
    assert files.given(*POSTED, event).state.status == "draft"


def test_a_file_is_not_returned_to_the_step_at_which_it_stands() -> None:
    here = returning(step="public_notice")

    files.given(*POSTED).when(here, by="sun").then_refused(NOT_EARLIER, field="step")


def test_a_file_that_is_on_file_is_not_returned() -> None:
    later = returning(returned_on=date(2024, 3, 1))

    files.given(*ON_FILE).when(later, by="sun").then_refused(WRONG_STEP)


def test_a_reason_is_sealed_with_the_applicants_key() -> None:
    for command in (returning(person_id="wife"), refusal(person_id="wife")):
        files.given(*POSTED).when(command, by="sun").then_refused(APPLICANT_CHANGES, field="person_id")


def test_a_file_is_refused_with_reason_and_basis() -> None:
    (event,) = files.given(*POSTED).when(refusal(), by="sun").events

    assert isinstance(event, FileRefused)
    files.given(*POSTED, event).when(refusal(), by="sun").then_nothing()
    files.given(*POSTED).when(refusal(basis=" "), by="sun").then_refused(BASIS_MISSING, field="basis")


def test_a_household_withdraws_before_approval_and_not_after() -> None:
    command = WithdrawFile(
        file_id="1",
        organisation_id=FACTORY,
        person_id="zhang",
        reason=REASON,
        withdrawn_on=date(2024, 3, 1),
    )

    (event,) = files.given(*REVIEWED).when(command).events
    assert isinstance(event, FileWithdrawn)
    files.given(*REVIEWED, event).when(command).then_nothing()
    files.given(*ON_FILE).when(command).then_refused(WRONG_STEP)


@pytest.mark.parametrize(
    ("outcome", "cause"),
    [
        ("exited", "income_above_line"),
        ("relieved", "state_support"),
        *(("closed", cause) for cause in ("died", "moved", "retired", "misidentified", "retracted_by_check")),
        *((outcome, "other") for outcome in get_args(Outcome)),
    ],
)
def test_a_file_on_file_ends_as_exited_relieved_or_closed(outcome: Outcome, cause: ClosingCause) -> None:
    (event,) = files.given(*ON_FILE).when(closing(outcome, cause)).events

    assert isinstance(event, FileClosed)
    state = files.given(*ON_FILE, event).state
    assert state.status == outcome
    assert not state.is_on_file(date(2024, 6, 3))
    files.given(*ON_FILE, event).when(closing(outcome, cause)).then_nothing()


@pytest.mark.parametrize(
    ("outcome", "cause"),
    [("exited", "died"), ("exited", "state_support"), ("relieved", "moved"), ("closed", "income_above_line")],
)
def test_a_file_ends_for_a_cause_of_its_end(outcome: Outcome, cause: ClosingCause) -> None:
    decision = files.given(*ON_FILE).when(closing(outcome, cause))

    decision.then_refused(CAUSE_OF_ANOTHER_END, field="cause")


def test_who_names_a_cause_of_another_end_hears_which_are_possible() -> None:
    decision = files.given(*ON_FILE).when(closing("exited", "died"))

    assert decision.refused is not None
    assert decision.refused.zh == "办结为“脱困”的原因只能是：收入超过标准、其他"


def test_only_a_file_that_is_on_file_is_closed() -> None:
    files.given(*SUBMITTED).when(closing()).then_refused(WRONG_STEP)


def test_every_status_has_a_name_that_an_official_knows() -> None:
    statuses = {"none", "on_file", "revised", "refused", "withdrawn", *STEPS, *get_args(Outcome)}

    assert set(STATUS_ZH) == statuses
    assert all(STATUS_ZH.values())


def test_every_cause_ends_a_file_somehow_and_has_a_name() -> None:
    causes = {cause for causes in CAUSES.values() for cause in causes}

    assert causes == set(CLOSING_CAUSE_ZH) == set(get_args(ClosingCause))
    assert Status is not None
