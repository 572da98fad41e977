"""Running reactions: act first, then move the checkpoint; derived command ids make repeats harmless."""

import time
from collections.abc import Callable
from typing import Any

from shared.log.entry import Unavailable
from shared.log.envelope import Envelope
from shared.log.store import Store
from shared.projections import checkpoints, parking
from shared.projections.feed import Feed
from shared.projections.parking import WAITS, Parked
from shared.projections.reaction import Reaction, derived_command_id

PAGE = 100
TRIES_MOST = 5
RETRY_WAIT_SECONDS = 0.1

Act = Callable[[Any, str, Envelope], None]
"""Has a command decided: command, derived id, the event that caused it. Raises Refused, Unavailable."""


class ReactionFollower:
    """Keeps one reaction level with its feed. It holds no transaction while it acts."""

    def __init__(self, store: Store, feed: Feed, reaction: Reaction, act: Act) -> None:
        self.name = reaction.name
        self._store = store
        self._feed = feed
        self._reaction = reaction
        self._act = act

    def step(self) -> bool:
        """React to the next page of events; whether there was anything to do.

        Raises:
            Unavailable: the log did not answer; nothing is parked for that, the step is to be repeated.
        """
        with self._store.read() as connection:
            checkpoint = checkpoints.read(connection, self.name)
            if checkpoint is None:
                return False
            page = self._feed.page(connection, checkpoint.position, PAGE)
            held = parking.streams_held(connection, self.name)
        for envelope in page:
            if envelope.stream in held:
                self._park(envelope, WAITS, 0)
            elif (reason := self._try(envelope)) is not None:
                held.add(envelope.stream)
                self._park(envelope, reason, TRIES_MOST)
        if page:
            with self._store.write() as connection:
                checkpoints.move(connection, self.name, page[-1].position)
        return bool(page)

    def retry(self) -> list[Parked]:
        """Try what is parked again, each stream in its order; what is still parked afterwards."""
        with self._store.read() as connection:
            waiting = parking.list_parked(connection, self.name)
        held: set[str] = set()
        for each in waiting:
            if each.stream in held:
                continue
            with self._store.read() as connection:
                (envelope,) = self._feed.page(connection, each.position - 1, 1)
            if self._try(envelope) is None:
                with self._store.write() as connection:
                    parking.take_out(connection, self.name, each.position)
            else:
                held.add(each.stream)
        with self._store.read() as connection:
            return parking.list_parked(connection, self.name)

    def _try(self, envelope: Envelope) -> str | None:
        """React to one event; the reason why it could not be done, if so."""
        reason: str = ""
        for tried in range(TRIES_MOST):
            if tried:
                time.sleep(RETRY_WAIT_SECONDS * 2**tried)
            try:
                for number, command in enumerate(self._reaction.commands(envelope)):
                    self._act(command, derived_command_id(self.name, envelope, number), envelope)
            except Unavailable:
                raise
            except Exception as error:  # noqa: BLE001 - whatever a reaction raises parks its event only
                reason = str(getattr(error, "code", type(error).__name__))
            else:
                return None
        return reason

    def _park(self, envelope: Envelope, reason: str, tries: int) -> None:
        with self._store.write() as connection:
            if not parking.is_parked(connection, self.name, envelope.position):
                parking.park(connection, self.name, self._feed.source, [(envelope, reason, tries)])
