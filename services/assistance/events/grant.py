"""The events of aid grants: each says enough to be counted alone."""

from datetime import date
from typing import Literal

from services.assistance.events.budget import FundSource
from services.assistance.events.campaign import Programme
from services.assistance.events.file import EducationStage, HardshipCause, HardshipClass
from shared.rules.message import message
from shared.rules.personal import Personal, PublicText

RefusingCause = Literal["not_eligible", "duplicate", "file_ended", "amount", "other"]


@message
class GrantProposed:
    """``person_id`` is the beneficiary; ``household_person_ids`` are all who live in the household then."""

    grant_id: str
    organisation_id: str
    campaign_id: str
    budget_id: str
    fund_source: FundSource
    programme: Programme
    season_year: int
    file_id: str
    person_id: str
    household_person_ids: tuple[str, ...]
    education_stage: EducationStage | None
    hardship_class: HardshipClass
    hardship_cause: HardshipCause
    amount_fen: int
    proposed_by: str
    effective_on: date


@message
class GrantApproved:
    """``minutes`` names those of the meeting which large amounts need."""

    grant_id: str
    organisation_id: str
    campaign_id: str
    budget_id: str
    fund_source: FundSource
    programme: Programme
    season_year: int
    file_id: str
    person_id: str
    education_stage: EducationStage | None
    hardship_class: HardshipClass
    hardship_cause: HardshipCause
    amount_fen: int
    minutes: PublicText | None
    approved_by: str
    effective_on: date


@message
class GrantRefused:
    grant_id: str
    organisation_id: str
    campaign_id: str
    programme: Programme
    file_id: str
    person_id: str
    amount_fen: int
    cause: RefusingCause
    reason: Personal[str]
    refused_by: str
    effective_on: date


@message
class GrantWithdrawn:
    """Given up before it was paid, whether approved or not."""

    grant_id: str
    organisation_id: str
    campaign_id: str
    programme: Programme
    file_id: str
    person_id: str
    amount_fen: int
    reason: Personal[str]
    withdrawn_by: str
    effective_on: date
