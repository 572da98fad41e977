"""Proposing an aid grant: who may be aided, with how much, and out of which budget."""

from services.assistance.aggregates.budget import Budget, budget, reserve
from services.assistance.aggregates.file.refusals import UNKNOWN as FILE_UNKNOWN
from services.assistance.aggregates.file.state import HardshipFile
from services.assistance.aggregates.grant.amount import aid_kind, aid_year, amount_of, check_cap, counted_for
from services.assistance.aggregates.grant.commands import ProposeGrant
from services.assistance.aggregates.grant.refusals import (
    ALREADY_PROPOSED,
    ANOTHER_ORGANISATION,
    CAMPAIGN_NOT_OPEN,
    CAMPAIGN_OUT_OF_SCOPE,
    FILE_NOT_ON_FILE,
    NOT_OF_HOUSEHOLD,
    OWN_HOUSEHOLD,
)
from services.assistance.aggregates.hardship_file import hardship_file
from services.assistance.aggregates.relief_campaign import UNKNOWN as CAMPAIGN_UNKNOWN
from services.assistance.aggregates.relief_campaign import ReliefCampaign, relief_campaign
from services.assistance.aggregates.scope import serves
from services.assistance.events.budget import BudgetReserved
from services.assistance.events.campaign import CampaignOpened
from services.assistance.events.file import HouseholdAided
from services.assistance.events.grant import GrantProposed
from shared.rules.context import Context


def propose(
    command: ProposeGrant, before: GrantProposed | None, context: Context
) -> list[GrantProposed | BudgetReserved | HouseholdAided]:
    """Source: handbook, assistance 1.4 (file first, aid second), 2.1 (caps); design, section 9 (scope)."""
    if before is not None:
        if _says(before, command):
            return []
        raise ALREADY_PROPOSED(field="grant_id")
    day = command.proposed_on
    campaign: ReliefCampaign = context.state(relief_campaign, command.campaign_id)
    opening = campaign.opening
    if opening is None:
        raise CAMPAIGN_UNKNOWN(field="campaign_id")
    if not serves(opening.organisation_id, command.organisation_id, context):
        raise CAMPAIGN_OUT_OF_SCOPE(field="campaign_id")
    if not campaign.is_open_on(day):
        raise CAMPAIGN_NOT_OPEN(field="proposed_on", day=day)
    file: HardshipFile = context.state(hardship_file, command.file_id)
    _check_file(command, file, context)
    amount_fen = amount_of(opening, file, command.person_id, day, context)
    kind, year = aid_kind(opening.programme), aid_year(opening.programme, opening.season_year, day)
    persons = counted_for(kind, tuple(each.person_id for each in file.members), command.person_id)
    check_cap(file, kind, persons, year, amount_fen, day, context)
    held: Budget = context.state(budget, opening.budget_id)
    reserved = reserve(held, opening.budget_id, command.grant_id, amount_fen, day)
    aided = HouseholdAided(
        file_id=command.file_id,
        grant_id=command.grant_id,
        person_id=command.person_id,
        counted_for=persons,
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
