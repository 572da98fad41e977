"""Goods issues: one row for each line of a signature list, net of what was returned."""

from sqlalchemy import Column, Date, Integer, MetaData, Table, Text

from services.assistance.events.goods import GoodsIssued, GoodsReturned
from services.reporting.projections.positions import also_told_by, told_by
from shared.log.envelope import Envelope
from shared.log.tables import Number
from shared.projections.projection import Projection, Row

table = Table(
    "goods_issues",
    MetaData(),
    Column("issue_id", Text, primary_key=True),
    Column("organisation_id", Text, nullable=False, index=True),
    Column("item_id", Text, nullable=False),
    Column("file_id", Text, nullable=False),
    Column("packages", Integer, nullable=False),
    Column("value_fen", Number, nullable=False),
    Column("issued_on", Date, nullable=False, index=True),
    Column("position", Number, nullable=False),
    Column("positions", Text, nullable=False),
)

goods_issues = Projection(table, source="assistance", key="issue_id", version=2)


@goods_issues.on(GoodsIssued)
def issued(row: Row, event: GoodsIssued, envelope: Envelope) -> Row:
    return row | {
        "organisation_id": event.organisation_id,
        "item_id": event.item_id,
        "file_id": event.file_id,
        "packages": event.quantity,
        "value_fen": event.value_fen,
        "issued_on": event.effective_on,
        **told_by(envelope),
    }


@goods_issues.on(GoodsReturned)
def returned(row: Row, event: GoodsReturned, envelope: Envelope) -> Row | None:
    """Packages that came back were not given; who gave all of them back received none."""
    left = {"packages": row["packages"] - event.quantity, "value_fen": row["value_fen"] - event.value_fen}
    return row | left | also_told_by(row, envelope) if left["packages"] else None
