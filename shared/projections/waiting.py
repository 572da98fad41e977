"""Reading one's own writes: waiting until a projection has come as far as an answer told."""

import time
from dataclasses import dataclass

from sqlalchemy import Connection

from shared.log.store import Store
from shared.projections import checkpoints

LOOK_EVERY_SECONDS = 0.01


class NotYetError(Exception):
    """The projection has not come that far within the time limit."""


@dataclass(frozen=True, slots=True)
class AtLeast:
    """What a query shall know at least: the position that an answer of a service told."""

    source: str
    position: int


def wait_for(store: Store, subscription: str, position: int, seconds_max: float) -> None:
    """Return once a subscription has reached a position of its feed.

    Raises:
        NotYetError: it has not within the time limit.
    """
    deadline = time.monotonic() + seconds_max
    while True:
        with store.read() as connection:
            if _reached(connection, subscription) >= position:
                return
        if time.monotonic() > deadline:
            raise NotYetError(subscription)
        time.sleep(LOOK_EVERY_SECONDS)


def _reached(connection: Connection, subscription: str) -> int:
    checkpoint = checkpoints.read(connection, subscription)
    return 0 if checkpoint is None else checkpoint.position
