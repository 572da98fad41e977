"""The reader: fills a replica from the bus, and from the source itself when the bus leaves something out."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from shared.bus.addresses import is_embedded_bus
from shared.bus.catch_up import LiveSource, SourceDown, pull
from shared.bus.cloud_event import CONTENT_TYPE, Malformed, PublicEvent, event_of
from shared.bus.connecting import connected, next_wait, reader_queue
from shared.bus.deliveries import Deliveries, declare
from shared.bus.replica import Replica, ReplicaStopped
from shared.bus.unseen import Unseen

SILENCE_SECONDS = 5.0
EMBEDDED_SILENCE_SECONDS = 20.0
"""Within one process nothing is lost on the way; the source is asked only to know that one is level."""
ASK_SECONDS_MAX = 30.0
LOOK_SECONDS = 1.0
STOPPED_SECONDS = 5.0
DELETE_SECONDS = 7.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReaderFacts:
    """How a reader stands.

    Args:
        position: the replica's last position.
        source_position: the source's, when it was last asked.
        behind: whether something is known to be missing.
        level_at: when the replica was last seen level with the source (time.monotonic); None: never.
        malformed: messages that were no event of the source.
        known: events that arrived again.
        stopped: why the replica takes nothing any more.
        error: the name of what broke the connection last; None while connected.
    """

    connected: bool = False
    position: int = 0
    source_position: int = 0
    behind: bool = True
    level_at: float | None = None
    malformed: int = 0
    known: int = 0
    stopped: str | None = None
    error: str | None = None

    @property
    def lag(self) -> int:
        """How many events are known to be missing."""
        return max(self.source_position - self.position, 0)


class Reader:
    """Follows one source on the bus. It belongs to one thread, in which ``run`` is called.

    Args:
        replica: what it fills.
        source: whom it asks for what is missing; used by no other thread.
        url: the bus.
        reader_service: the service that reads; its instances share one queue and take turns.
        on_progress: called after each append.
        on_level: called whenever the source was asked and nothing was missing.
    """

    def __init__(
        self,
        replica: Replica,
        source: LiveSource,
        url: str,
        reader_service: str,
        on_progress: Callable[[], None],
        on_level: Callable[[], None] | None = None,
    ) -> None:
        self._replica = replica
        self._source = source
        self._url = url
        self._reader_service = reader_service
        self._silence_seconds = EMBEDDED_SILENCE_SECONDS if is_embedded_bus(url) else SILENCE_SECONDS
        self._on_progress = on_progress
        self._on_level = on_level
        self._unseen = Unseen()
        self._unanswered = False
        self._pull_at = 0.0
        self._retry_at = 0.0
        self._pull_wait_seconds = 0.0
        self.facts = ReaderFacts()

    def declare(self, connection: Any) -> None:
        """Declare the queue, so that it misses nothing that is published from now on.

        Raises what the transport raises.
        """
        declare(connection, self._replica.source, self._reader_service)

    def run(self, stop: threading.Event) -> None:
        """Read until told to stop; connects again for ever, and never raises."""
        wait_seconds = 0.0
        while not stop.is_set():
            self._source.keep_alive()
            try:
                if (stopped := self._replica.stopped()) is not None:
                    raise ReplicaStopped(stopped)  # noqa: TRY301 - as if it were told anew
                with connected(self._url) as connection:
                    deliveries = self._deliveries(connection, stop)
                    self._note(connected=True, error=None, stopped=None)
                    wait_seconds = 0.0
                    self._follow(deliveries, stop)
            except ReplicaStopped as stopped:
                if self.facts.stopped is None:
                    logger.critical("%s", stopped)
                self._note(connected=False, stopped=str(stopped))
                stop.wait(STOPPED_SECONDS)
            except Exception as error:  # noqa: BLE001 - broker or store: the thread outlives them all
                self._note(connected=False, error=type(error).__name__)
                logger.warning("the replica of %s is cut off: %s", self._replica.source, type(error).__name__)
                wait_seconds = next_wait(wait_seconds)
                self._catch_up_alone(stop)
                stop.wait(wait_seconds)
        self._note(connected=False)

    def _deliveries(self, connection: Any, stop: threading.Event) -> Deliveries:
        """Consume the queue; one that did not answer is deleted first, since it holds no truth.

        For a replica that was restarted it is emptied first: what is left of another history would stop it
        again.

        Of a node that was killed, a quorum queue may come back without a leader and never elect one: it
        then confirms and delivers nothing (RabbitMQ 3.10 on one node; rabbitmq-server #10070).
        """
        source, reader = self._replica.source, self._reader_service
        if self._unanswered:
            logger.error("the queue of %s for %s answers nothing and is made anew", source, reader)
            reader_queue(source, reader)(connection.default_channel).delete(nowait=True)
            stop.wait(DELETE_SECONDS)
            self._unanswered = False
        begins_anew = self._replica.begins_anew()
        try:
            deliveries = Deliveries(connection, source, reader, emptied=begins_anew)
        except TimeoutError:
            self._unanswered = True
            raise
        self._unanswered = False
        return deliveries

    def _follow(self, deliveries: Deliveries, stop: threading.Event) -> None:
        self._pull_wait_seconds = 0.0
        self._catch_up(deliveries, stop)
        while not stop.is_set():
            messages = deliveries.take(LOOK_SECONDS)
            self._source.keep_alive()
            if messages:
                self._take(deliveries, messages)
            if time.monotonic() >= self._pull_at:
                self._catch_up(deliveries, stop)

    def _take(self, deliveries: Deliveries, messages: list[Any]) -> None:
        """Append what messages tell in one transaction, and acknowledge them after it."""
        events: list[PublicEvent] = []
        last = None
        for message in messages:
            try:
                events.append(self._event(message))
                last = message
            except Malformed as fault:
                self._refuse(deliveries, message, fault)
        if last is None:
            return
        received = self._replica.receive(events)
        # Also what lies beyond a gap: the truth is the source's, and it will be pulled from there.
        deliveries.acknowledge(last)
        self._note(position=received.position, known=self.facts.known + received.known)
        if received.gap:
            if not self.facts.behind:
                self._note(behind=True)
                self._pull_at = self._retry_at
        elif not self.facts.behind and received.appended:
            asked_at = self.facts.level_at or 0.0
            due_at = min(time.monotonic() + self._silence_seconds, asked_at + ASK_SECONDS_MAX)
            # Never before a source that is down may be asked again: each question holds up what arrives.
            self._pull_at = max(due_at, self._retry_at)
        if received.appended:
            self._on_progress()

    def _event(self, message: Any) -> PublicEvent:
        if message.content_type != CONTENT_TYPE:
            raise Malformed("of another content type")
        body = message.body
        return event_of(body.encode() if isinstance(body, str) else body, self._replica.source)

    def _refuse(self, deliveries: Deliveries, message: Any, fault: Malformed) -> None:
        described = self._unseen.described(message.body)
        logger.error("a message from %s is refused: %s, %s", self._replica.source, fault, described)
        deliveries.reject(message)
        self._note(malformed=self.facts.malformed + 1)

    def _catch_up_alone(self, stop: threading.Event) -> None:
        """Pull without a queue: one that the broker cannot mend must not keep the replica from the source."""
        try:
            self._catch_up(None, stop)
        except Exception as error:  # noqa: BLE001 - the next connection tries again, and tells a stop
            logger.warning("the replica of %s is not level: %s", self._replica.source, type(error).__name__)

    def _catch_up(self, deliveries: Deliveries | None, stop: threading.Event) -> None:
        """Pull until level; where the source is down, try again later and go on with what arrives."""

        def on_page(position: int, source_position: int) -> bool:
            appended = position > self.facts.position
            self._note(position=position, source_position=source_position)
            if appended:
                self._on_progress()
            if deliveries is not None:
                deliveries.keep_alive()
            return not stop.is_set()

        try:
            level = pull(self._replica, self._source, on_page)
        except SourceDown as error:
            self._pull_wait_seconds = next_wait(self._pull_wait_seconds)
            self._pull_at = self._retry_at = time.monotonic() + self._pull_wait_seconds
            logger.warning("%s", error)
            return
        self._pull_wait_seconds = self._retry_at = 0.0
        self._pull_at = time.monotonic() + self._silence_seconds
        if level:
            self._note(behind=False, level_at=time.monotonic())
            if self._on_level is not None:
                self._on_level()

    def _note(self, **changes: Any) -> None:
        self.facts = replace(self.facts, **changes)
