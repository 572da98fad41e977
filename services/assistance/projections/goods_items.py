"""Goods in kind as stock: one row for each item, and how many packages of it are left."""

from typing import Any

from sqlalchemy import Column, Connection, MetaData, Table, Text

from services.assistance.events.goods import GoodsReceived, StockPutBack, StockTaken
from shared.log.envelope import Envelope
from shared.log.tables import Number
from shared.projections.projection import Projection, Row
from shared.runtime.paging import PageLimit
from shared.runtime.scopes import Reach

table = Table(
    "goods_items",
    MetaData(),
    Column("item_id", Text, primary_key=True),
    Column("organisation_id", Text, nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("unit_value_fen", Number, nullable=False),
    Column("source", Text, nullable=False),
    Column("stock", Number, nullable=False, default=0),
    Column("position", Number, nullable=False),
)
COPIED = ("organisation_id", "name", "unit", "unit_value_fen", "source")

goods_items = Projection(table, source="assistance", key="item_id")


@goods_items.on(GoodsReceived)
def received(row: Row, event: GoodsReceived, envelope: Envelope) -> Row:
    copied = {name: getattr(event, name) for name in COPIED}
    position = row["position"] or envelope.position
    return row | copied | {"stock": row["stock"] + event.quantity, "position": position}


@goods_items.on(StockTaken)
def taken(row: Row, event: StockTaken, envelope: Envelope) -> Row:
    return row | {"stock": row["stock"] - event.quantity}


@goods_items.on(StockPutBack)
def put_back(row: Row, event: StockPutBack, envelope: Envelope) -> Row:
    return row | {"stock": row["stock"] + event.quantity}


def goods_stock(
    connection: Connection, *, reach: Reach, after: int = 0, limit: PageLimit = 500
) -> list[dict[str, Any]]:
    """The items that an organisation and all below it keep, also those of which nothing is left.

    They come in the order in which they first came in.

    Args:
        after: the position behind which to go on; ``limit``: the most rows, 1,000 at most.
    """
    wanted = reach.page(table, after, limit)
    return [dict(row) for row in connection.execute(wanted).mappings()]
