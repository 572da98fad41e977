"""Aid grants: proposed by a clerk within a campaign, approved by somebody else, paid from one budget."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Literal, assert_never

from services.assistance.aggregates.budget import commit, release
from services.assistance.aggregates.file.state import HardshipFile
from services.assistance.aggregates.grant.amount import aid_kind, aid_year, counted_for
from services.assistance.aggregates.grant.commands import (
    ApproveGrant,
    GrantCommand,
    ProposeGrant,
    RefuseGrant,
    WithdrawGrant,
)
from services.assistance.aggregates.grant.proposing import propose
from services.assistance.aggregates.grant.refusals import (
    ANOTHER_ORGANISATION,
    BEFORE_LAST_STEP,
    BENEFICIARY_CHANGES,
    FILE_NOT_ON_FILE,
    HOUSEHOLD_AIDED,
    MINUTES_MISSING,
    NOT_PROPOSED,
    OWN_HOUSEHOLD,
    PAYMENT_UNDER_WAY,
    SAME_PERSON,
    STUDENT_AIDED,
    UNKNOWN,
)
from services.assistance.aggregates.hardship_file import hardship_file
from services.assistance.aggregates.paying import Payment, given_up
from services.assistance.aggregates.payment import payment
from services.assistance.aggregates.relief_campaign import STUDENT_AID
from services.assistance.events.budget import BudgetCommitted, BudgetReleased, BudgetReserved
from services.assistance.events.file import HouseholdAided, HouseholdAidReleased
from services.assistance.events.grant import GrantApproved, GrantProposed, GrantRefused, GrantWithdrawn
from services.assistance.events.payment import PaymentGivenUp
from services.assistance.parameters import MINUTES_OVER_FEN
from shared.rules.context import Context
from shared.rules.decider import Decider
from shared.rules.message import message
from shared.rules.personal import Personal
from shared.rules.refusal import Refusal
from shared.standards.money import format_yuan

STATUS_ZH = {"approved": "批准", "refused": "驳回", "withdrawn": "撤回", "proposed": "申报"}


@message
class AidGrant:
    """``proposal`` says all that never changes; ``decided_on`` is the day of approval, refusal or end.

    ``version``: of the stream.
    """

    status: Literal["none", "proposed", "approved", "refused", "withdrawn"] = "none"
    proposal: GrantProposed | None = None
    approved_by: str | None = None
    decided_on: date | None = None
    version: int = 0


GrantEvent = GrantProposed | GrantApproved | GrantRefused | GrantWithdrawn
GrantEffect = (
    GrantEvent
    | BudgetReserved
    | BudgetCommitted
    | BudgetReleased
    | HouseholdAided
    | HouseholdAidReleased
    | PaymentGivenUp
)


def decide(command: GrantCommand, grant: AidGrant, context: Context) -> list[GrantEffect]:
    """Source: handbook, assistance 2.1 and 6: nobody decides alone, nothing is paid beyond cap or budget."""
    if isinstance(command, ProposeGrant):
        return [*propose(command, grant.proposal, context)]
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
    return [refused, *given_back(grant, proposal, command.refused_on)]


def withdraw(
    command: WithdrawGrant, grant: AidGrant, proposal: GrantProposed, context: Context
) -> list[GrantEffect]:
    """An approved grant, too, as long as no money is on its way: the payment's state is read with it.

    What had failed or come back is owed no more; should the bank turn out to have paid it after all, it
    has to be asked back, as the budget's money may be somebody else's by then.

    Of a payment that was reversed whole the budget has its money already; the household may then be granted
    aid anew, as it ought to have been.
    """
    if grant.status == "withdrawn":
        return []
    paying: Payment = context.state(payment, proposal.grant_id)
    if grant.status == "approved":
        if paying.under_way:
            raise PAYMENT_UNDER_WAY(field="grant_id")
        _check_day(command.withdrawn_on, max(grant.decided_on or proposal.effective_on, paying.last_on))
    else:
        _check_proposed(grant, proposal, command.withdrawn_on)
    _check_beneficiary(proposal, command.person_id)
    day = command.withdrawn_on
    ended = withdrawn(proposal, command.reason, context.actor_id, day)
    if paying.lines("reversed"):
        return [ended, aid_released(proposal, day)]
    return [ended, *given_back(grant, proposal, day), *given_up(paying, day)]


def withdrawn(proposal: GrantProposed, reason: Personal[str], actor_id: str, day: date) -> GrantWithdrawn:
    """The end of a grant that is given up before it is paid, or after its payment was reversed whole."""
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


def given_back(
    grant: AidGrant, proposal: GrantProposed, day: date
) -> list[BudgetReleased | HouseholdAidReleased]:
    """What the budget and the caps get back when a proposed or approved grant comes to nothing."""
    stage: Literal["reserved", "committed"] = "reserved" if grant.status == "proposed" else "committed"
    released = release(proposal.budget_id, proposal.grant_id, stage, proposal.amount_fen, day)
    return [released, aid_released(proposal, day)]


def aid_released(proposal: GrantProposed, day: date) -> HouseholdAidReleased:
    """What the caps get back: the same that the proposal counted."""
    kind = aid_kind(proposal.programme)
    return HouseholdAidReleased(
        file_id=proposal.file_id,
        grant_id=proposal.grant_id,
        person_id=proposal.person_id,
        counted_for=counted_for(kind, proposal.household_person_ids, proposal.person_id),
        kind=kind,
        year=aid_year(proposal.programme, proposal.season_year, proposal.effective_on),
        amount_fen=proposal.amount_fen,
        effective_on=day,
    )


def _check_proposed(grant: AidGrant, proposal: GrantProposed, day: date) -> None:
    if grant.status != "proposed":
        raise NOT_PROPOSED(field="grant_id", status=grant.status, status_zh=STATUS_ZH[grant.status])
    _check_day(day, proposal.effective_on)


def _check_day(day: date, last_on: date) -> None:
    if day < last_on:
        raise BEFORE_LAST_STEP(last_on=last_on)


def _check_beneficiary(proposal: GrantProposed, person_id: str) -> None:
    if person_id != proposal.person_id:
        raise BENEFICIARY_CHANGES(field="person_id")


def evolve(grant: AidGrant, event: GrantEvent) -> AidGrant:
    version, day = grant.version + 1, event.effective_on
    match event:
        case GrantProposed():
            return AidGrant(status="proposed", proposal=event, version=version)
        case GrantApproved():
            approved_by = event.approved_by
            return replace(grant, status="approved", approved_by=approved_by, decided_on=day, version=version)
        case GrantRefused():
            return replace(grant, status="refused", decided_on=day, version=version)
        case GrantWithdrawn():
            return replace(grant, status="withdrawn", decided_on=day, version=version)
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
