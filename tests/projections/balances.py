"""Projections over the language of funds, and what their rows must be, worked out apart from them."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column, Integer, MetaData, Table, Text, select

from shared.log.envelope import Envelope
from shared.log.store import Store
from shared.projections.following import prepare_projection
from shared.projections.projection import Projection, Row
from tests.log.fund import Added, Noted, Spent

BIGGEST_FEN = 1_000_000_000
Rows = dict[tuple[Any, ...], Row]


def balances(version: int = 1, *, spent_twice: bool = False, refuses_notes: bool = False) -> Projection:
    """One row per fund: its balance and the number of its movements.

    Args:
        spent_twice: a mistake in the function: what is spent is taken off twice.
        refuses_notes: a mistake that cannot bear one type of event.
    """
    table = Table(
        "balances",
        MetaData(),
        Column("fund_id", Text, primary_key=True),
        Column("balance_fen", Integer, nullable=False, default=0),
        Column("movements", Integer, nullable=False, default=0),
    )
    made = Projection(table, source="fund", key="fund_id", version=version)

    @made.on(Added)
    def added(row: Row, event: Added, envelope: Envelope) -> Row:
        return moved(row, event.amount_fen)

    @made.on(Spent)
    def spent(row: Row, event: Spent, envelope: Envelope) -> Row:
        return moved(row, -event.amount_fen * (2 if spent_twice else 1))

    if refuses_notes:

        @made.on(Noted)
        def noted(row: Row, event: Noted, envelope: Envelope) -> Row:
            raise ZeroDivisionError

    return made


def moved(row: Row, amount_fen: int) -> Row:
    return row | {"balance_fen": row["balance_fen"] + amount_fen, "movements": row["movements"] + 1}


def expected(events: Iterable[Envelope]) -> Rows:
    """The rows of ``balances`` after some events, added up by hand."""
    rows: Rows = {}
    for envelope in events:
        if envelope.type not in ("Added", "Spent"):
            continue
        data = envelope.facts.data
        row = rows.setdefault(
            (data["fund_id"],), {"fund_id": data["fund_id"], "balance_fen": 0, "movements": 0}
        )
        row["balance_fen"] += data["amount_fen"] if envelope.type == "Added" else -data["amount_fen"]
        row["movements"] += 1
    return rows


def rows_of(store: Store, projection: Projection) -> Rows:
    """The live rows by key."""
    with store.read() as connection:
        found = connection.execute(select(projection.table)).mappings().all()
    return {tuple(row[name] for name in projection.key_columns): dict(row) for row in found}


def prepared(store: Store, *projections: Projection) -> None:
    with store.write() as connection:
        for each in projections:
            prepare_projection(connection, each)
