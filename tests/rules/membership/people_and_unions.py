"""The people and unions of membership's tests: a district, a factory's union in it, and Zhang Xiaoming."""

from datetime import date
from typing import Any

from services.membership.events import (
    MemberChanged,
    MemberJoined,
    OrganisationChanged,
    OrganisationFounded,
    OrganisationKind,
    PersonRegistered,
    PersonRegisteredByHand,
)
from shared.rules.personal import Personal
from shared.standards.identity_document import BirthDate, OtherDocumentNumber, PassportNumber
from shared.standards.identity_number import IdentityNumber
from shared.standards.mobile import MobileNumber
from shared.standards.person_name import PersonName

DISTRICT_FOUNDED_ON = date(2000, 1, 1)
FACTORY_FOUNDED_ON = date(2001, 5, 1)
NUMBER = "11010519491231002X"
NAME = "张小明"
MOBILE = "19900000001"


def organisation_founded(organisation_id: str, **changes: Any) -> OrganisationFounded:
    fields: dict[str, Any] = {
        "name": organisation_id,
        "kind": "federation",
        "level": 4,
        "parent_id": None,
        "credit_code": None,
        "effective_on": DISTRICT_FOUNDED_ON,
        "basis": "批复1号",
    }
    return OrganisationFounded(organisation_id=organisation_id, **fields | changes)


def organisation_changed(organisation_id: str, **changes: Any) -> OrganisationChanged:
    fields: dict[str, Any] = {
        "name": None,
        "credit_code": None,
        "basis": None,
        "effective_on": date(2021, 1, 1),
    }
    return OrganisationChanged(organisation_id=organisation_id, **fields | changes)


DISTRICT = organisation_founded("district")
FACTORY = organisation_founded(
    "factory", kind="basic_union", level=7, parent_id="district", effective_on=FACTORY_FOUNDED_ON
)


def of_kind(kind: OrganisationKind) -> OrganisationFounded:
    return organisation_founded("factory", kind=kind, level=7, effective_on=FACTORY_FOUNDED_ON)


def person_registered(person_id: str, **changes: Any) -> PersonRegistered:
    fields: dict[str, Any] = {
        "document_type": "resident_identity_card",
        "identity_number": Personal(IdentityNumber(NUMBER)),
        "name": Personal(PersonName(NAME)),
        "sex": "female",
        "birth_year": 1949,
    }
    return PersonRegistered(person_id=person_id, **fields | changes)


def member_joined(member_id: str, **changes: Any) -> MemberJoined:
    fields: dict[str, Any] = {
        "person_id": "zhang",
        "organisation_id": "factory",
        "name": Personal(PersonName(NAME)),
        "identity_number": Personal(IdentityNumber(NUMBER)),
        "mobile": Personal(MobileNumber(MOBILE)),
        "sex": "female",
        "birth_year": 1949,
        "age_years": 30,
        "employment_status": "on_post",
        "occupation_group": "none",
        "migrant_worker": False,
        "consent_version": "1",
        "effective_on": date(2020, 1, 1),
    }
    return MemberJoined(member_id=member_id, **fields | changes)


def member_changed(member_id: str, **changes: Any) -> MemberChanged:
    fields: dict[str, Any] = {
        "person_id": "zhang",
        "organisation_id": "factory",
        "name": None,
        "mobile": None,
        "employment_status": None,
        "occupation_group": None,
        "migrant_worker": None,
        "consent_version": None,
        "effective_on": date(2021, 1, 1),
    }
    return MemberChanged(member_id=member_id, **fields | changes)


PASSPORT = Personal(PassportNumber("E12345678"))
OTHER = Personal(OtherDocumentNumber("E12345678"))
TYPED_BY_HAND: dict[str, Any] = {
    "organisation_id": "factory",
    "name": Personal(PersonName("Anna Schmidt")),
    "birth_date": Personal(BirthDate("1990-01-31")),
    "sex": "female",
    "birth_year": 1990,
}


def person_registered_by_hand(person_id: str = "anna", **changes: Any) -> PersonRegisteredByHand:
    fields: dict[str, Any] = {
        "document_type": "passport",
        "passport_number": PASSPORT,
        "other_document_number": None,
        "registered_by": "wang",
    }
    return PersonRegisteredByHand(person_id=person_id, **TYPED_BY_HAND | fields | changes)
