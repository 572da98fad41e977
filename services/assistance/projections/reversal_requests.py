"""Reversals that were asked for and wait for a decision: one row for each payment."""

from typing import Any

from sqlalchemy import Column, Connection, Date, MetaData, Table, Text

from services.assistance.events.payment import (
    PaymentReturned,
    PaymentReversed,
    ReversalRefused,
    ReversalRequested,
    ReversalWithdrawn,
)
from shared.log.envelope import Envelope
from shared.log.tables import Number
from shared.projections.projection import Projection, Row
from shared.runtime.paging import PageLimit
from shared.runtime.scopes import Reach

table = Table(
    "reversal_requests",
    MetaData(),
    Column("grant_id", Text, primary_key=True),
    Column("line_id", Text, nullable=False),
    Column("batch_id", Text, nullable=False),
    Column("organisation_id", Text, nullable=False, index=True),
    Column("file_id", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("amount_fen", Number, nullable=False),
    Column("reversed_fen", Number, nullable=False),
    Column("reason", Text, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("requested_on", Date, nullable=False),
    Column("position", Number, nullable=False),
)
COPIED = (
    "line_id",
    "batch_id",
    "organisation_id",
    "file_id",
    "person_id",
    "amount_fen",
    "reversed_fen",
    "reason",
    "requested_by",
)

reversal_requests = Projection(table, source="assistance", key="grant_id")


@reversal_requests.on(ReversalRequested)
def requested(row: Row, event: ReversalRequested, envelope: Envelope) -> Row:
    copied = {name: getattr(event, name) for name in COPIED}
    return row | copied | {"requested_on": event.effective_on, "position": envelope.position}


def ended(row: Row, event: Any, envelope: Envelope) -> None:
    return None


# A request falls with the payment that came back.
for event_type in (ReversalWithdrawn, ReversalRefused, PaymentReversed, PaymentReturned):
    reversal_requests.on(event_type)(ended)


def reversals_waiting(
    connection: Connection, *, reach: Reach, after: int = 0, limit: PageLimit = 500
) -> list[dict[str, Any]]:
    """Reversals of an organisation's payments, and of all below it, that nobody has decided on.

    They come in the order in which they were asked for.

    Args:
        after: the position behind which to go on; ``limit``: the most rows, 1,000 at most.
    """
    wanted = reach.page(table, after, limit)
    return [dict(row) for row in connection.execute(wanted).mappings()]
