"""Hardship files: one household, one file, from the draft over review, check and notice to its end."""

from collections.abc import Mapping
from typing import assert_never

from services.assistance.aggregates.file import deciding, examining, noticing, opening
from services.assistance.aggregates.file.commands import (
    ApproveFile,
    CloseFile,
    DecideObjection,
    FileCommand,
    OpenFile,
    PostNotice,
    RecordEconomicCheck,
    RecordHomeVisit,
    RecordObjection,
    RecordPayeeAccount,
    RefuseFile,
    ReopenFile,
    ReturnFile,
    ReviewFile,
    ReviseFile,
    SubmitFile,
    WithdrawFile,
)
from services.assistance.aggregates.file.evolving import FileEvent, evolve
from services.assistance.aggregates.file.refusals import (
    ACCOUNT_OF_ANOTHER_HOUSEHOLD,
    AIDED_IN_ANOTHER_FILE,
    ANOTHER_ORGANISATION,
    APPLICANT_HAS_FILE,
    MEMBER_IN_ANOTHER_FILE,
    OWN_HOUSEHOLD,
    UNKNOWN,
)
from services.assistance.aggregates.file.state import HardshipFile
from shared.rules.context import Context
from shared.rules.decider import Decider, PersonalKey
from shared.rules.refusal import Refusal


def decide(command: FileCommand, file: HardshipFile, context: Context) -> list[FileEvent]:
    """Source: handbook, assistance 1.3 to 1.6 (published union procedure of 2020)."""
    if isinstance(command, OpenFile):
        return opening.open_file(command, file, context)
    if file.status == "none":
        raise UNKNOWN(field="file_id")
    if file.organisation_id != command.organisation_id:
        raise ANOTHER_ORGANISATION(field="organisation_id")
    if file.member(context.actor_id) is not None:
        raise OWN_HOUSEHOLD()
    return take_step(command, file, context)


def take_step(  # noqa: C901 - one branch a command
    command: FileCommand, file: HardshipFile, context: Context
) -> list[FileEvent]:
    match command:
        case OpenFile():
            return opening.open_file(command, file, context)
        case ReviseFile():
            return opening.revise_file(command, file, context)
        case RecordPayeeAccount():
            return opening.record_payee_account(command, file, context)
        case SubmitFile():
            return opening.submit_file(command, file, context)
        case ReviewFile():
            return examining.review_file(command, file, context)
        case RecordHomeVisit():
            return examining.record_home_visit(command, file, context)
        case RecordEconomicCheck():
            return examining.record_economic_check(command, file, context)
        case PostNotice():
            return noticing.post_notice(command, file, context)
        case RecordObjection():
            return noticing.record_objection(command, file, context)
        case DecideObjection():
            return noticing.decide_objection(command, file, context)
        case ApproveFile():
            return deciding.approve_file(command, file, context)
        case ReturnFile():
            return deciding.return_file(command, file, context)
        case RefuseFile():
            return deciding.refuse_file(command, file, context)
        case WithdrawFile():
            return deciding.withdraw_file(command, file, context)
        case CloseFile():
            return deciding.close_file(command, file, context)
        case ReopenFile():
            return opening.reopen_file(command, file, context)
        case _:
            assert_never(command)


def unique_keys(file: HardshipFile) -> Mapping[str, Refusal | PersonalKey]:
    """A worker keeps one file for ever; whoever lives in the household stands in no other open one.

    Whose year aid was counted for has all aid of that year in this file, be it closed: its cap is kept here.
    Source: handbook, assistance 1.3 and 2.1.
    """
    if file.status == "none":
        return {}
    keys: dict[str, Refusal | PersonalKey] = {f"file_applicant/{file.person_id}": APPLICANT_HAS_FILE}
    keys |= {f"aided/{each}": AIDED_IN_ANOTHER_FILE for each in file.aided}
    if file.is_open:
        keys |= {f"household_member/{each.person_id}": MEMBER_IN_ANOTHER_FILE for each in file.members}
        if file.account is not None:
            keys["account_number"] = PersonalKey(file.account.account_number, ACCOUNT_OF_ANOTHER_HOUSEHOLD)
    return keys


hardship_file = Decider(
    "hardship_file", "file_id", FileCommand, FileEvent, HardshipFile(), decide, evolve, unique_keys
)
