"""The events of goods in kind: stock that comes in, packages issued against signature, and returned ones."""

from datetime import date
from typing import Literal

from shared.rules.message import message
from shared.rules.personal import PublicText

GoodsSource = Literal["purchase", "donation"]
ProxyRelation = Literal["relative", "colleague", "neighbour", "union_worker", "other"]


@message
class GoodsReceived:
    """The first receipt says what the item is: name, unit and the value of one package."""

    item_id: str
    organisation_id: str
    name: PublicText
    unit: PublicText
    unit_value_fen: int
    quantity: int
    source: GoodsSource
    document_no: PublicText
    effective_on: date


@message
class StockTaken:
    """The item's side of an issue."""

    item_id: str
    issue_id: str
    quantity: int
    effective_on: date


@message
class StockPutBack:
    """The item's side of a return."""

    item_id: str
    issue_id: str
    quantity: int
    effective_on: date


@message
class GoodsIssued:
    """One line of a signature list; ``person_id`` signed, as proxy of the household where a relation is told.

    The value of a package is fixed with the issue.
    """

    issue_id: str
    organisation_id: str
    item_id: str
    file_id: str
    person_id: str
    proxy_relation: ProxyRelation | None
    quantity: int
    unit_value_fen: int
    value_fen: int
    source: GoodsSource
    issued_by: str
    witness_id: str
    effective_on: date


@message
class GoodsReturned:
    """Reduces what was issued, in packages and in value."""

    issue_id: str
    organisation_id: str
    item_id: str
    file_id: str
    quantity: int
    value_fen: int
    returned_to: str
    effective_on: date
