"""Opening a hardship file, revising it, and where its money goes."""

from collections.abc import Sequence

from services.assistance.aggregates.file.checks import check_day, check_status
from services.assistance.aggregates.file.commands import (
    OpenFile,
    RecordPayeeAccount,
    ReopenFile,
    ReviseFile,
    SubmitFile,
)
from services.assistance.aggregates.file.evolving import FileEvent
from services.assistance.aggregates.file.refusals import (
    ALREADY_OPENED,
    APPLICANT_CHANGES,
    APPLICANT_MISSING,
    HOLDER_NOT_OF_HOUSEHOLD,
    MEMBER_TWICE,
    OWN_HOUSEHOLD,
    PROOFS_MISSING,
)
from services.assistance.aggregates.file.state import STEPS, HardshipFile, opening_of
from services.assistance.events.file import (
    FileOpened,
    FileReopened,
    FileRevised,
    FileSubmitted,
    HardshipCause,
    HouseholdMember,
    PayeeAccountRecorded,
    Proof,
)
from shared.rules.context import Context

PROOFS_ZH: dict[Proof, str] = {
    "application_form": "申请表",
    "identity_documents": "身份证件",
    "household_book": "户口簿",
    "income_proof": "收入证明",
    "diagnosis": "诊断证明",
    "disability_certificate": "残疾证",
    "school_certificate": "就学证明",
}
ALWAYS_NEEDED: tuple[Proof, ...] = (
    "application_form",
    "identity_documents",
    "household_book",
    "income_proof",
)
NEEDED_FOR: dict[HardshipCause, Proof] = {
    "own_illness": "diagnosis",
    "family_illness": "diagnosis",
    "work_injury": "diagnosis",
    "disability": "disability_certificate",
    "schooling": "school_certificate",
}


def open_file(command: OpenFile, file: HardshipFile, context: Context) -> list[FileEvent]:
    """Source: handbook, assistance 1.3: one household, one file, built under one worker."""
    opened = FileOpened(
        file_id=command.file_id,
        organisation_id=command.organisation_id,
        person_id=command.person_id,
        applicant_sex=command.applicant_sex,
        members=command.members,
        single_parent=command.single_parent,
        migrant_worker=command.migrant_worker,
        hardship_cause=command.hardship_cause,
        further_causes=command.further_causes,
        diagnosis=command.diagnosis,
        caseworker_id=context.actor_id,
        effective_on=command.opened_on,
    )
    if file.opening is not None:
        if file.opening == opening_of(opened):
            return []
        raise ALREADY_OPENED(field="file_id")
    check_members(command.person_id, command.members)
    if any(each.person_id == context.actor_id for each in command.members):
        raise OWN_HOUSEHOLD(field="members")
    return [opened]


def check_members(applicant_id: str, members: Sequence[HouseholdMember]) -> None:
    """Raises the refusal that the composition of a household calls for, if any."""
    persons = [each.person_id for each in members]
    if len(set(persons)) < len(persons):
        raise MEMBER_TWICE(field="members")
    if [each.person_id for each in members if each.relation == "self"] != [applicant_id]:
        raise APPLICANT_MISSING(field="members")


def revise_file(command: ReviseFile, file: HardshipFile, context: Context) -> list[FileEvent]:
    """A draft is changed freely; on file it is completed. Between the two it is returned first.

    Nobody alone makes a household another one: class and aid hang on who lives in it, on the children's
    schools and on single parenthood. Source: handbook, assistance 1.4, 1.6 and 6.
    """
    check_status(file, "draft", "on_file", "revised")
    check_day(file, command.revised_on, "revised_on")
    if command.person_id != file.person_id:
        raise APPLICANT_CHANGES(field="person_id")
    check_members(command.person_id, command.members)
    if any(each.person_id == context.actor_id for each in command.members):
        raise OWN_HOUSEHOLD(field="members")
    before = {(each.person_id, each.relation, each.education_stage) for each in file.members}
    now = {(each.person_id, each.relation, each.education_stage) for each in command.members}
    another = (now, command.single_parent) != (before, file.single_parent)
    return [
        FileRevised(
            file_id=command.file_id,
            organisation_id=command.organisation_id,
            person_id=command.person_id,
            members=command.members,
            single_parent=command.single_parent,
            migrant_worker=command.migrant_worker,
            hardship_cause=command.hardship_cause,
            further_causes=command.further_causes,
            diagnosis=command.diagnosis,
            to_be_confirmed=file.status == "revised" or (file.status == "on_file" and another),
            caseworker_id=context.actor_id,
            effective_on=command.revised_on,
        )
    ]


def record_payee_account(
    command: RecordPayeeAccount, file: HardshipFile, context: Context
) -> list[FileEvent]:
    """Nobody can see whether an account is the old one, so each recording makes a new version."""
    check_status(file, *STEPS, "on_file", "revised")
    if file.member(command.person_id) is None:
        raise HOLDER_NOT_OF_HOUSEHOLD(field="person_id")
    return [
        PayeeAccountRecorded(
            file_id=command.file_id,
            organisation_id=command.organisation_id,
            person_id=command.person_id,
            account_number=command.account_number,
            holder_name=command.holder_name,
            version=file.accounts + 1,
            caseworker_id=context.actor_id,
            effective_on=command.recorded_on,
        )
    ]


def submit_file(command: SubmitFile, file: HardshipFile, context: Context) -> list[FileEvent]:
    """Source: handbook, assistance 1.4: proofs complete; a draft may be incomplete."""
    submitted = FileSubmitted(
        file_id=command.file_id,
        organisation_id=command.organisation_id,
        proofs=command.proofs,
        caseworker_id=context.actor_id,
        effective_on=command.submitted_on,
    )
    if file.status == "submitted" and file.submission == submitted:
        return []
    check_status(file, "draft")
    check_day(file, command.submitted_on, "submitted_on")
    needed = list(ALWAYS_NEEDED)
    if (special := NEEDED_FOR.get(file.hardship_cause)) is not None:
        needed.append(special)
    if missing := [each for each in needed if each not in command.proofs]:
        raise PROOFS_MISSING(
            field="proofs",
            missing=", ".join(missing),
            missing_zh="、".join(PROOFS_ZH[each] for each in missing),
        )
    return [submitted]


def reopen_file(command: ReopenFile, file: HardshipFile, context: Context) -> list[FileEvent]:
    """Source: handbook, assistance 1.6: who returns needs no new file, but goes through the steps again."""
    if file.status == "draft":
        return []
    check_status(file, "exited", "relieved", "closed", "refused", "withdrawn")
    check_day(file, command.reopened_on, "reopened_on")
    return [
        FileReopened(
            file_id=command.file_id,
            organisation_id=command.organisation_id,
            person_id=file.person_id,
            caseworker_id=context.actor_id,
            effective_on=command.reopened_on,
        )
    ]
