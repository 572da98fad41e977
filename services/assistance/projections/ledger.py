"""The ledger: one row for each posting, the balance of each account, and the trial balance."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Date,
    Integer,
    MetaData,
    Table,
    Text,
    case,
    func,
    select,
    true,
)

from services.assistance.projections.postings import POSTINGS, postings
from shared.log.envelope import Envelope
from shared.log.tables import Number
from shared.projections.projection import Key, Projection, Row
from shared.runtime.paging import PAGE_MOST, PageLimit

TOLD = ("organisation_id", "programme", "budget_id", "batch_id", "grant_id", "line_id")
"""What an entry tells of its event, where the event tells it."""

entries_table = Table(
    "ledger_entries",
    MetaData(),
    Column("position", Number, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True),
    Column("event", Text, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("account", Text, nullable=False),
    Column("amount_fen", Number, nullable=False),
    Column("organisation_id", Text),
    Column("programme", Text),
    Column("budget_id", Text),
    Column("batch_id", Text),
    Column("grant_id", Text, index=True),
    Column("line_id", Text),
)
balances_table = Table(
    "ledger_balances",
    MetaData(),
    Column("account", Text, primary_key=True),
    Column("debit_fen", Number, nullable=False, default=0),
    Column("credit_fen", Number, nullable=False, default=0),
    Column("position", Number, nullable=False, default=0),
)


def numbers(event: Any, envelope: Envelope) -> Iterable[Key]:
    return ((envelope.position, number) for number in range(len(postings(event))))


def accounts(event: Any, _: Envelope) -> Iterable[Key]:
    return ((each.account,) for each in postings(event))


ledger_entries = Projection(entries_table, source="assistance", key=numbers)
ledger_balances = Projection(balances_table, source="assistance", key=accounts)


def entered(row: Row, event: Any, envelope: Envelope) -> Row:
    posting = postings(event)[row["number"]]
    return row | {
        "event": envelope.type,
        "effective_on": event.effective_on,
        "account": posting.account,
        "amount_fen": posting.amount_fen,
        **{name: getattr(event, name, None) for name in TOLD},
    }


def balanced(row: Row, event: Any, envelope: Envelope) -> Row:
    amount_fen = sum(each.amount_fen for each in postings(event) if each.account == row["account"])
    return row | {
        "debit_fen": row["debit_fen"] + max(amount_fen, 0),
        "credit_fen": row["credit_fen"] + max(-amount_fen, 0),
        "position": envelope.position,
    }


for event_type in POSTINGS:
    ledger_entries.on(event_type)(entered)
    ledger_balances.on(event_type)(balanced)


def trial_balance(connection: Connection, *, until: date | None = None) -> dict[str, Any]:
    """What each account was debited and credited, in all or until the end of a day; their difference is 0."""
    if until is None:
        rows = connection.execute(select(balances_table).order_by(balances_table.c.account))
    else:
        amount = entries_table.c.amount_fen
        rows = connection.execute(
            select(
                entries_table.c.account,
                func.sum(case((amount > 0, amount), else_=0)).label("debit_fen"),
                func.sum(case((amount < 0, -amount), else_=0)).label("credit_fen"),
            )
            .where(entries_table.c.effective_on <= until)
            .group_by(entries_table.c.account)
            .order_by(entries_table.c.account)
        )
    told = [
        {
            "account": row["account"],
            "debit_fen": int(row["debit_fen"]),
            "credit_fen": int(row["credit_fen"]),
            "balance_fen": int(row["debit_fen"] - row["credit_fen"]),
        }
        for row in rows.mappings()
    ]
    return {"accounts": told, "difference_fen": sum(each["balance_fen"] for each in told)}


def ledger_of_grant(
    connection: Connection, *, grant_id: str, after: int = 0, limit: PageLimit = PAGE_MOST
) -> list[dict[str, Any]]:
    """The entries about one grant, in their order: those of the next ``limit`` events after a position."""
    of_grant = entries_table.c.grant_id == grant_id
    return [as_plain(row) for row in entries_after(connection, after, limit, of_grant)]


def entries_after(
    connection: Connection, after: int, limit: int, which: ColumnElement[bool] | None = None
) -> list[dict[str, Any]]:
    """The entries of the next events that posted anything, whole events only.

    Args:
        after: a position.
        limit: how many events at most.
        which: only of these entries; None: of all.
    """
    wanted = (entries_table.c.position > after, true() if which is None else which)
    positions = (
        select(entries_table.c.position)
        .where(*wanted)
        .group_by(entries_table.c.position)
        .order_by(entries_table.c.position)
        .limit(limit)
    )
    last = connection.scalar(select(func.max(positions.subquery().c.position)))
    if last is None:
        return []
    rows = connection.execute(
        select(entries_table)
        .where(*wanted, entries_table.c.position <= last)
        .order_by(entries_table.c.position, entries_table.c.number)
    )
    return [dict(row) for row in rows.mappings()]


def as_plain(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"effective_on": row["effective_on"].isoformat()}
