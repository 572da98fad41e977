"""Budgets: money allocated on documents, of which grants reserve, commit and spend no more than there is."""

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import date
from typing import assert_never

from services.assistance.events.budget import (
    BudgetAllocated,
    BudgetCommitted,
    BudgetReleased,
    BudgetReserved,
    BudgetRestored,
    BudgetSpent,
    FundSource,
    Stage,
)
from services.assistance.events.campaign import Programme
from shared.rules.context import Context
from shared.rules.decider import Decider
from shared.rules.message import message
from shared.rules.personal import PublicText
from shared.rules.refusal import Refusal
from shared.standards.money import format_yuan

UNKNOWN = Refusal("budget.unknown", zh="预算指标不存在", en="the budget does not exist")
ANOTHER_LINE = Refusal(
    "budget.another_line",
    zh="该预算编号已用于另一项预算（资金来源、项目、工会或年度不同）",
    en="this budget id stands for another line: fund source, programme, organisation or year differ",
)
LINE_TAKEN = Refusal(
    "budget.line_taken",
    zh="该资金来源、项目、工会和年度已有预算，应在原预算上追加",
    en="this fund source, programme, organisation and year have a budget already; add to that one",
)
AMOUNT = Refusal("budget.amount", zh="下达金额须大于零", en="an allocation is more than nothing")
DOCUMENT_MISSING = Refusal(
    "budget.document_missing", zh="下达预算须注明文号", en="a budget is allocated on a document; name it"
)
DOCUMENT_USED = Refusal(
    "budget.document_used",
    zh="该文号已下达过{amount}元，金额不同",
    en="{amount} yuan were allocated on this document, another amount",
)
SHORT = Refusal(
    "budget.short",
    zh="预算余额不足：还差{missing}元（可用{free}元）",
    en="the budget is short of {missing} yuan; {free} yuan are free",
)


@message
class AllocateBudget:
    """The first allocation makes the budget; further documents add to it."""

    budget_id: str
    organisation_id: str
    fund_source: FundSource
    programme: Programme
    year: int
    document_no: PublicText
    amount_fen: int
    allocated_on: date


@message
class Line:
    """What a budget is for."""

    organisation_id: str
    fund_source: FundSource
    programme: Programme
    year: int


@message
class Budget:
    """``documents`` holds the few allocations by document; the rest does not grow with the grants."""

    line: Line | None = None
    documents: Mapping[str, int] = field(default_factory=dict)
    allocated_fen: int = 0
    reserved_fen: int = 0
    committed_fen: int = 0
    spent_fen: int = 0

    @property
    def free_fen(self) -> int:
        return self.allocated_fen - self.reserved_fen - self.committed_fen - self.spent_fen


BudgetEvent = (
    BudgetAllocated | BudgetReserved | BudgetCommitted | BudgetSpent | BudgetReleased | BudgetRestored
)


def decide(command: AllocateBudget, budget: Budget, context: Context) -> list[BudgetEvent]:
    """Source: handbook, assistance 6: a budget line is fund, project, organisation and year."""
    line = Line(
        organisation_id=command.organisation_id,
        fund_source=command.fund_source,
        programme=command.programme,
        year=command.year,
    )
    if budget.line not in (None, line):
        raise ANOTHER_LINE(field="budget_id")
    if command.amount_fen <= 0:
        raise AMOUNT(field="amount_fen")
    if not command.document_no.strip():
        raise DOCUMENT_MISSING(field="document_no")
    if (before := budget.documents.get(command.document_no)) is not None:
        if before == command.amount_fen:
            return []
        raise DOCUMENT_USED(field="document_no", amount=format_yuan(before))
    return [
        BudgetAllocated(
            budget_id=command.budget_id,
            organisation_id=command.organisation_id,
            fund_source=command.fund_source,
            programme=command.programme,
            year=command.year,
            document_no=command.document_no,
            amount_fen=command.amount_fen,
            effective_on=command.allocated_on,
        )
    ]


def reserve(budget: Budget, budget_id: str, grant_id: str, amount_fen: int, day: date) -> BudgetReserved:
    """What a proposed grant holds back. Refused: budget.unknown, budget.short (names what is missing)."""
    if budget.line is None:
        raise UNKNOWN(field="budget_id")
    if amount_fen > budget.free_fen:
        missing, free = format_yuan(amount_fen - budget.free_fen), format_yuan(budget.free_fen)
        raise SHORT(field="budget_id", missing=missing, free=free)
    return BudgetReserved(budget_id=budget_id, grant_id=grant_id, amount_fen=amount_fen, effective_on=day)


def commit(budget_id: str, grant_id: str, amount_fen: int, day: date) -> BudgetCommitted:
    """What an approved grant is bound to: it was reserved before, so nothing can be missing."""
    return BudgetCommitted(budget_id=budget_id, grant_id=grant_id, amount_fen=amount_fen, effective_on=day)


def spend(budget_id: str, grant_id: str, amount_fen: int, day: date) -> BudgetSpent:
    """What a confirmed payment used up: it was committed before."""
    return BudgetSpent(budget_id=budget_id, grant_id=grant_id, amount_fen=amount_fen, effective_on=day)


def release(budget_id: str, grant_id: str, stage: Stage, amount_fen: int, day: date) -> BudgetReleased:
    """What a refused or withdrawn grant gives back; ``stage`` is where it stood."""
    return BudgetReleased(
        budget_id=budget_id, grant_id=grant_id, stage=stage, amount_fen=amount_fen, effective_on=day
    )


def restore(budget_id: str, grant_id: str, amount_fen: int, day: date) -> BudgetRestored:
    """What a returned or reversed payment brings back to committed: it was spent before."""
    return BudgetRestored(budget_id=budget_id, grant_id=grant_id, amount_fen=amount_fen, effective_on=day)


def evolve(budget: Budget, event: BudgetEvent) -> Budget:
    amount_fen = event.amount_fen
    match event:
        case BudgetAllocated():
            return replace(
                budget,
                line=Line(
                    organisation_id=event.organisation_id,
                    fund_source=event.fund_source,
                    programme=event.programme,
                    year=event.year,
                ),
                documents={**budget.documents, event.document_no: amount_fen},
                allocated_fen=budget.allocated_fen + amount_fen,
            )
        case BudgetReserved():
            return replace(budget, reserved_fen=budget.reserved_fen + amount_fen)
        case BudgetCommitted():
            return replace(
                budget,
                reserved_fen=budget.reserved_fen - amount_fen,
                committed_fen=budget.committed_fen + amount_fen,
            )
        case BudgetSpent():
            return replace(
                budget,
                committed_fen=budget.committed_fen - amount_fen,
                spent_fen=budget.spent_fen + amount_fen,
            )
        case BudgetReleased(stage="reserved"):
            return replace(budget, reserved_fen=budget.reserved_fen - amount_fen)
        case BudgetReleased():
            return replace(budget, committed_fen=budget.committed_fen - amount_fen)
        case BudgetRestored():
            return replace(
                budget,
                committed_fen=budget.committed_fen + amount_fen,
                spent_fen=budget.spent_fen - amount_fen,
            )
        case _:
            assert_never(event)


def unique_keys(budget: Budget) -> Mapping[str, Refusal]:
    if (line := budget.line) is None:
        return {}
    return {f"budget_line/{line.fund_source}/{line.programme}/{line.organisation_id}/{line.year}": LINE_TAKEN}


budget = Decider("budget", "budget_id", AllocateBudget, BudgetEvent, Budget(), decide, evolve, unique_keys)
