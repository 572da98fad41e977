"""Facts: what a command's rules may look up in this service's projections, told before they decide."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from shared.projections import checkpoints
from shared.projections.projection import Projection
from shared.projections.waiting import AWAITED_SECONDS_MAX, LOOK_EVERY_SECONDS
from shared.rules.context import Fact
from shared.runtime.house import House

Find = Callable[[Connection, Sequence[Any]], Sequence[Any]]
"""Finds plain JSON data for each of several commands."""


@dataclass(frozen=True, slots=True)
class LookUp:
    """One fact of a command, named beside it in its service's interface.

    Args:
        name: under which the rules ask for it.
        projection: whose rows are read.
        find: reads them.
        awaited: where it finds None, what it looks for may only not have arrived yet: it is waited for.
    """

    name: str
    projection: Projection
    find: Find
    awaited: bool = False


def look_up(house: House, look_ups: Sequence[LookUp], commands: Sequence[Any]) -> list[dict[str, Fact]]:
    """The facts of each command, each with the feed's position up to which it was surely known.

    Waits for a fact that is ``awaited`` and not there, AWAITED_SECONDS_MAX at most; no transaction is held.

    Raises:
        SQLAlchemyError: the store is away.
    """
    told: list[dict[str, Fact]] = [{} for _ in commands]
    if not look_ups or not commands:
        return told
    for each in look_ups:
        position, values = _told(house, each, commands)
        for facts, value in zip(told, values, strict=True):
            facts[each.name] = Fact(value, each.projection.source, position)
    return told


def _told(house: House, each: LookUp, commands: Sequence[Any]) -> tuple[int, Sequence[Any]]:
    """Up to which position a fact is surely known, and its value for each command."""
    deadline = time.monotonic() + AWAITED_SECONDS_MAX
    while True:
        with house.store.read() as connection:
            # Read first: the rows may know more than that, never less.
            position = checkpoints.position_of(connection, each.projection.name)
            values = each.find(connection, commands)
        if None not in values or not each.awaited or time.monotonic() > deadline:
            return position, values
        time.sleep(LOOK_EVERY_SECONDS)
