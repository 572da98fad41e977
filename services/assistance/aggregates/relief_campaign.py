"""Relief campaigns: a programme's season with its days, its budget and, but for student aid, its amount."""

from datetime import date
from typing import assert_never

from services.assistance.aggregates.budget import UNKNOWN as BUDGET_UNKNOWN
from services.assistance.aggregates.budget import Budget, budget
from services.assistance.aggregates.scope import serves
from services.assistance.events.campaign import CampaignClosed, CampaignOpened, Programme
from shared.rules.context import Context
from shared.rules.decider import Decider
from shared.rules.message import message
from shared.rules.personal import PublicText
from shared.rules.refusal import Refusal

STUDENT_AID: Programme = "autumn_student_aid"

UNKNOWN = Refusal("campaign.unknown", zh="救助活动不存在", en="the campaign does not exist")
ALREADY_OPENED = Refusal(
    "campaign.already_opened",
    zh="该活动编号已使用，内容不同",
    en="this campaign id has been used, with other particulars",
)
AMOUNT_MISSING = Refusal(
    "campaign.amount_missing",
    zh="须写明每户救助金额（大于零）",
    en="a campaign names the amount for each household, more than nothing",
)
AMOUNT_BY_STAGE = Refusal(
    "campaign.amount_by_stage",
    zh="助学金额按教育阶段标准表确定，不能另定",
    en="student aid goes by the table of education stages; a campaign sets no amount",
)
CLOSES_BEFORE_IT_OPENS = Refusal(
    "campaign.closes_before_it_opens",
    zh="截止日期不能早于开始日期",
    en="a campaign cannot close before it opens",
)
SEASON_YEAR = Refusal(
    "campaign.season_year",
    zh="活动年度与开始日期不符：{opens_on}开始的活动，年度为{years_zh}",
    en="a campaign of this programme that opens on {opens_on} is of {years}",
)
BUDGET_OF_ANOTHER = Refusal(
    "campaign.budget_of_another",
    zh="该预算属于其他项目或年度",
    en="the budget belongs to another programme or year",
)
BUDGET_OUT_OF_SCOPE = Refusal(
    "campaign.budget_out_of_scope",
    zh="只能使用本工会或上级工会的预算",
    en="a campaign draws on a budget of its own organisation, or of one above it",
)
ANOTHER_ORGANISATION = Refusal(
    "campaign.another_organisation",
    zh="该活动由其他工会组织",
    en="the campaign belongs to another organisation",
)


@message
class OpenCampaign:
    """``season_year``: the year of Spring Festival; of student aid that in which the school year begins."""

    campaign_id: str
    organisation_id: str
    budget_id: str
    name: PublicText
    programme: Programme
    season_year: int
    opens_on: date
    closes_on: date
    decided_on: date
    amount_fen: int | None = None


@message
class CloseCampaign:
    """Before its day; afterwards nothing more is proposed in it."""

    campaign_id: str
    organisation_id: str
    closed_on: date


@message
class ReliefCampaign:
    opening: CampaignOpened | None = None
    closed_on: date | None = None

    def is_open_on(self, day: date) -> bool:
        if self.opening is None:
            return False
        is_over = self.closed_on is not None and day >= self.closed_on
        return self.opening.opens_on <= day <= self.opening.closes_on and not is_over


CampaignCommand = OpenCampaign | CloseCampaign
CampaignEvent = CampaignOpened | CampaignClosed


def decide(command: CampaignCommand, campaign: ReliefCampaign, context: Context) -> list[CampaignEvent]:
    """Source: handbook, assistance 2.2 and 2.6."""
    match command:
        case OpenCampaign():
            return open_campaign(command, campaign, context)
        case CloseCampaign():
            if campaign.opening is None:
                raise UNKNOWN(field="campaign_id")
            if campaign.opening.organisation_id != command.organisation_id:
                raise ANOTHER_ORGANISATION(field="organisation_id")
            if campaign.closed_on is not None:
                return []
            return [
                CampaignClosed(
                    campaign_id=command.campaign_id,
                    organisation_id=command.organisation_id,
                    effective_on=command.closed_on,
                )
            ]
        case _:
            assert_never(command)


def open_campaign(command: OpenCampaign, campaign: ReliefCampaign, context: Context) -> list[CampaignEvent]:
    opened = CampaignOpened(
        campaign_id=command.campaign_id,
        organisation_id=command.organisation_id,
        budget_id=command.budget_id,
        name=command.name,
        programme=command.programme,
        season_year=command.season_year,
        amount_fen=command.amount_fen,
        opens_on=command.opens_on,
        closes_on=command.closes_on,
        effective_on=command.decided_on,
    )
    if campaign.opening is not None:
        if campaign.opening == opened:
            return []
        raise ALREADY_OPENED(field="campaign_id")
    if command.programme == STUDENT_AID and command.amount_fen is not None:
        raise AMOUNT_BY_STAGE(field="amount_fen")
    if command.programme != STUDENT_AID and (command.amount_fen or 0) <= 0:
        raise AMOUNT_MISSING(field="amount_fen")
    if command.closes_on < command.opens_on:
        raise CLOSES_BEFORE_IT_OPENS(field="closes_on")
    check_season_year(command)
    check_budget(command, context.state(budget, command.budget_id), context)
    return [opened]


def check_season_year(command: OpenCampaign) -> None:
    """Raises the refusal ``campaign.season_year``, as the year chooses the budget and a student's cap.

    Warmth in winter may open in the December before its Spring Festival, student aid in the spring after its
    school year began. Source: handbook, assistance 2.2 and 2.6.
    """
    year = command.opens_on.year
    years = {"winter_warmth": (year, year + 1), STUDENT_AID: (year - 1, year)}.get(command.programme, (year,))
    if command.season_year not in years:
        texts = [str(each) for each in years]
        raise SEASON_YEAR(
            field="season_year",
            opens_on=command.opens_on,
            years=" or ".join(texts),
            years_zh="或".join(texts),
        )


def check_budget(command: OpenCampaign, held: Budget, context: Context) -> None:
    """Raises the refusal that the budget named calls for, if any. Source: design, section 9 (scope)."""
    if held.line is None:
        raise BUDGET_UNKNOWN(field="budget_id")
    years = {command.season_year, command.opens_on.year}
    if held.line.programme != command.programme or held.line.year not in years:
        raise BUDGET_OF_ANOTHER(field="budget_id")
    if not serves(held.line.organisation_id, command.organisation_id, context):
        raise BUDGET_OUT_OF_SCOPE(field="budget_id")


def evolve(campaign: ReliefCampaign, event: CampaignEvent) -> ReliefCampaign:
    match event:
        case CampaignOpened():
            return ReliefCampaign(opening=event)
        case CampaignClosed():
            return ReliefCampaign(opening=campaign.opening, closed_on=event.effective_on)
        case _:
            assert_never(event)


relief_campaign = Decider(
    "relief_campaign",
    "campaign_id",
    CampaignCommand,
    CampaignEvent,
    ReliefCampaign(),
    decide,
    evolve,
)
