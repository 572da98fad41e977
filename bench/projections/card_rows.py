"""Two neutral projections over the language of cards: one counts events, one has a row for each."""

from sqlalchemy import Column, Date, Integer, MetaData, Table, Text

from bench.log.cards import CardIssued
from shared.log.envelope import Envelope
from shared.projections.projection import Projection, Row


def counting() -> Projection:
    """A row per type of event, as the rival library's projection has it."""
    table = Table(
        "counts",
        MetaData(),
        Column("type", Text, primary_key=True),
        Column("events", Integer, nullable=False, default=0),
    )
    made = Projection(table, source="cards", key=lambda _, envelope: [(envelope.type,)])

    @made.on(CardIssued)
    def counted(row: Row, event: CardIssued, envelope: Envelope) -> Row:
        return row | {"events": row["events"] + 1}

    return made


def row_per_event() -> Projection:
    """A row for each card, with all of its fields that are not personal."""
    table = Table(
        "card_rows",
        MetaData(),
        Column("card_id", Text, primary_key=True),
        Column("person_id", Text, nullable=False),
        Column("organisation_id", Text, nullable=False),
        Column("issued_on", Date, nullable=False),
        Column("trade", Text, nullable=False),
        Column("position", Integer, nullable=False),
    )
    made = Projection(table, source="cards", key="card_id")

    @made.on(CardIssued)
    def issued(row: Row, event: CardIssued, envelope: Envelope) -> Row:
        return row | {
            "person_id": event.person_id,
            "organisation_id": event.organisation_id,
            "issued_on": event.effective_on,
            "trade": event.trade,
            "position": envelope.position,
        }

    return made


PROJECTIONS = {"counting": counting, "row_per_event": row_per_event}
