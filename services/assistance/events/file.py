"""The events of hardship files, from the draft to the end, and the code lists that they use."""

from datetime import date
from typing import Literal

from shared.rules.message import message
from shared.rules.personal import Personal, PublicText
from shared.standards.bank_card import BankCardNumber
from shared.standards.person_name import PersonName

Sex = Literal["female", "male"]
Relation = Literal["self", "spouse", "son", "daughter", "parent", "grandparent", "sibling", "other"]
EducationStage = Literal[
    "preschool",
    "primary",
    "junior_secondary",
    "senior_secondary",
    "vocational_secondary",
    "college",
    "bachelor",
    "postgraduate",
]
HardshipClass = Literal["deep", "relative", "accidental"]
HardshipCause = Literal[
    "own_illness",
    "family_illness",
    "disability",
    "schooling",
    "unemployment",
    "low_income",
    "disaster",
    "accident",
    "work_injury",
    "zero_employment_household",
    "single_parent",
    "other",
]
Proof = Literal[
    "application_form",
    "identity_documents",
    "household_book",
    "income_proof",
    "unit_certificate",
    "diagnosis",
    "medical_bills",
    "school_certificate",
    "disability_certificate",
    "other",
]
Step = Literal["draft", "submitted", "first_review", "home_visit", "economic_check", "public_notice"]
Outcome = Literal["exited", "relieved", "closed"]
ClosingCause = Literal[
    "income_above_line",
    "state_support",
    "died",
    "moved",
    "retired",
    "misidentified",
    "retracted_by_check",
    "other",
]
NoticeMedium = Literal["notice_board", "website", "workplace", "other"]
AidKind = Literal["living_aid", "student_aid"]


@message
class HouseholdMember:
    """Somebody of the household; the applicant is one of them, with the relation ``self``."""

    person_id: str
    name: Personal[PersonName]
    relation: Relation
    education_stage: EducationStage | None = None


@message
class FileOpened:
    """``person_id`` is the applicant, whose key seals the diagnosis; the cause code is clear."""

    file_id: str
    organisation_id: str
    person_id: str
    applicant_sex: Sex
    members: tuple[HouseholdMember, ...]
    single_parent: bool
    migrant_worker: bool
    hardship_cause: HardshipCause
    further_causes: tuple[HardshipCause, ...]
    diagnosis: Personal[str] | None
    caseworker_id: str
    effective_on: date


@message
class FileRevised:
    """Counted apart from files that are added (完善, not 新增).

    Args:
        to_be_confirmed: the household of a file on file is another now; it is aided when somebody else has
            confirmed that.
    """

    file_id: str
    organisation_id: str
    person_id: str
    members: tuple[HouseholdMember, ...]
    single_parent: bool
    migrant_worker: bool
    hardship_cause: HardshipCause
    further_causes: tuple[HardshipCause, ...]
    diagnosis: Personal[str] | None
    to_be_confirmed: bool
    caseworker_id: str
    effective_on: date


@message
class RevisionConfirmed:
    """A second person found the changed household of a file on file to be true."""

    file_id: str
    organisation_id: str
    reviewer_id: str
    effective_on: date


@message
class PayeeAccountRecorded:
    """``person_id`` is the holder; ``version`` counts a file's accounts from 1."""

    file_id: str
    organisation_id: str
    person_id: str
    account_number: Personal[BankCardNumber]
    holder_name: Personal[PersonName]
    version: int
    caseworker_id: str
    effective_on: date


@message
class FileSubmitted:
    file_id: str
    organisation_id: str
    proofs: tuple[Proof, ...]
    caseworker_id: str
    effective_on: date


@message
class FileReviewed:
    """The first review, by the basic union."""

    file_id: str
    organisation_id: str
    reviewer_id: str
    effective_on: date


@message
class HomeVisited:
    """At the visit the applicant signs the authorisation of the check, and the consent to the notice."""

    file_id: str
    organisation_id: str
    visitor_ids: tuple[str, ...]
    authorised_until: date
    effective_on: date


@message
class EconomicFindings:
    """What civil affairs found; a year's money in fen. None: unknown.

    ``hardship_cost_fen`` is the year's cost of a sudden event, injury or serious illness;
    ``hurt_on_duty``: disabled or died on duty in a disaster, accident, epidemic or security event.
    """

    household_size: int
    annual_disposable_income_fen: int | None
    rigid_expenditure_fen: int
    hardship_cost_fen: int = 0
    hurt_on_duty: bool = False


@message
class EconomicChecked:
    file_id: str
    organisation_id: str
    findings: EconomicFindings
    document_no: PublicText
    caseworker_id: str
    effective_on: date


@message
class NoticePosted:
    """``last_on``: the period ends at 24:00 of that day, the nth working day after the posting."""

    file_id: str
    organisation_id: str
    medium: NoticeMedium
    place: PublicText
    working_days: int
    last_on: date
    effective_on: date


@message
class ObjectionReceived:
    """What is objected is sealed with the applicant's key."""

    file_id: str
    organisation_id: str
    objection_id: str
    person_id: str
    content: Personal[str]
    effective_on: date


@message
class ObjectionDecided:
    """An upheld one sends the file back to the first review."""

    file_id: str
    organisation_id: str
    objection_id: str
    person_id: str
    upheld: bool
    reason: Personal[str]
    decided_by: str
    effective_on: date


@message
class FileApproved:
    """Says the class shown, all classes that hold, and what they were computed from."""

    file_id: str
    organisation_id: str
    person_id: str
    hardship_class: HardshipClass
    classes: tuple[HardshipClass, ...]
    migrant_worker: bool
    hardship_cause: HardshipCause
    net_per_head_fen: int
    minimum_living_standard_fen: int
    approver_id: str
    effective_on: date


@message
class FileReturned:
    """Sent back to an earlier step, with a sealed reason."""

    file_id: str
    organisation_id: str
    person_id: str
    step: Step
    reason: Personal[str]
    returned_by: str
    effective_on: date


@message
class FileRefused:
    """``basis`` is document and clause."""

    file_id: str
    organisation_id: str
    person_id: str
    reason: Personal[str]
    basis: PublicText
    refused_by: str
    effective_on: date


@message
class FileWithdrawn:
    file_id: str
    organisation_id: str
    person_id: str
    reason: Personal[str]
    effective_on: date


@message
class FileClosed:
    """The end of a file that was on file: exited (脱困), relieved (解困) or closed (退档)."""

    file_id: str
    organisation_id: str
    person_id: str
    outcome: Outcome
    cause: ClosingCause
    hardship_cause: HardshipCause
    effective_on: date


@message
class FileReopened:
    """A household that comes back keeps its file; it goes through the steps and tells its account anew."""

    file_id: str
    organisation_id: str
    person_id: str
    caseworker_id: str
    effective_on: date


@message
class HouseholdAided:
    """Counts towards a cap from the proposal on.

    Args:
        counted_for: the persons in whose year it counts: the whole household, of student aid the student.
        year: the calendar year of living aid, of student aid the year in which the school year begins.
    """

    file_id: str
    grant_id: str
    person_id: str
    counted_for: tuple[str, ...]
    kind: AidKind
    year: int
    amount_fen: int
    effective_on: date


@message
class HouseholdAidReleased:
    """The grant was refused or withdrawn: it no longer counts towards the cap."""

    file_id: str
    grant_id: str
    person_id: str
    counted_for: tuple[str, ...]
    kind: AidKind
    year: int
    amount_fen: int
    effective_on: date
