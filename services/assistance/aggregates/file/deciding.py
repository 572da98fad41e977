"""Deciding on a hardship file: approval, return, refusal, withdrawal, and its end."""

from collections.abc import Mapping

from services.assistance.aggregates.file.checks import check_day, check_status
from services.assistance.aggregates.file.classifying import classify
from services.assistance.aggregates.file.commands import (
    ApproveFile,
    CloseFile,
    RefuseFile,
    ReturnFile,
    WithdrawFile,
)
from services.assistance.aggregates.file.evolving import FileEvent
from services.assistance.aggregates.file.refusals import (
    APPLICANT_CHANGES,
    APPROVER_TOOK_PART,
    BASIS_MISSING,
    CAUSE_OF_ANOTHER_END,
    NOT_EARLIER,
    NOTICE_RUNS,
    OBJECTION_OPEN,
)
from services.assistance.aggregates.file.state import CLOSING_CAUSE_ZH, STATUS_ZH, STEPS, HardshipFile
from services.assistance.events.file import (
    ClosingCause,
    FileApproved,
    FileClosed,
    FileRefused,
    FileReturned,
    FileWithdrawn,
    Outcome,
)
from shared.rules.context import Context

CAUSES: Mapping[Outcome, tuple[ClosingCause, ...]] = {
    "exited": ("income_above_line", "other"),
    "relieved": ("state_support", "other"),
    "closed": ("died", "moved", "retired", "misidentified", "retracted_by_check", "other"),
}
"""Why a file ends as it does. Source: handbook, assistance 1.6."""


def approve_file(command: ApproveFile, file: HardshipFile, context: Context) -> list[FileEvent]:
    """Source: handbook, assistance 1.1, 1.4 and 6."""
    if file.status == "on_file" and file.approver_id == context.actor_id:
        return []
    check_status(file, "public_notice")
    check_day(file, command.approved_on, "approved_on")
    if context.actor_id in file.caseworkers | file.reviewers:
        raise APPROVER_TOOK_PART()
    if file.notice_last_on is not None and command.approved_on <= file.notice_last_on:
        raise NOTICE_RUNS(field="approved_on", last_on=file.notice_last_on)
    if file.open_objections:
        raise OBJECTION_OPEN(field="file_id")
    classified = classify(file.findings, command.approved_on, context)
    return [
        FileApproved(
            file_id=command.file_id,
            organisation_id=command.organisation_id,
            person_id=file.person_id,
            hardship_class=classified.classes[0],
            classes=classified.classes,
            migrant_worker=file.migrant_worker,
            hardship_cause=file.hardship_cause,
            net_per_head_fen=classified.net_per_head_fen,
            minimum_living_standard_fen=classified.minimum_living_standard_fen,
            approver_id=context.actor_id,
            effective_on=command.approved_on,
        )
    ]


def return_file(command: ReturnFile, file: HardshipFile, context: Context) -> list[FileEvent]:
    """Source: handbook, assistance 1.4: returned with a reason to any earlier step."""
    check_status(file, *STEPS[1:], "revised")
    check_day(file, command.returned_on, "returned_on")
    _check_applicant(file, command.person_id)
    if command.step in STEPS[[*STEPS, "revised"].index(file.status) :]:
        raise NOT_EARLIER(field="step")
    return [
        FileReturned(
            file_id=command.file_id,
            organisation_id=command.organisation_id,
            person_id=command.person_id,
            step=command.step,
            reason=command.reason,
            returned_by=context.actor_id,
            effective_on=command.returned_on,
        )
    ]


def refuse_file(command: RefuseFile, file: HardshipFile, context: Context) -> list[FileEvent]:
    """Source: handbook, assistance 1.4: refused with reason and basis."""
    if file.status == "refused":
        return []
    check_status(file, *STEPS[1:])
    check_day(file, command.refused_on, "refused_on")
    _check_applicant(file, command.person_id)
    if not command.basis.strip():
        raise BASIS_MISSING(field="basis")
    return [
        FileRefused(
            file_id=command.file_id,
            organisation_id=command.organisation_id,
            person_id=command.person_id,
            reason=command.reason,
            basis=command.basis,
            refused_by=context.actor_id,
            effective_on=command.refused_on,
        )
    ]


def withdraw_file(command: WithdrawFile, file: HardshipFile, context: Context) -> list[FileEvent]:
    if file.status == "withdrawn":
        return []
    check_status(file, *STEPS)
    check_day(file, command.withdrawn_on, "withdrawn_on")
    _check_applicant(file, command.person_id)
    return [
        FileWithdrawn(
            file_id=command.file_id,
            organisation_id=command.organisation_id,
            person_id=command.person_id,
            reason=command.reason,
            effective_on=command.withdrawn_on,
        )
    ]


def close_file(command: CloseFile, file: HardshipFile, context: Context) -> list[FileEvent]:
    """Source: handbook, assistance 1.6. Grants that are not paid yet stay for a person to decide."""
    if file.status == command.outcome:
        return []
    check_status(file, "on_file", "revised")
    check_day(file, command.closed_on, "closed_on")
    if command.cause not in (causes := CAUSES[command.outcome]):
        raise CAUSE_OF_ANOTHER_END(
            field="cause",
            outcome=command.outcome,
            outcome_zh=STATUS_ZH[command.outcome],
            causes=", ".join(causes),
            causes_zh="、".join(CLOSING_CAUSE_ZH[each] for each in causes),
        )
    return [
        FileClosed(
            file_id=command.file_id,
            organisation_id=command.organisation_id,
            person_id=file.person_id,
            outcome=command.outcome,
            cause=command.cause,
            hardship_cause=file.hardship_cause,
            effective_on=command.closed_on,
        )
    ]


def _check_applicant(file: HardshipFile, person_id: str) -> None:
    if person_id != file.person_id:
        raise APPLICANT_CHANGES(field="person_id")
