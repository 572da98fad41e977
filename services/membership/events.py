"""Every event that membership records."""

from datetime import date
from typing import Literal

from shared.rules.message import message
from shared.rules.personal import Personal, PublicText
from shared.standards.credit_code import CreditCode
from shared.standards.identity_document import BirthDate, OtherDocumentNumber, PassportNumber
from shared.standards.identity_number import IdentityNumber
from shared.standards.mobile import MobileNumber
from shared.standards.person_name import PersonName
from shared.standards.text import Text

Sex = Literal["female", "male"]
DocumentType = Literal[
    "resident_identity_card",
    "hong_kong_macao_residence_permit",
    "taiwan_residence_permit",
    "foreign_permanent_residence",
]
"""Those whose number has the form of GB 11643, and so tells birth date and sex (glossary, 8.1).

Of others (``UncheckedDocumentType``) somebody types both, and somebody else compares them with the document.
"""
UncheckedDocumentType = Literal["passport", "other"]
OrganisationKind = Literal[
    "federation", "basic_union_federation", "basic_union", "joint_basic_union", "organiser", "branch", "group"
]
Level = Literal[1, 2, 3, 4, 5, 6, 7, 8, 9]
OccupationGroup = Literal[
    "truck_driver", "ride_hailing_driver", "courier", "food_delivery_rider", "other_new_employment", "none"
]
EmploymentStatus = Literal[
    "on_post",
    "waiting_for_post",
    "unemployed",
    "retired",
    "sick_leave",
    "internally_retired",
    "migrant_worker",
    "community_post",
    "flexible",
]


@message
class PersonRegistered:
    person_id: str
    document_type: DocumentType
    identity_number: Personal[IdentityNumber]
    name: Personal[PersonName]
    sex: Sex
    birth_year: int


@message
class PersonRegisteredByHand:
    """As their document says, whose number proves nothing; one of the numbers is given, by its type.

    ``organisation_id`` is the organisation that registered them.
    """

    person_id: str
    organisation_id: str
    document_type: UncheckedDocumentType
    passport_number: Personal[PassportNumber] | None
    other_document_number: Personal[OtherDocumentNumber] | None
    name: Personal[PersonName]
    birth_date: Personal[BirthDate]
    sex: Sex
    birth_year: int
    registered_by: str


@message
class DocumentSeen:
    """Somebody else has compared what was registered with the document."""

    person_id: str
    seen_by: str


@message
class OrganisationFounded:
    organisation_id: str
    name: Text
    kind: OrganisationKind
    level: Level
    parent_id: str | None
    credit_code: CreditCode | None
    effective_on: date
    basis: Text


@message
class OrganisationChanged:
    """What has changed; what has not is None. ``basis`` is the document on which it was founded."""

    organisation_id: str
    name: Text | None
    credit_code: CreditCode | None
    basis: Text | None
    effective_on: date


@message
class MemberJoined:
    member_id: str
    person_id: str
    organisation_id: str
    name: Personal[PersonName]
    identity_number: Personal[IdentityNumber]
    mobile: Personal[MobileNumber]
    sex: Sex
    birth_year: int
    age_years: int
    employment_status: EmploymentStatus
    occupation_group: OccupationGroup
    migrant_worker: bool
    consent_version: PublicText
    effective_on: date


@message
class MemberChanged:
    """What has changed; what has not is None."""

    member_id: str
    person_id: str
    organisation_id: str
    name: Personal[PersonName] | None
    mobile: Personal[MobileNumber] | None
    employment_status: EmploymentStatus | None
    occupation_group: OccupationGroup | None
    migrant_worker: bool | None
    consent_version: PublicText | None
    effective_on: date
