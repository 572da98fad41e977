"""The events of relief campaigns, and which programmes there are."""

from datetime import date
from typing import Literal

from shared.rules.message import message
from shared.rules.personal import PublicText

Programme = Literal["winter_warmth", "living_aid", "temporary_living_aid", "autumn_student_aid"]


@message
class CampaignOpened:
    """``season_year`` is the festival year, of student aid the year in which the school year begins."""

    campaign_id: str
    organisation_id: str
    budget_id: str
    name: PublicText
    programme: Programme
    season_year: int
    amount_fen: int | None
    opens_on: date
    closes_on: date
    effective_on: date


@message
class CampaignClosed:
    campaign_id: str
    organisation_id: str
    effective_on: date
