"""The journal: the ledger as text that hledger reads, checks strictly and adds up."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any, get_args

from sqlalchemy import Connection

from services.assistance.projections.ledger import entries_after
from services.assistance.projections.postings import Account
from shared.runtime.paging import PAGE_MOST, PageLimit
from shared.standards.money import plain_yuan

COMMODITY = "CNY"
OPENING = "\n".join(
    [
        f"commodity 1000.00 {COMMODITY}",
        *(f"account {account}" for account in get_args(Account)),
        "",
        "",
    ]
)
"""What a strict check wants to know beforehand."""


def journal_page(connection: Connection, *, after: int = 0, limit: PageLimit = PAGE_MOST) -> dict[str, Any]:
    """The next part of the journal: ``text``, its ``entries``, and the position ``after`` which to go on.

    The parts together are one journal; behind the last one ``after`` is what was asked for.
    """
    rows = entries_after(connection, after, limit)
    entries = [transaction(list(each)) for _, each in groupby(rows, lambda row: row["position"])]
    return {
        "text": (OPENING if after == 0 else "") + "".join(entries),
        "entries": len(entries),
        "after": rows[-1]["position"] if rows else after,
    }


def transaction(rows: Sequence[dict[str, Any]]) -> str:
    """One event's postings as a transaction of the journal."""
    first = rows[0]
    told = ", ".join(
        f"{name}:{first[name]}" for name in ("budget_id", "batch_id", "grant_id", "line_id") if first[name]
    )
    lines = [f"{first['effective_on'].isoformat()} ({first['position']}) {first['event']}  ; {told}"]
    lines += [f"    {row['account']}  {plain_yuan(row['amount_fen'])} {COMMODITY}" for row in rows]
    return "\n".join(lines) + "\n\n"
