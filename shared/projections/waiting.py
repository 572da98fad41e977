"""Reading one's own writes: waiting until projections have come as far as an answer told."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from shared.log.store import Store
from shared.projections import checkpoints
from shared.projections.feed import Feed

LOOK_EVERY_SECONDS = 0.01
LOOK_SECONDS_MAX = 0.03
AWAITED_SECONDS_MAX = 2.0
"""How long is waited for what a caller names and nobody here knows yet."""


class NotYetError(Exception):
    """The projection has not come that far within the time limit."""


class OtherEpochError(Exception):
    """That position was not recorded in that epoch: the source was brought back from a copy meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtLeast:
    """What a query shall know at least: the source, epoch and position that an answer to a command told."""

    source: str
    epoch: int
    position: int


def wait_for(store: Store, subscription: str, position: int, seconds_max: float) -> None:
    """Return once a subscription has reached a position of its feed; no transaction is held.

    Args:
        subscription: its stored name.

    Raises:
        NotYetError: it has not within the time limit.
    """
    deadline = time.monotonic() + seconds_max
    while True:
        with store.read() as connection:
            if checkpoints.position_of(connection, subscription) >= position:
                return
        if time.monotonic() > deadline:
            raise NotYetError(subscription)
        time.sleep(LOOK_EVERY_SECONDS)


def wait_until_level(store: Store, feed: Feed, subscription: str) -> None:
    """Return once a subscription knows all that its feed holds now, or after AWAITED_SECONDS_MAX.

    For whoever did not find what may only not have arrived yet, and looks again.
    """
    with store.read() as connection:
        head = feed.position(connection)
    with suppress(NotYetError):
        wait_for(store, subscription, head, AWAITED_SECONDS_MAX)


def wait_until_known(
    store: Store, feed: Feed, subscriptions: Sequence[str], at_least: AtLeast, seconds_max: float
) -> None:
    """Return once all subscriptions to a feed have reached a position of an epoch; no transaction is held.

    Args:
        subscriptions: their stored names; at least one.

    Raises:
        OtherEpochError: what stands there, or will, is of another epoch.
        NotYetError: they have not within the time limit.
    """
    deadline = time.monotonic() + seconds_max
    wait_seconds = LOOK_EVERY_SECONDS
    while True:
        with store.read() as connection:
            reached = min(checkpoints.position_of(connection, each) for each in subscriptions)
            known = min(reached, at_least.position)
            # What stands at the position itself decides, and not how far the source has come since.
            page = feed.page(connection, known - 1, 1) if known > 0 else []
            epoch = page[0].facts.epoch if page else 0
        is_reached = reached >= at_least.position
        if page and (epoch > at_least.epoch or (is_reached and epoch != at_least.epoch)):
            raise OtherEpochError(feed.source)
        if is_reached:
            return
        if time.monotonic() > deadline:
            raise NotYetError(feed.source)
        time.sleep(wait_seconds)
        wait_seconds = min(2 * wait_seconds, LOOK_SECONDS_MAX)
