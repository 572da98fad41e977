"""What each event makes of a hardship file."""

from dataclasses import replace
from typing import assert_never

from services.assistance.aggregates.file.state import (
    HardshipFile,
    PayeeAccount,
    Status,
    aid_key,
    members_of,
    opening_of,
)
from services.assistance.events.file import (
    EconomicChecked,
    FileApproved,
    FileClosed,
    FileOpened,
    FileRefused,
    FileReopened,
    FileReturned,
    FileReviewed,
    FileRevised,
    FileSubmitted,
    FileWithdrawn,
    HomeVisited,
    HouseholdAided,
    HouseholdAidReleased,
    NoticePosted,
    ObjectionDecided,
    ObjectionReceived,
    PayeeAccountRecorded,
    RevisionConfirmed,
)

AidEvent = HouseholdAided | HouseholdAidReleased
EndEvent = FileRefused | FileWithdrawn | FileClosed | FileReopened | FileReturned
ParticularsEvent = FileOpened | FileRevised | PayeeAccountRecorded
StepEvent = (
    FileSubmitted
    | FileReviewed
    | RevisionConfirmed
    | HomeVisited
    | EconomicChecked
    | NoticePosted
    | ObjectionReceived
    | ObjectionDecided
    | FileApproved
)
FileEvent = ParticularsEvent | StepEvent | EndEvent | AidEvent


def evolve(file: HardshipFile, event: FileEvent) -> HardshipFile:
    version = file.version + 1
    match event:
        case FileOpened() | FileRevised() | PayeeAccountRecorded():
            return _told(file, event, version)
        case HouseholdAided() | HouseholdAidReleased():
            return _aided(file, event, version)
    stepped = replace(file, last_step_on=event.effective_on, version=version, changed_at=version)
    match event:
        case FileRefused() | FileWithdrawn() | FileClosed() | FileReopened() | FileReturned():
            return _ended(stepped, event)
        case _:
            return _stepped(stepped, event)


def _told(file: HardshipFile, event: ParticularsEvent, version: int) -> HardshipFile:
    caseworkers = file.caseworkers | {event.caseworker_id}
    match event:
        case FileOpened():
            return HardshipFile(
                status="draft",
                opening=opening_of(event),
                organisation_id=event.organisation_id,
                person_id=event.person_id,
                applicant_sex=event.applicant_sex,
                members=members_of(event.members),
                single_parent=event.single_parent,
                migrant_worker=event.migrant_worker,
                hardship_cause=event.hardship_cause,
                caseworkers=caseworkers,
                last_step_on=event.effective_on,
                version=version,
                changed_at=version,
            )
        case FileRevised():
            return replace(
                file,
                status="revised" if event.to_be_confirmed else file.status,
                members=members_of(event.members),
                single_parent=event.single_parent,
                migrant_worker=event.migrant_worker,
                hardship_cause=event.hardship_cause,
                caseworkers=caseworkers,
                last_step_on=event.effective_on,
                version=version,
                changed_at=version,
            )
        case PayeeAccountRecorded():
            account = PayeeAccount(
                person_id=event.person_id,
                account_number=event.account_number,
                holder_name=event.holder_name,
                version=event.version,
            )
            return replace(
                file,
                account=account,
                accounts=event.version,
                caseworkers=caseworkers,
                version=version,
                changed_at=version,
            )
        case _:
            assert_never(event)


def _stepped(file: HardshipFile, event: StepEvent) -> HardshipFile:
    match event:
        case FileSubmitted():
            caseworkers = file.caseworkers | {event.caseworker_id}
            return replace(file, status="submitted", submission=event, caseworkers=caseworkers)
        case FileReviewed():
            return _reviewed(file, "first_review", event.reviewer_id)
        case RevisionConfirmed():
            return _reviewed(file, "on_file", event.reviewer_id)
        case HomeVisited():
            return replace(file, status="home_visit", authorised_until=event.authorised_until)
        case EconomicChecked():
            return replace(
                file,
                status="economic_check",
                findings=event.findings,
                caseworkers=file.caseworkers | {event.caseworker_id},
            )
        case NoticePosted():
            return replace(file, status="public_notice", notice_last_on=event.last_on)
        case ObjectionReceived():
            return replace(file, open_objections=file.open_objections | {event.objection_id})
        case ObjectionDecided():
            left = file.open_objections - {event.objection_id}
            return replace(file, open_objections=left, status="submitted" if event.upheld else file.status)
        case FileApproved():
            return replace(
                file,
                status="on_file",
                approver_id=event.approver_id,
                hardship_class=event.hardship_class,
                approved_on=event.effective_on,
            )
        case _:
            assert_never(event)


def _reviewed(file: HardshipFile, status: Status, reviewer_id: str) -> HardshipFile:
    return replace(file, status=status, reviewers=file.reviewers | {reviewer_id}, reviewer_id=reviewer_id)


def _ended(file: HardshipFile, event: EndEvent) -> HardshipFile:
    match event:
        case FileRefused():
            return replace(file, status="refused")
        case FileWithdrawn():
            return replace(file, status="withdrawn")
        case FileClosed():
            return replace(file, status=event.outcome)
        case FileReopened():
            caseworkers = file.caseworkers | {event.caseworker_id}
            return replace(file, status="draft", account=None, caseworkers=caseworkers)
        case FileReturned():
            return replace(file, status=event.step)
        case _:
            assert_never(event)


def _aided(file: HardshipFile, event: AidEvent, version: int) -> HardshipFile:
    aided = dict(file.aided)
    for person_id in event.counted_for:
        key = aid_key(event.kind, person_id, event.year)
        if isinstance(event, HouseholdAided):
            aided[key] = aided.get(key, 0) + event.amount_fen
        elif (left_fen := aided.pop(key, 0) - event.amount_fen) > 0:
            aided[key] = left_fen
    return replace(file, aided=aided, version=version)
