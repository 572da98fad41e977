"""Payments: one row for each aid grant whose money has reached its beneficiary, net of what came back."""

from sqlalchemy import Column, Date, MetaData, Table, Text

from services.assistance.events.payment import PaymentConfirmed, PaymentReturned, PaymentReversed
from services.reporting.projections.positions import also_told_by, told_by
from shared.log.envelope import Envelope
from shared.log.tables import Number
from shared.projections.projection import Projection, Row

table = Table(
    "payments",
    MetaData(),
    Column("grant_id", Text, primary_key=True),
    Column("organisation_id", Text, nullable=False, index=True),
    Column("programme", Text, nullable=False),
    Column("campaign_id", Text, nullable=False),
    Column("file_id", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("amount_fen", Number, nullable=False),
    Column("paid_on", Date, nullable=False, index=True),
    Column("position", Number, nullable=False),
    Column("positions", Text, nullable=False),
)

payments = Projection(table, source="assistance", key="grant_id", version=2)


@payments.on(PaymentConfirmed)
def confirmed(row: Row, event: PaymentConfirmed, envelope: Envelope) -> Row:
    return row | {
        "organisation_id": event.organisation_id,
        "programme": event.programme,
        "campaign_id": event.campaign_id,
        "file_id": event.file_id,
        "person_id": event.person_id,
        "amount_fen": event.amount_fen,
        "paid_on": event.effective_on,
        **told_by(envelope),
    }


@payments.on(PaymentReturned)
def returned(row: Row, event: PaymentReturned, envelope: Envelope) -> None:
    return None


@payments.on(PaymentReversed)
def reversed_(row: Row, event: PaymentReversed, envelope: Envelope) -> Row | None:
    """What is left after a part came back is still one payment; a whole reversal leaves none."""
    left = (row["amount_fen"] or 0) - event.reversed_fen
    return row | {"amount_fen": left} | also_told_by(row, envelope) if left > 0 else None
