"""The relay: follows a service's log and publishes each of its events to the bus, at least once, in order."""

import logging
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select, text

from shared.bus.cloud_event import LARGEST_BYTES, message_of, source_of
from shared.bus.connecting import connected, event_exchange, is_embedded, next_wait
from shared.bus.publisher import Publisher
from shared.bus.turn import Turn
from shared.log.log import Log
from shared.log.tables import head
from shared.projections.tables import checkpoints

SUBSCRIPTION = "relay"
PAGE = 500
POLL_SECONDS = 0.05
EMBEDDED_POLL_SECONDS = 5.0
CHECKPOINT_SECONDS = 0.2
LOOK_SECONDS = 1.0

logger = logging.getLogger(__name__)

SAVE = text(
    "INSERT INTO checkpoints (subscription, position, version) VALUES (:subscription, :position, 1)"
    " ON CONFLICT (subscription) DO UPDATE SET position = excluded.position"
    " WHERE checkpoints.position < excluded.position"
)


@dataclass(frozen=True, slots=True)
class RelayFacts:
    """How the relay stands.

    Args:
        head: the log's last position when it was last looked at.
        confirmed: up to there the broker has everything.
        too_large: events that were not sent, for readers to pull.
        error: the name of what broke the connection last; None while connected.
    """

    connected: bool = False
    head: int = 0
    confirmed: int = 0
    too_large: int = 0
    error: str | None = None

    @property
    def lag(self) -> int:
        """How many events the broker does not have yet."""
        return max(self.head - self.confirmed, 0)


class Relay:
    """Publishes the events of one log. It belongs to one thread, in which ``run`` is called.

    The checkpoint moves only after the broker has confirmed; whatever lies between is published again after
    a crash, and readers pass over it. Of several relays on one log one publishes, as ``Turn`` says.

    Args:
        url: the bus.
        district: the district's code, for the events' source.
        poll_seconds: how often the log is looked at unless ``wake`` is called; None: as the bus asks for.
    """

    def __init__(self, log: Log, url: str, district: str, poll_seconds: float | None = None) -> None:
        self._log = log
        self._url = url
        self._source = source_of(district, log.source)
        self._exchange = event_exchange(log.source)
        self._poll_seconds = poll_seconds
        self._nudged = threading.Event()
        self._saved = 0
        self._saved_at = 0.0
        self.facts = RelayFacts()

    def wake(self) -> None:
        """Say that there is something to publish."""
        self._nudged.set()

    def declare(self, connection: Any) -> None:
        """Declare the exchange. Raises what the transport raises."""
        self._exchange(connection.default_channel).declare()

    def run(self, stop: threading.Event) -> None:
        """Publish until told to stop; connects again for ever, and never raises."""
        wait_seconds = 0.0
        while not stop.is_set():
            try:
                with connected(self._url) as connection, Turn(self._log.store, self._log.source) as turn:
                    self.declare(connection)
                    if not self._get_turn(connection, turn, stop):
                        break
                    poll_seconds = EMBEDDED_POLL_SECONDS if is_embedded(connection) else POLL_SECONDS
                    _, self._saved = self._standing()
                    start = max(self._saved, self.facts.confirmed)
                    publisher = Publisher(connection, self._exchange.name, start)
                    self.facts = replace(self.facts, connected=True, error=None)
                    wait_seconds = 0.0
                    self._publish(publisher, turn, stop, self._poll_seconds or poll_seconds)
            except Exception as error:  # noqa: BLE001 - broker or store: the thread outlives them all
                self.facts = replace(self.facts, connected=False, error=type(error).__name__)
                logger.warning("the relay of %s is cut off: %s", self._log.source, type(error).__name__)
                wait_seconds = next_wait(wait_seconds)
                stop.wait(wait_seconds)
        self.facts = replace(self.facts, connected=False)

    def _get_turn(self, connection: Any, turn: Turn, stop: threading.Event) -> bool:
        """Stand by until it is this relay's turn; False if asked to stop before."""
        while not stop.is_set():
            if turn.take():
                return True
            last, saved = self._standing()
            self.facts = replace(self.facts, connected=True, error=None, head=last, confirmed=saved)
            connection.heartbeat_check()
            with suppress(TimeoutError):
                connection.drain_events(timeout=0)
            stop.wait(LOOK_SECONDS)
        return False

    def _publish(self, publisher: Publisher, turn: Turn, stop: threading.Event, poll_seconds: float) -> None:
        while not stop.is_set():
            turn.keep()
            self._nudged.clear()
            last, saved = self._standing()
            self.facts = replace(self.facts, head=last)
            after = max(publisher.published, saved)
            publisher.published = after  # another relay of the same log may have gone on
            if after < last:
                self._publish_page(publisher, after)
            else:
                publisher.settle()
            self._note(publisher.confirmed)
            if after >= last:
                self._wait(publisher, turn, stop, poll_seconds)
        publisher.settle()
        self._note(publisher.confirmed, at_once=True)

    def _publish_page(self, publisher: Publisher, after: int) -> None:
        page = self._log.read(after, PAGE)
        messages = []
        for envelope in page:
            body = message_of(envelope, self._source)
            if len(body) <= LARGEST_BYTES:
                messages.append((envelope.position, envelope.type, body))
                continue
            logger.error("event %d of %s is too large to be sent", envelope.position, self._log.source)
            self.facts = replace(self.facts, too_large=self.facts.too_large + 1)
        publisher.publish(messages)
        publisher.published = page[-1].position
        publisher.hear()

    def _wait(self, publisher: Publisher, turn: Turn, stop: threading.Event, seconds: float) -> None:
        """Wait for a nudge; meanwhile keep the connection alive and the checkpoint near."""
        deadline = time.monotonic() + seconds
        while not stop.is_set() and (remaining := deadline - time.monotonic()) > 0:
            publisher.hear()
            turn.keep()
            self._note(publisher.confirmed)
            if self._nudged.wait(min(remaining, LOOK_SECONDS)):
                return

    def _standing(self) -> tuple[int, int]:
        """The log's last position, and the checkpoint."""
        saved = select(checkpoints.c.position).where(checkpoints.c.subscription == SUBSCRIPTION)
        with self._log.store.read() as connection:
            row = connection.execute(select(head.c.position, saved.scalar_subquery())).one()
        return row[0], row[1] or 0

    def _note(self, confirmed: int, *, at_once: bool = False) -> None:
        """Remember how far the broker has everything; the checkpoint follows a few times a second."""
        if confirmed != self.facts.confirmed:
            self.facts = replace(self.facts, confirmed=confirmed)
        if confirmed <= self._saved or not (
            at_once or time.monotonic() > self._saved_at + CHECKPOINT_SECONDS
        ):
            return
        with self._log.store.write() as connection:
            connection.execute(SAVE, {"subscription": SUBSCRIPTION, "position": confirmed})
        self._saved, self._saved_at = confirmed, time.monotonic()
