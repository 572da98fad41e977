"""The loop that keeps a service's projections and reactions level with their feeds."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from shared.log.store import Store
from shared.projections import checkpoints, parking
from shared.projections.feed import Feed

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

ERROR_WAIT_SECONDS = 0.5
LOOK_SECONDS = 1.0


class Follower(Protocol):
    """A projection or a reaction that follows a feed."""

    @property
    def name(self) -> str:
        """The subscription's stored name."""

    @property
    def feed(self) -> Feed:
        """What it follows."""

    def step(self) -> bool:
        """Do the next piece of work; whether there was any."""


class Subscriptions:
    """Runs followers in turn, in one thread; now and then it ends sessions of processes that stand still.

    Args:
        poll_seconds: how long at most an event may lie unseen when nobody wakes the loop.
    """

    def __init__(self, store: Store, followers: Sequence[Follower], poll_seconds: float) -> None:
        self._store = store
        self._followers = followers
        self._poll_seconds = poll_seconds
        self._woken = threading.Event()

    def wake(self) -> None:
        """Tell that there may be something new."""
        self._woken.set()

    def run(self, stop: threading.Event) -> None:
        """Keep all followers level until ``stop`` is set and ``wake`` called; an error is tried again."""
        looked_at = 0.0
        while not stop.is_set():
            self._woken.clear()
            if time.monotonic() > looked_at + LOOK_SECONDS:
                self._end_frozen()
                looked_at = time.monotonic()
            if not self.step():
                self._woken.wait(self._poll_seconds)

    def step(self) -> bool:
        """One piece of work of each follower that has any; whether there was any."""
        worked = False
        for follower in self._tried("look", self._those_with_work) or []:
            worked = self._tried(follower.name, follower.step) or worked
        return worked

    def _tried(self, name: str, work: Callable[[], Answer]) -> Answer | None:
        """What a piece of work answers; None if it failed: the others must go on."""
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
            # The type only: a message may hold what an event told.
            logger.warning("subscription %s failed: %s", name, type(error).__name__)
            self._woken.wait(ERROR_WAIT_SECONDS)
            return None

    def _those_with_work(self) -> list[Follower]:
        """Who is behind its feed or has something parked: asked at once and without any lock, so that an idle
        service stays idle.
        """
        feeds = {follower.feed.source: follower.feed for follower in self._followers}
        with self._store.read() as connection:
            reached = checkpoints.positions(connection)
            heads = {source: feed.position(connection) for source, feed in feeds.items()}
            parked = parking.subscriptions(connection)
        return [
            each
            for each in self._followers
            if reached.get(each.name, 0) < heads[each.feed.source] or each.name in parked
        ]

    def _end_frozen(self) -> None:
        try:
            ended = self._store.end_frozen()
        except SQLAlchemyError:
            return
        if ended:
            logger.warning("ended %d sessions of processes that stood still", ended)
