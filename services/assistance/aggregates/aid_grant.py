"""Aid grants: proposed by a clerk within a campaign, approved by somebody else, paid from one budget."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Literal, assert_never

from services.assistance.aggregates.budget import Budget, budget, commit, release, reserve
from services.assistance.aggregates.file.refusals import UNKNOWN as FILE_UNKNOWN
from services.assistance.aggregates.file.state import HardshipFile
from services.assistance.aggregates.grant_amount import aid_kind, aid_year, amount_of, check_cap
from services.assistance.aggregates.hardship_file import hardship_file
from services.assistance.aggregates.relief_campaign import STUDENT_AID, ReliefCampaign, relief_campaign
from services.assistance.aggregates.relief_campaign import UNKNOWN as CAMPAIGN_UNKNOWN
from services.assistance.events.budget import (
    BudgetCommitted,
    BudgetReleased,
    BudgetReserved,
)
from services.assistance.events.campaign import CampaignOpened
from services.assistance.events.file import HouseholdAided, HouseholdAidReleased
from services.assistance.events.grant import (
    GrantApproved,
    GrantProposed,
    GrantRefused,
    GrantWithdrawn,
    RefusingCause,
)
from services.assistance.parameters import MINUTES_OVER_FEN
from shared.rules.context import Context
from shared.rules.decider import Decider
from shared.rules.message import message
from shared.rules.personal import Personal
from shared.rules.refusal import Refusal
from shared.standards.money import format_yuan

UNKNOWN = Refusal("aid_grant.unknown", zh="该笔救助不存在", en="the aid grant does not exist")
ALREADY_PROPOSED = Refusal(
    "aid_grant.already_proposed",
    zh="该救助编号已使用，内容不同",
    en="this grant id has been used, with other particulars",
)
ANOTHER_ORGANISATION = Refusal(
    "aid_grant.another_organisation",
    zh="该笔救助由其他工会办理",
    en="the grant belongs to another organisation",
)
FILE_NOT_ON_FILE = Refusal(
    "aid_grant.file_not_on_file",
    zh="{day}该户不在档；先建档后帮扶",
    en="on {day} the household is not on file; the file comes first, aid second",
)
CAMPAIGN_NOT_OPEN = Refusal(
    "aid_grant.campaign_not_open",
    zh="{day}不在该活动的期限内",
    en="the campaign is not open on {day}",
)
NOT_OF_HOUSEHOLD = Refusal(
    "aid_grant.not_of_household",
    zh="受助人不是该户家庭成员",
    en="the beneficiary is not of this household",
)
HOUSEHOLD_AIDED = Refusal(
    "aid_grant.household_aided",
    zh="该户在本次活动中已有救助，不能重复救助",
    en="the household has a grant in this campaign already",
)
STUDENT_AIDED = Refusal(
    "aid_grant.student_aided",
    zh="该生本学年已有助学，不能重复救助",
    en="the student has aid of this school year already",
)
OWN_HOUSEHOLD = Refusal(
    "aid_grant.own_household",
    zh="受助人及其家庭成员须回避，不能经办",
    en="nobody handles a grant to their own household",
)
SAME_PERSON = Refusal("aid_grant.same_person", zh="审批人不能是经办人", en="the approver proposed this grant")
MINUTES_MISSING = Refusal(
    "aid_grant.minutes_missing",
    zh="救助金额超过{limit}元，须附主席办公会议纪要",
    en="a grant over {limit} yuan needs the minutes of the chair's office meeting",
)
NOT_PROPOSED = Refusal(
    "aid_grant.not_proposed",
    zh="该笔救助已{status_zh}，不能再办理",
    en="the grant has been {status} and takes no other decision",
)
BEFORE_PROPOSAL = Refusal(
    "aid_grant.before_proposal",
    zh="日期不能早于申报日期（{proposed_on}）",
    en="the date lies before that of the proposal ({proposed_on})",
)
BENEFICIARY_CHANGES = Refusal(
    "aid_grant.beneficiary_changes", zh="受助人与该笔救助不符", en="the beneficiary is not that of the grant"
)

STATUS_ZH = {"approved": "批准", "refused": "驳回", "withdrawn": "撤回", "proposed": "申报"}


@message
class ProposeGrant:
    """``person_id`` is the beneficiary; the amount follows from the campaign or the table of stages."""

    grant_id: str
    organisation_id: str
    campaign_id: str
    file_id: str
    person_id: str
    proposed_on: date


@message
class ApproveGrant:
    grant_id: str
    organisation_id: str
    approved_on: date
    minutes: str | None = None


@message
class RefuseGrant:
    """``person_id`` is the beneficiary, whose key seals the reason."""

    grant_id: str
    organisation_id: str
    person_id: str
    cause: RefusingCause
    reason: Personal[str]
    refused_on: date


@message
class WithdrawGrant:
    """Before it was decided."""

    grant_id: str
    organisation_id: str
    person_id: str
    reason: Personal[str]
    withdrawn_on: date


@message
class AidGrant:
    """``proposal`` says all that never changes; ``decided_on`` is the day of approval, refusal or end."""

    status: Literal["none", "proposed", "approved", "refused", "withdrawn"] = "none"
    proposal: GrantProposed | None = None
    approved_by: str | None = None
    decided_on: date | None = None


GrantCommand = ProposeGrant | ApproveGrant | RefuseGrant | WithdrawGrant
GrantEvent = GrantProposed | GrantApproved | GrantRefused | GrantWithdrawn
GrantEffect = (
    GrantEvent | BudgetReserved | BudgetCommitted | BudgetReleased | HouseholdAided | HouseholdAidReleased
)


def decide(command: GrantCommand, grant: AidGrant, context: Context) -> list[GrantEffect]:
    """Source: handbook, assistance 2.1 and 6: nobody decides alone, nothing is paid beyond cap or budget."""
    if isinstance(command, ProposeGrant):
        return propose(command, grant, context)
    if (proposal := grant.proposal) is None:
        raise UNKNOWN(field="grant_id")
    if proposal.organisation_id != command.organisation_id:
        raise ANOTHER_ORGANISATION(field="organisation_id")
    if context.actor_id in proposal.household_person_ids:
        raise OWN_HOUSEHOLD()
    match command:
        case ApproveGrant():
            return approve(command, grant, proposal, context)
        case RefuseGrant():
            return refuse(command, grant, proposal, context)
        case WithdrawGrant():
            return withdraw(command, grant, proposal, context)
        case _:
            assert_never(command)


def propose(command: ProposeGrant, grant: AidGrant, context: Context) -> list[GrantEffect]:
    """Source: handbook, assistance 1.4 (file first, aid second) and 2.1 (caps)."""
    if (before := grant.proposal) is not None:
        if _says(before, command):
            return []
        raise ALREADY_PROPOSED(field="grant_id")
    day = command.proposed_on
    campaign: ReliefCampaign = context.state(relief_campaign, command.campaign_id)
    opening = campaign.opening
    if opening is None:
        raise CAMPAIGN_UNKNOWN(field="campaign_id")
    if not campaign.is_open_on(day):
        raise CAMPAIGN_NOT_OPEN(field="proposed_on", day=day)
    file: HardshipFile = context.state(hardship_file, command.file_id)
    _check_file(command, file, context)
    amount_fen = amount_of(opening, file, command.person_id, day, context)
    kind, year = aid_kind(opening.programme), aid_year(opening, day)
    check_cap(file, kind, command.person_id, year, amount_fen, day, context)
    held: Budget = context.state(budget, opening.budget_id)
    reserved = reserve(held, opening.budget_id, command.grant_id, amount_fen, day)
    aided = HouseholdAided(
        file_id=command.file_id,
        grant_id=command.grant_id,
        person_id=command.person_id,
        kind=kind,
        year=year,
        amount_fen=amount_fen,
        effective_on=day,
    )
    return [_proposal(command, opening, file, held, amount_fen, context.actor_id), reserved, aided]


def _says(proposal: GrantProposed, command: ProposeGrant) -> bool:
    said = (proposal.campaign_id, proposal.file_id, proposal.person_id, proposal.effective_on)
    return said == (command.campaign_id, command.file_id, command.person_id, command.proposed_on)


def _check_file(command: ProposeGrant, file: HardshipFile, context: Context) -> None:
    if file.status == "none":
        raise FILE_UNKNOWN(field="file_id")
    if file.organisation_id != command.organisation_id:
        raise ANOTHER_ORGANISATION(field="organisation_id")
    if file.member(context.actor_id) is not None:
        raise OWN_HOUSEHOLD()
    if not file.is_on_file(command.proposed_on):
        raise FILE_NOT_ON_FILE(field="file_id", day=command.proposed_on)
    if file.member(command.person_id) is None:
        raise NOT_OF_HOUSEHOLD(field="person_id")


def _proposal(
    command: ProposeGrant,
    opening: CampaignOpened,
    file: HardshipFile,
    held: Budget,
    amount_fen: int,
    proposed_by: str,
) -> GrantProposed:
    beneficiary = file.member(command.person_id)
    assert beneficiary is not None  # noqa: S101 - checked before
    assert file.hardship_class is not None  # noqa: S101 - a file that is on file has one
    assert held.line is not None  # noqa: S101 - reserve has seen it
    return GrantProposed(
        grant_id=command.grant_id,
        organisation_id=command.organisation_id,
        campaign_id=command.campaign_id,
        budget_id=opening.budget_id,
        fund_source=held.line.fund_source,
        programme=opening.programme,
        season_year=opening.season_year,
        file_id=command.file_id,
        person_id=command.person_id,
        household_person_ids=tuple(each.person_id for each in file.members),
        education_stage=beneficiary.education_stage,
        hardship_class=file.hardship_class,
        hardship_cause=file.hardship_cause,
        amount_fen=amount_fen,
        proposed_by=proposed_by,
        effective_on=command.proposed_on,
    )


def approve(
    command: ApproveGrant, grant: AidGrant, proposal: GrantProposed, context: Context
) -> list[GrantEffect]:
    """Source: handbook, assistance 6: no self-approval for money; large amounts with minutes."""
    if grant.status == "approved" and grant.approved_by == context.actor_id:
        return []
    _check_proposed(grant, proposal, command.approved_on)
    if context.actor_id == proposal.proposed_by:
        raise SAME_PERSON()
    file: HardshipFile = context.state(hardship_file, proposal.file_id)
    if not file.is_on_file(command.approved_on):
        raise FILE_NOT_ON_FILE(field="grant_id", day=command.approved_on)
    if file.member(context.actor_id) is not None:
        raise OWN_HOUSEHOLD()
    limit_fen: int = context.parameter(MINUTES_OVER_FEN, command.approved_on)
    if proposal.amount_fen > limit_fen and not (command.minutes or "").strip():
        raise MINUTES_MISSING(field="minutes", limit=format_yuan(limit_fen))
    approved = GrantApproved(
        grant_id=proposal.grant_id,
        organisation_id=proposal.organisation_id,
        campaign_id=proposal.campaign_id,
        budget_id=proposal.budget_id,
        fund_source=proposal.fund_source,
        programme=proposal.programme,
        season_year=proposal.season_year,
        file_id=proposal.file_id,
        person_id=proposal.person_id,
        education_stage=proposal.education_stage,
        hardship_class=proposal.hardship_class,
        hardship_cause=proposal.hardship_cause,
        amount_fen=proposal.amount_fen,
        minutes=command.minutes,
        approved_by=context.actor_id,
        effective_on=command.approved_on,
    )
    committed = commit(proposal.budget_id, proposal.grant_id, proposal.amount_fen, command.approved_on)
    return [approved, committed]


def refuse(
    command: RefuseGrant, grant: AidGrant, proposal: GrantProposed, context: Context
) -> list[GrantEffect]:
    if grant.status == "refused":
        return []
    _check_proposed(grant, proposal, command.refused_on)
    _check_beneficiary(proposal, command.person_id)
    refused = GrantRefused(
        grant_id=proposal.grant_id,
        organisation_id=proposal.organisation_id,
        campaign_id=proposal.campaign_id,
        programme=proposal.programme,
        file_id=proposal.file_id,
        person_id=proposal.person_id,
        amount_fen=proposal.amount_fen,
        cause=command.cause,
        reason=command.reason,
        refused_by=context.actor_id,
        effective_on=command.refused_on,
    )
    return [refused, *given_back(grant, command.refused_on)]


def withdraw(
    command: WithdrawGrant, grant: AidGrant, proposal: GrantProposed, context: Context
) -> list[GrantEffect]:
    if grant.status == "withdrawn":
        return []
    _check_proposed(grant, proposal, command.withdrawn_on)
    _check_beneficiary(proposal, command.person_id)
    ended = withdrawn(proposal, command.reason, context.actor_id, command.withdrawn_on)
    return [ended, *given_back(grant, command.withdrawn_on)]


def withdrawn(proposal: GrantProposed, reason: Personal[str], actor_id: str, day: date) -> GrantWithdrawn:
    """The end of a grant that is given up before it is paid."""
    return GrantWithdrawn(
        grant_id=proposal.grant_id,
        organisation_id=proposal.organisation_id,
        campaign_id=proposal.campaign_id,
        programme=proposal.programme,
        file_id=proposal.file_id,
        person_id=proposal.person_id,
        amount_fen=proposal.amount_fen,
        reason=reason,
        withdrawn_by=actor_id,
        effective_on=day,
    )


def given_back(grant: AidGrant, day: date) -> list[BudgetReleased | HouseholdAidReleased]:
    """What the budget and the caps get back when a proposed or approved grant comes to nothing."""
    proposal = grant.proposal
    if proposal is None:
        return []
    stage: Literal["reserved", "committed"] = "reserved" if grant.status == "proposed" else "committed"
    is_student_aid = proposal.programme == STUDENT_AID
    released = HouseholdAidReleased(
        file_id=proposal.file_id,
        grant_id=proposal.grant_id,
        person_id=proposal.person_id,
        kind=aid_kind(proposal.programme),
        year=proposal.season_year if is_student_aid else proposal.effective_on.year,
        amount_fen=proposal.amount_fen,
        effective_on=day,
    )
    return [release(proposal.budget_id, proposal.grant_id, stage, proposal.amount_fen, day), released]


def _check_proposed(grant: AidGrant, proposal: GrantProposed, day: date) -> None:
    if grant.status != "proposed":
        raise NOT_PROPOSED(field="grant_id", status=grant.status, status_zh=STATUS_ZH[grant.status])
    if day < proposal.effective_on:
        raise BEFORE_PROPOSAL(proposed_on=proposal.effective_on)


def _check_beneficiary(proposal: GrantProposed, person_id: str) -> None:
    if person_id != proposal.person_id:
        raise BENEFICIARY_CHANGES(field="person_id")


def evolve(grant: AidGrant, event: GrantEvent) -> AidGrant:
    match event:
        case GrantProposed():
            return AidGrant(status="proposed", proposal=event)
        case GrantApproved():
            return replace(
                grant, status="approved", approved_by=event.approved_by, decided_on=event.effective_on
            )
        case GrantRefused():
            return replace(grant, status="refused", decided_on=event.effective_on)
        case GrantWithdrawn():
            return replace(grant, status="withdrawn", decided_on=event.effective_on)
        case _:
            assert_never(event)


def unique_keys(grant: AidGrant) -> Mapping[str, Refusal]:
    """Everybody of the household holds the campaign, so that no change of files makes it aided twice."""
    proposal = grant.proposal
    if proposal is None or grant.status not in ("proposed", "approved"):
        return {}
    if proposal.programme == STUDENT_AID:
        return {f"student_aid/{proposal.season_year}/{proposal.person_id}": STUDENT_AIDED}
    return {
        f"relief/{proposal.campaign_id}/{person_id}": HOUSEHOLD_AIDED
        for person_id in proposal.household_person_ids
    }


aid_grant = Decider(
    "aid_grant", "grant_id", GrantCommand, GrantEvent, AidGrant(), decide, evolve, unique_keys
)
