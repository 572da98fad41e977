"""A reaction over the language of funds: what is added to ``order-a`` is to be spent from ``purse-a``."""

from collections.abc import Callable
from typing import Any

from shared.log.envelope import Envelope
from shared.projections import checkpoints, parking
from shared.projections.parking import Parked
from shared.projections.reacting import Act, ReactionFollower
from shared.projections.reaction import Reaction
from shared.rules.context import Actor
from shared.rules.skipped_reaction import SkipReaction
from shared.runtime.commands import Request
from tests.log.fund import Add, Added, Spend
from tests.log.house import CLERK, House

HOUSE = Actor("house")

orders = Reaction("standing_orders", source="fund")


@orders.on(Added)
def order_added(event: Added, envelope: Envelope) -> list[Spend]:
    kind, _, name = event.fund_id.partition("-")
    return [Spend(fund_id=f"purse-{name}", amount_fen=event.amount_fen)] if kind == "order" else []


def act_of(house: House) -> Act:
    """As a worker acts: in the name of the house, under the derived id."""

    def act(command: Any, command_id: str, envelope: Envelope) -> None:
        house.handler.handle(Request(command, HOUSE, command_id, causation_id=envelope.id))

    return act


def follower(house: House, act: Act | None = None) -> ReactionFollower:
    with house.store.write() as connection:
        checkpoints.begin(connection, orders.name, 1)
    return ReactionFollower(house.store, house.log, orders, act or act_of(house))


def recorder(house: House) -> Callable[[SkipReaction], None]:
    """Who skips does so in their own name."""

    def record(command: SkipReaction) -> None:
        house.handler.handle(Request(command, CLERK))

    return record


def order(house: House, name: str, *amounts_fen: int) -> None:
    house.send_many(*(Add(fund_id=f"order-{name}", amount_fen=each) for each in amounts_fen))


def fill(house: House, name: str, amount_fen: int = 1_000) -> None:
    house.send(Add(fund_id=f"purse-{name}", amount_fen=amount_fen))


def spent(house: House, name: str) -> list[int]:
    """What was spent from a purse, in order."""
    return [
        each.facts.data["amount_fen"]
        for each in house.log.stream(f"fund/purse-{name}")
        if each.type == "Spent"
    ]


def parked(house: House) -> list[Parked]:
    with house.store.read() as connection:
        return parking.list_parked(connection)


def checkpoint(house: House) -> int:
    with house.store.read() as connection:
        return checkpoints.position_of(connection, orders.name)
