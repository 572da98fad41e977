"""The household of assistance's tests: Zhang Xiaoming with a wife and a son at junior school, and their file.

Caseworker Wang, reviewer Zhao, approver Sun; the notice runs over the Spring Festival of 2024.
"""

from datetime import date
from typing import Any

from services.assistance.events.file import (
    EconomicChecked,
    EconomicFindings,
    FileApproved,
    FileOpened,
    FileReviewed,
    FileRevised,
    FileSubmitted,
    HomeVisited,
    HouseholdMember,
    NoticePosted,
    PayeeAccountRecorded,
)
from shared.rules.personal import Personal
from shared.standards.bank_card import BankCardNumber
from shared.standards.person_name import PersonName

FACTORY = "factory"
OPENED_ON = date(2024, 1, 8)
POSTED_ON = date(2024, 2, 8)
NOTICE_LAST_ON = date(2024, 2, 21)
APPROVED_ON = date(2024, 2, 22)
ACCOUNT = "6200000000000005"
OTHER_ACCOUNT = "6200000000000000018"


def member_of(person_id: str, relation: Any, **changes: Any) -> HouseholdMember:
    return HouseholdMember(
        person_id=person_id, name=Personal(PersonName("张小明")), relation=relation, **changes
    )


ZHANG = member_of("zhang", "self")
WIFE = member_of("wife", "spouse")
SON = member_of("son", "son", education_stage="junior_secondary")


def file_opened(file_id: str = "1", **changes: Any) -> FileOpened:
    fields: dict[str, Any] = {
        "organisation_id": FACTORY,
        "person_id": "zhang",
        "applicant_sex": "male",
        "members": (ZHANG, WIFE, SON),
        "single_parent": False,
        "migrant_worker": False,
        "hardship_cause": "own_illness",
        "further_causes": (),
        "diagnosis": Personal("终末期肾病"),
        "caseworker_id": "wang",
        "effective_on": OPENED_ON,
    }
    return FileOpened(file_id=file_id, **fields | changes)


def file_revised(file_id: str = "1", **changes: Any) -> FileRevised:
    """The file says the same as when it was opened."""
    fields: dict[str, Any] = {
        "organisation_id": FACTORY,
        "person_id": "zhang",
        "members": (ZHANG, WIFE, SON),
        "single_parent": False,
        "migrant_worker": False,
        "hardship_cause": "own_illness",
        "further_causes": (),
        "diagnosis": None,
        "to_be_confirmed": False,
        "caseworker_id": "wang",
        "effective_on": date(2024, 9, 2),
    }
    return FileRevised(file_id=file_id, **fields | changes)


def account_recorded(file_id: str = "1", **changes: Any) -> PayeeAccountRecorded:
    fields: dict[str, Any] = {
        "organisation_id": FACTORY,
        "person_id": "zhang",
        "account_number": Personal(BankCardNumber(ACCOUNT)),
        "holder_name": Personal(PersonName("张小明")),
        "version": 1,
        "caseworker_id": "wang",
        "effective_on": OPENED_ON,
    }
    return PayeeAccountRecorded(file_id=file_id, **fields | changes)


def file_submitted(file_id: str = "1", **changes: Any) -> FileSubmitted:
    fields: dict[str, Any] = {
        "organisation_id": FACTORY,
        "proofs": (
            "application_form",
            "identity_documents",
            "household_book",
            "income_proof",
            "diagnosis",
        ),
        "caseworker_id": "wang",
        "effective_on": date(2024, 1, 10),
    }
    return FileSubmitted(file_id=file_id, **fields | changes)


def file_reviewed(file_id: str = "1", **changes: Any) -> FileReviewed:
    fields: dict[str, Any] = {
        "organisation_id": FACTORY,
        "reviewer_id": "zhao",
        "effective_on": date(2024, 1, 12),
    }
    return FileReviewed(file_id=file_id, **fields | changes)


def home_visited(file_id: str = "1", **changes: Any) -> HomeVisited:
    fields: dict[str, Any] = {
        "organisation_id": FACTORY,
        "visitor_ids": ("wang", "zhou"),
        "authorised_until": date(2024, 12, 31),
        "effective_on": date(2024, 1, 16),
    }
    return HomeVisited(file_id=file_id, **fields | changes)


def findings(**changes: Any) -> EconomicFindings:
    """Three people with 12,000 yuan a head and year left, that is 1,000 a month, under 1,450."""
    fields: dict[str, Any] = {
        "household_size": 3,
        "annual_disposable_income_fen": 6_000_000,
        "rigid_expenditure_fen": 2_400_000,
    }
    return EconomicFindings(**fields | changes)


def economic_checked(file_id: str = "1", **changes: Any) -> EconomicChecked:
    fields: dict[str, Any] = {
        "organisation_id": FACTORY,
        "findings": findings(),
        "document_no": "核对〔2024〕12号",
        "caseworker_id": "wang",
        "effective_on": date(2024, 2, 5),
    }
    return EconomicChecked(file_id=file_id, **fields | changes)


def notice_posted(file_id: str = "1", **changes: Any) -> NoticePosted:
    fields: dict[str, Any] = {
        "organisation_id": FACTORY,
        "medium": "notice_board",
        "place": "厂门口公告栏",
        "working_days": 5,
        "last_on": NOTICE_LAST_ON,
        "effective_on": POSTED_ON,
    }
    return NoticePosted(file_id=file_id, **fields | changes)


def file_approved(file_id: str = "1", **changes: Any) -> FileApproved:
    fields: dict[str, Any] = {
        "organisation_id": FACTORY,
        "person_id": "zhang",
        "hardship_class": "deep",
        "classes": ("deep", "relative"),
        "migrant_worker": False,
        "hardship_cause": "own_illness",
        "net_per_head_fen": 100_000,
        "minimum_living_standard_fen": 145_000,
        "approver_id": "sun",
        "effective_on": APPROVED_ON,
    }
    return FileApproved(file_id=file_id, **fields | changes)


SUBMITTED = (file_opened(), file_submitted())
REVIEWED = (*SUBMITTED, file_reviewed())
VISITED = (*REVIEWED, home_visited())
CHECKED = (*VISITED, economic_checked())
POSTED = (*CHECKED, notice_posted())
ON_FILE = (*POSTED, file_approved())
