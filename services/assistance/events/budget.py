"""The events of budgets: what was allocated, and where each fen of it stands for which grant."""

from datetime import date
from typing import Literal

from services.assistance.events.campaign import Programme
from shared.rules.message import message
from shared.rules.personal import PublicText

FundSource = Literal[
    "central_fiscal",
    "provincial_fiscal",
    "municipal_fiscal",
    "district_fiscal",
    "union_funds",
    "donation",
    "employer",
    "interest",
    "other",
]
Stage = Literal["reserved", "committed"]


@message
class BudgetAllocated:
    budget_id: str
    organisation_id: str
    fund_source: FundSource
    programme: Programme
    year: int
    document_no: PublicText
    amount_fen: int
    effective_on: date


@message
class BudgetReserved:
    budget_id: str
    grant_id: str
    amount_fen: int
    effective_on: date


@message
class BudgetCommitted:
    """Moves an amount from reserved to committed: the grant was approved."""

    budget_id: str
    grant_id: str
    amount_fen: int
    effective_on: date


@message
class BudgetSpent:
    """Moves an amount from committed to spent: the bank confirmed the payment."""

    budget_id: str
    grant_id: str
    amount_fen: int
    effective_on: date


@message
class BudgetReleased:
    """Makes an amount free again: the grant was refused, withdrawn or given up."""

    budget_id: str
    grant_id: str
    stage: Stage
    amount_fen: int
    effective_on: date


@message
class BudgetRestored:
    """Moves an amount from spent back to committed: a confirmed payment came back or was reversed."""

    budget_id: str
    grant_id: str
    amount_fen: int
    effective_on: date
