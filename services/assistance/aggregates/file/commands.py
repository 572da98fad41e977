"""The commands of a hardship file, in the order of its steps; each names the organisation that keeps it."""

from datetime import date

from services.assistance.events.file import (
    ClosingCause,
    EconomicFindings,
    HardshipCause,
    HouseholdMember,
    NoticeMedium,
    Outcome,
    Proof,
    Sex,
    Step,
)
from shared.rules.message import message
from shared.rules.personal import Personal, PublicText
from shared.standards.bank_card import BankCardNumber
from shared.standards.person_name import PersonName


@message
class OpenFile:
    """A draft for one household; the applicant (``person_id``) is among the members, as ``self``."""

    file_id: str
    organisation_id: str
    person_id: str
    applicant_sex: Sex
    members: tuple[HouseholdMember, ...]
    single_parent: bool
    migrant_worker: bool
    hardship_cause: HardshipCause
    opened_on: date
    further_causes: tuple[HardshipCause, ...] = ()
    diagnosis: Personal[str] | None = None


@message
class ReviseFile:
    """Changes a draft, or completes a file that is on file; it says all particulars anew.

    A file on file whose household is another now waits for its review.
    """

    file_id: str
    organisation_id: str
    person_id: str
    members: tuple[HouseholdMember, ...]
    single_parent: bool
    migrant_worker: bool
    hardship_cause: HardshipCause
    revised_on: date
    further_causes: tuple[HardshipCause, ...] = ()
    diagnosis: Personal[str] | None = None


@message
class RecordPayeeAccount:
    """``person_id`` is the holder, one of the household."""

    file_id: str
    organisation_id: str
    person_id: str
    account_number: Personal[BankCardNumber]
    holder_name: Personal[PersonName]
    recorded_on: date


@message
class SubmitFile:
    file_id: str
    organisation_id: str
    proofs: tuple[Proof, ...]
    submitted_on: date


@message
class ReviewFile:
    """The first review of a file, or that of a changed household."""

    file_id: str
    organisation_id: str
    reviewed_on: date


@message
class RecordHomeVisit:
    file_id: str
    organisation_id: str
    visitor_ids: tuple[str, ...]
    authorisation_signed: bool
    notice_consented: bool
    authorised_until: date
    visited_on: date


@message
class RecordEconomicCheck:
    """Typed in from the answer of civil affairs; typing it again corrects it."""

    file_id: str
    organisation_id: str
    findings: EconomicFindings
    document_no: PublicText
    checked_on: date


@message
class PostNotice:
    """Posting again begins the period anew."""

    file_id: str
    organisation_id: str
    medium: NoticeMedium
    place: PublicText
    posted_on: date


@message
class RecordObjection:
    """``person_id`` is the applicant, whose key seals what is objected."""

    file_id: str
    organisation_id: str
    objection_id: str
    person_id: str
    content: Personal[str]
    received_on: date


@message
class DecideObjection:
    file_id: str
    organisation_id: str
    objection_id: str
    person_id: str
    upheld: bool
    reason: Personal[str]
    decided_on: date


@message
class ApproveFile:
    file_id: str
    organisation_id: str
    approved_on: date


@message
class ReturnFile:
    file_id: str
    organisation_id: str
    person_id: str
    step: Step
    reason: Personal[str]
    returned_on: date


@message
class RefuseFile:
    file_id: str
    organisation_id: str
    person_id: str
    reason: Personal[str]
    basis: PublicText
    refused_on: date


@message
class WithdrawFile:
    file_id: str
    organisation_id: str
    person_id: str
    reason: Personal[str]
    withdrawn_on: date


@message
class CloseFile:
    file_id: str
    organisation_id: str
    outcome: Outcome
    cause: ClosingCause
    closed_on: date


@message
class ReopenFile:
    file_id: str
    organisation_id: str
    reopened_on: date


FileCommand = (
    OpenFile
    | ReviseFile
    | RecordPayeeAccount
    | SubmitFile
    | ReviewFile
    | RecordHomeVisit
    | RecordEconomicCheck
    | PostNotice
    | RecordObjection
    | DecideObjection
    | ApproveFile
    | ReturnFile
    | RefuseFile
    | WithdrawFile
    | CloseFile
    | ReopenFile
)
