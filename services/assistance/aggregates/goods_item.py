"""Goods in kind as stock: what came in of one item, and how many packages are left."""

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import date
from typing import assert_never

from services.assistance.events.goods import GoodsReceived, GoodsSource, StockPutBack, StockTaken
from shared.rules.context import Context
from shared.rules.decider import Decider
from shared.rules.message import message
from shared.rules.personal import PublicText
from shared.rules.refusal import Refusal

UNKNOWN = Refusal("goods_item.unknown", zh="该物资未入库", en="nothing of this item has come in")
ANOTHER_ITEM = Refusal(
    "goods_item.another_item",
    zh="该物资编号已用于另一种物资（名称、单位、单价或来源不同），应另立编号",
    en="this item id stands for other goods: name, unit, value or source differ; give them their own",
)
ANOTHER_ORGANISATION = Refusal(
    "goods_item.another_organisation", zh="该物资由其他工会保管", en="another organisation keeps these goods"
)
QUANTITY = Refusal("goods_item.quantity", zh="数量须大于零", en="a quantity is more than nothing")
VALUE = Refusal("goods_item.value", zh="单价不能为负", en="a package is worth nothing or more")
DOCUMENT_MISSING = Refusal(
    "goods_item.document_missing", zh="入库须注明单据号", en="goods come in on a document; name it"
)
DOCUMENT_USED = Refusal(
    "goods_item.document_used",
    zh="该单据已入库{quantity}份，数量不同",
    en="{quantity} packages came in on this document, another quantity",
)
STOCK_SHORT = Refusal(
    "goods_item.stock_short",
    zh="库存不足：现有{stock}{unit}，还差{missing}{unit}",
    en="the stock of {stock} is short of {missing}",
)


@message
class ReceiveGoods:
    item_id: str
    organisation_id: str
    name: PublicText
    unit: PublicText
    unit_value_fen: int
    quantity: int
    source: GoodsSource
    document_no: PublicText
    received_on: date


@message
class Goods:
    """What an item is."""

    organisation_id: str
    name: PublicText
    unit: PublicText
    unit_value_fen: int
    source: GoodsSource


@message
class GoodsItem:
    """``documents``: the quantity that came in on each; issues leave no trace here but in the stock."""

    goods: Goods | None = None
    documents: Mapping[str, int] = field(default_factory=dict)
    stock: int = 0


GoodsItemEvent = GoodsReceived | StockTaken | StockPutBack


def decide(command: ReceiveGoods, item: GoodsItem, context: Context) -> list[GoodsItemEvent]:
    """Source: handbook, assistance 2.5."""
    goods = Goods(
        organisation_id=command.organisation_id,
        name=command.name,
        unit=command.unit,
        unit_value_fen=command.unit_value_fen,
        source=command.source,
    )
    if item.goods not in (None, goods):
        raise ANOTHER_ITEM(field="item_id")
    if command.quantity <= 0:
        raise QUANTITY(field="quantity")
    if command.unit_value_fen < 0:
        raise VALUE(field="unit_value_fen")
    if not command.document_no.strip():
        raise DOCUMENT_MISSING(field="document_no")
    if (before := item.documents.get(command.document_no)) is not None:
        if before == command.quantity:
            return []
        raise DOCUMENT_USED(field="document_no", quantity=before)
    return [
        GoodsReceived(
            item_id=command.item_id,
            organisation_id=command.organisation_id,
            name=command.name,
            unit=command.unit,
            unit_value_fen=command.unit_value_fen,
            quantity=command.quantity,
            source=command.source,
            document_no=command.document_no,
            effective_on=command.received_on,
        )
    ]


def take(item: GoodsItem, item_id: str, issue_id: str, quantity: int, day: date) -> StockTaken:
    """What an issue takes. Refused: goods_item.quantity, goods_item.stock_short (names what is missing)."""
    if quantity <= 0:
        raise QUANTITY(field="quantity")
    if quantity > item.stock:
        unit = item.goods.unit if item.goods is not None else ""
        raise STOCK_SHORT(field="quantity", stock=item.stock, missing=quantity - item.stock, unit=unit)
    return StockTaken(item_id=item_id, issue_id=issue_id, quantity=quantity, effective_on=day)


def evolve(item: GoodsItem, event: GoodsItemEvent) -> GoodsItem:
    match event:
        case GoodsReceived():
            return GoodsItem(
                goods=Goods(
                    organisation_id=event.organisation_id,
                    name=event.name,
                    unit=event.unit,
                    unit_value_fen=event.unit_value_fen,
                    source=event.source,
                ),
                documents={**item.documents, event.document_no: event.quantity},
                stock=item.stock + event.quantity,
            )
        case StockTaken():
            return replace(item, stock=item.stock - event.quantity)
        case StockPutBack():
            return replace(item, stock=item.stock + event.quantity)
        case _:
            assert_never(event)


goods_item = Decider("goods_item", "item_id", ReceiveGoods, GoodsItemEvent, GoodsItem(), decide, evolve)
