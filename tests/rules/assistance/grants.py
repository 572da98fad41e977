"""The campaigns, budgets and grants of assistance's tests: warmth in winter, and student aid in autumn."""

from datetime import date
from typing import Any

from services.assistance.events.budget import (
    BudgetAllocated,
    BudgetCommitted,
    BudgetReleased,
    BudgetReserved,
    BudgetRestored,
    BudgetSpent,
)
from services.assistance.events.campaign import CampaignOpened
from services.assistance.events.file import HouseholdAided, HouseholdAidReleased
from services.assistance.events.grant import GrantApproved, GrantProposed
from tests.rules.assistance.households import FACTORY

GRANTED_ON = date(2024, 3, 1)
BUDGET_FEN = 300_000
AMOUNT_FEN = 100_000


def budget_allocated(budget_id: str = "winter", **changes: Any) -> BudgetAllocated:
    fields: dict[str, Any] = {
        "organisation_id": "district",
        "fund_source": "union_funds",
        "programme": "winter_warmth",
        "year": 2024,
        "document_no": "门工发〔2024〕1号",
        "amount_fen": BUDGET_FEN,
        "effective_on": date(2024, 1, 2),
    }
    return BudgetAllocated(budget_id=budget_id, **fields | changes)


def campaign_opened(campaign_id: str = "winter", **changes: Any) -> CampaignOpened:
    fields: dict[str, Any] = {
        "organisation_id": "district",
        "budget_id": "winter",
        "name": "2024年两节送温暖",
        "programme": "winter_warmth",
        "season_year": 2024,
        "amount_fen": AMOUNT_FEN,
        "opens_on": date(2024, 1, 2),
        "closes_on": date(2024, 3, 31),
        "effective_on": date(2024, 1, 2),
    }
    return CampaignOpened(campaign_id=campaign_id, **fields | changes)


def student_campaign(campaign_id: str = "autumn", **changes: Any) -> CampaignOpened:
    fields: dict[str, Any] = {
        "name": "2024年金秋助学",
        "programme": "autumn_student_aid",
        "amount_fen": None,
        "budget_id": "autumn",
        "closes_on": date(2024, 10, 31),
    }
    return campaign_opened(campaign_id, **fields | changes)


def grant_proposed(grant_id: str = "1", **changes: Any) -> GrantProposed:
    fields: dict[str, Any] = {
        "organisation_id": FACTORY,
        "campaign_id": "winter",
        "budget_id": "winter",
        "fund_source": "union_funds",
        "programme": "winter_warmth",
        "season_year": 2024,
        "file_id": "1",
        "person_id": "zhang",
        "household_person_ids": ("zhang", "wife", "son"),
        "education_stage": None,
        "hardship_class": "deep",
        "hardship_cause": "own_illness",
        "amount_fen": AMOUNT_FEN,
        "proposed_by": "wang",
        "effective_on": GRANTED_ON,
    }
    return GrantProposed(grant_id=grant_id, **fields | changes)


def grant_approved(grant_id: str = "1", **changes: Any) -> GrantApproved:
    fields: dict[str, Any] = {
        "organisation_id": FACTORY,
        "campaign_id": "winter",
        "budget_id": "winter",
        "fund_source": "union_funds",
        "programme": "winter_warmth",
        "season_year": 2024,
        "file_id": "1",
        "person_id": "zhang",
        "education_stage": None,
        "hardship_class": "deep",
        "hardship_cause": "own_illness",
        "amount_fen": AMOUNT_FEN,
        "minutes": None,
        "approved_by": "sun",
        "effective_on": GRANTED_ON,
    }
    return GrantApproved(grant_id=grant_id, **fields | changes)


def budget_reserved(budget_id: str = "winter", **changes: Any) -> BudgetReserved:
    return BudgetReserved(budget_id=budget_id, **_moved(changes))


def budget_committed(budget_id: str = "winter", **changes: Any) -> BudgetCommitted:
    return BudgetCommitted(budget_id=budget_id, **_moved(changes))


def budget_spent(budget_id: str = "winter", **changes: Any) -> BudgetSpent:
    return BudgetSpent(budget_id=budget_id, **_moved(changes))


def budget_released(budget_id: str = "winter", **changes: Any) -> BudgetReleased:
    return BudgetReleased(budget_id=budget_id, **_moved({"stage": "reserved"} | changes))


def budget_restored(budget_id: str = "winter", **changes: Any) -> BudgetRestored:
    return BudgetRestored(budget_id=budget_id, **_moved(changes))


def household_aided(file_id: str = "1", **changes: Any) -> HouseholdAided:
    return HouseholdAided(file_id=file_id, **_counted(changes))


def household_aid_released(file_id: str = "1", **changes: Any) -> HouseholdAidReleased:
    return HouseholdAidReleased(file_id=file_id, **_counted(changes))


def _moved(changes: dict[str, Any]) -> dict[str, Any]:
    return {"grant_id": "1", "amount_fen": AMOUNT_FEN, "effective_on": GRANTED_ON} | changes


def _counted(changes: dict[str, Any]) -> dict[str, Any]:
    household = ("zhang", "wife", "son")
    return _moved(
        {"person_id": "zhang", "counted_for": household, "kind": "living_aid", "year": 2024} | changes
    )
