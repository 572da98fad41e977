"""Budgets as they stand: what was allocated, what grants hold of it and have spent, and what is left."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text

from services.assistance.events.budget import (
    BudgetAllocated,
    BudgetCommitted,
    BudgetReleased,
    BudgetReserved,
    BudgetRestored,
    BudgetSpent,
)
from shared.log.envelope import Envelope
from shared.log.tables import Number
from shared.projections.projection import Projection, Row
from shared.runtime.paging import PageLimit
from shared.runtime.scopes import Reach

table = Table(
    "budgets",
    MetaData(),
    Column("budget_id", Text, primary_key=True),
    Column("organisation_id", Text, nullable=False, index=True),
    Column("fund_source", Text, nullable=False),
    Column("programme", Text, nullable=False),
    Column("year", Integer, nullable=False),
    Column("allocated_fen", Number, nullable=False, default=0),
    Column("reserved_fen", Number, nullable=False, default=0),
    Column("committed_fen", Number, nullable=False, default=0),
    Column("spent_fen", Number, nullable=False, default=0),
    Column("position", Number, nullable=False),
)

budgets = Projection(table, source="assistance", key="budget_id")


@budgets.on(BudgetAllocated)
def allocated(row: Row, event: BudgetAllocated, envelope: Envelope) -> Row:
    return row | {
        "organisation_id": event.organisation_id,
        "fund_source": event.fund_source,
        "programme": event.programme,
        "year": event.year,
        "allocated_fen": row["allocated_fen"] + event.amount_fen,
        "position": row["position"] or envelope.position,
    }


def moved(row: Row, event: Any, envelope: Envelope) -> Row:
    return row | {name: row[name] + amount_fen for name, amount_fen in MOVES[type(event)](event).items()}


MOVES: Mapping[type[Any], Callable[[Any], Mapping[str, int]]] = {
    BudgetReserved: lambda event: {"reserved_fen": event.amount_fen},
    BudgetCommitted: lambda event: {"reserved_fen": -event.amount_fen, "committed_fen": event.amount_fen},
    BudgetSpent: lambda event: {"committed_fen": -event.amount_fen, "spent_fen": event.amount_fen},
    BudgetReleased: lambda event: {f"{event.stage}_fen": -event.amount_fen},
    BudgetRestored: lambda event: {"committed_fen": event.amount_fen, "spent_fen": -event.amount_fen},
}
"""What each type of event adds to where the money stands."""
for event_type in MOVES:
    budgets.on(event_type)(moved)


def budgets_left(
    connection: Connection, *, reach: Reach, year: int | None = None, after: int = 0, limit: PageLimit = 500
) -> list[dict[str, Any]]:
    """The budgets of an organisation and all below it, in the order in which they were first allocated.

    Args:
        after: the position behind which to go on; ``limit``: the most rows, 1,000 at most.

    Returns:
        For each also ``free_fen``, of which further grants may be proposed.

    Source: handbook, assistance 6: what is left is shown before approving.
    """
    wanted = reach.page(table, after, limit)
    if year is not None:
        wanted = wanted.where(table.c.year == year)
    return [dict(row) | {"free_fen": free_fen(dict(row))} for row in connection.execute(wanted).mappings()]


def free_fen(row: Row) -> int:
    left: int = row["allocated_fen"] - row["reserved_fen"] - row["committed_fen"] - row["spent_fen"]
    return left
