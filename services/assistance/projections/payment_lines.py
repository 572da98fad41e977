"""The lines of payment batches: one row for each attempt to pay a grant, and what has become of it."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Boolean, Column, Date, Integer, MetaData, Table, Text

from services.assistance.events.payment import (
    ContradictionSettled,
    OverpaymentFound,
    OverpaymentRepaid,
    OverpaymentReturned,
    PaymentConfirmed,
    PaymentContradicted,
    PaymentFailed,
    PaymentPrepared,
    PaymentReleased,
    PaymentReturned,
    PaymentReversed,
    PaymentWithdrawn,
)
from shared.log.envelope import Envelope
from shared.log.tables import Number
from shared.projections.projection import Projection, Row

table = Table(
    "payment_lines",
    MetaData(),
    Column("line_id", Text, primary_key=True),
    Column("batch_id", Text, nullable=False, index=True),
    Column("grant_id", Text, nullable=False, index=True),
    Column("attempt", Integer, nullable=False),
    Column("file_id", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("holder_id", Text, nullable=False),
    Column("account_version", Integer, nullable=False),
    Column("grant_version", Integer, nullable=False),
    Column("file_version", Integer, nullable=False),
    Column("amount_fen", Number, nullable=False),
    Column("status", Text, nullable=False),
    Column("contradicted", Boolean, nullable=False, default=False),
    Column("prepared_on", Date, nullable=False),
)
COPIED = (
    "batch_id",
    "grant_id",
    "attempt",
    "file_id",
    "person_id",
    "holder_id",
    "account_version",
    "grant_version",
    "file_version",
    "amount_fen",
)
CAME_BACK = ("failed", "returned")
"""The statuses after which the grant may be paid by another line."""

payment_lines = Projection(table, source="assistance", key="line_id")


@payment_lines.on(PaymentPrepared)
def prepared(row: Row, event: PaymentPrepared, envelope: Envelope) -> Row:
    copied = {name: getattr(event, name) for name in COPIED}
    return row | copied | {"status": "prepared", "prepared_on": event.effective_on}


@payment_lines.on(PaymentWithdrawn)
def withdrawn(row: Row, event: PaymentWithdrawn, envelope: Envelope) -> None:
    return None


def changed(row: Row, event: Any, envelope: Envelope) -> Row:
    return row | CHANGES[type(event)](event)


CHANGES: Mapping[type[Any], Callable[[Any], Row]] = {
    PaymentReleased: lambda _: {"status": "released"},
    PaymentConfirmed: lambda _: {"status": "confirmed"},
    PaymentFailed: lambda event: {"status": "failed" if event.final else "in_doubt"},
    PaymentReturned: lambda _: {"status": "returned"},
    PaymentReversed: lambda _: {"status": "reversed"},
    OverpaymentFound: lambda _: {"status": "overpaid"},
    OverpaymentReturned: lambda _: {"status": "returned"},
    OverpaymentRepaid: lambda _: {"status": "repaid"},
    PaymentContradicted: lambda _: {"contradicted": True},
    ContradictionSettled: lambda _: {"contradicted": False},
}
for event_type in CHANGES:
    payment_lines.on(event_type)(changed)
