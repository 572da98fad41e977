"""The worker of a service: relay, readers of other services, subscriptions; each in a thread of its own.

No eventlet is needed: in a plain process these are plain threads, in a green one green threads.
"""

import logging
import threading
import time
from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from shared.bus.connecting import connected
from shared.bus.levels import note_level, seconds_since_level
from shared.bus.reader import Reader
from shared.bus.relay import SUBSCRIPTION as RELAY
from shared.bus.relay import Relay
from shared.bus.replica import Replica
from shared.bus.rpc_source import RpcSource
from shared.projections import checkpoints
from shared.projections.feed import Feed
from shared.projections.following import ProjectionFollower, prepare_projection, standing
from shared.projections.projection import Projection
from shared.projections.reacting import ReactionFollower
from shared.projections.reaction import Reaction
from shared.projections.subscriptions import Follower, Subscriptions
from shared.runtime import correlation
from shared.runtime.acting import act_of
from shared.runtime.house import House, open_house
from shared.runtime.lags import Kind, Lag, Waiting, of_replica, parked_by, progress_of
from shared.runtime.metrics import Metrics
from shared.runtime.process_life import Awaited, Houses, database_reason, run
from shared.runtime.process_settings import read_process_settings
from shared.runtime.service import Service
from shared.runtime.settings import read_settings
from shared.runtime.status import reasons_of, replica_of, sources_of
from shared.runtime.stopping import Stop
from shared.runtime.tokens import OwnToken

POLL_SECONDS = 0.1
"""How often the log is looked at for what another process appended."""
POLL_SECONDS_EMBEDDED = 5.0
NOTE_SECONDS = 15.0
"""How often at most it is noted that a replica is level with its source."""
LAG_MOST = 10_000
"""How many events a ready worker may be behind its log or a source."""

log = logging.getLogger(__name__)


class Part(Protocol):
    """What runs in a thread of its own; it survives the absence of broker and database."""

    def run(self, stop: threading.Event) -> None:
        """Run until ``stop`` is set."""


def prepare_followers(service: type[Service], house: House) -> None:
    """Give projections and reactions their tables and checkpoints, unless they have them.

    The service's own role does this when it starts to follow, and not the schema's owner beforehand: a
    rebuild renames these tables, which is for their owner only. Several processes that start at once wait
    for each other.

    Raises:
        DBAPIError: the store is away, lacks the schema, or the role lacks the right to create tables.
    """
    with house.store.write() as connection:
        if house.store.on_postgresql:
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('gonghui followers'))"))
        _prepare_followers(service, connection)


def _prepare_followers(service: type[Service], connection: Connection) -> None:
    for projection in service.projections:
        prepare_projection(connection, projection)
    for reaction in service.reactions:
        checkpoints.begin(connection, reaction.name, 1)


class Worker:
    """Everything that follows feeds for one service.

    Args:
        house: opened; in an embedded process the interface shares it.
    """

    def __init__(self, service: type[Service], house: House) -> None:
        url = house.settings.bus_url
        polls = POLL_SECONDS_EMBEDDED if house.settings.on_embedded_bus else POLL_SECONDS
        self._service = service
        self._house = house
        self._stop = threading.Event()
        self._threads: dict[str, threading.Thread] = {}
        self._began_at = time.monotonic()
        self._noted_at: dict[str, float] = {}
        self._own_token = OwnToken(house.settings)
        self._feeds: dict[str, Feed] = {service.name: house.log}
        self._replicas = [Replica(house.store, source) for source in sources_of(service)]
        self._feeds |= {replica.source: replica for replica in self._replicas}
        self._relay = Relay(house.log, url, house.settings.district)
        self._subscriptions = Subscriptions(house.store, self._followers(), polls)
        self._readers = {replica.source: self._reader(replica, url) for replica in self._replicas}

    def _followers(self) -> Sequence[Follower]:
        store = self._house.store
        return [
            *(
                ProjectionFollower(store, self._feeds[each.source], each)
                for each in self._service.projections
            ),
            *(
                ReactionFollower(store, self._feeds[each.source], each, act_of(self._house))
                for each in self._service.reactions
            ),
        ]

    def _reader(self, replica: Replica, url: str) -> Reader:
        source = RpcSource(url, replica.source, lambda: correlation.headers(self._own_token()))
        return Reader(
            replica,
            source,
            url,
            self._service.name,
            self._subscriptions.wake,
            on_level=lambda: self._note_level(replica.source),
        )

    def _note_level(self, source: str) -> None:
        """For the interface, which may be another process: it trusts no news that are too old."""
        if time.monotonic() > self._noted_at.get(source, float("-inf")) + NOTE_SECONDS:
            with self._house.store.write() as connection:
                note_level(connection, source)
            self._noted_at[source] = time.monotonic()

    def declare(self) -> None:
        """Declare what is published to and read from, before anything is published.

        What a broker that is away does not learn here it is told by each part when it connects.
        """
        try:
            with connected(self._house.settings.bus_url) as connection:
                for reader in self._readers.values():
                    reader.declare(connection)
                self._relay.declare(connection)
        except Exception as error:  # noqa: BLE001 - each transport has errors of its own
            log.warning("the queues of %s are declared later: %s", self._service.name, type(error).__name__)

    def start(self) -> None:
        """Start all threads; returns at once."""
        parts: dict[str, Part] = {"relay": self._relay, "subscriptions": self._subscriptions}
        parts |= {f"reader of {source}": reader for source, reader in self._readers.items()}
        for name, part in parts.items():
            thread = threading.Thread(target=part.run, args=(self._stop,), name=name, daemon=True)
            thread.start()
            self._threads[name] = thread  # not before: one that has not begun looks like one that has ended

    def wake(self) -> None:
        """Tell that something was appended to the service's log."""
        self._relay.wake()
        self._subscriptions.wake()

    @property
    def ended(self) -> bool:
        """Whether a thread has ended, which it does of itself only when something broke."""
        return not all(thread.is_alive() for thread in self._threads.values())

    def reasons(self) -> list[str]:
        """Why the worker does not do its work; empty when it does."""
        found = [f"{name}: ended" for name, thread in self._threads.items() if not thread.is_alive()]
        if (reason := database_reason(self._house)) is not None:
            return [*found, reason]
        relay = self._relay.facts
        if not relay.connected:
            found.append("relay: broker.not_connected")
        if relay.lag > LAG_MOST:
            found.append(f"relay: behind by {relay.lag}")
        for source, reader in self._readers.items():
            if reader.facts.stopped is None and not reader.facts.connected:
                found.append(f"reader of {source}: broker.not_connected")
            elif reader.facts.lag > LAG_MOST:
                found.append(f"reader of {source}: behind by {reader.facts.lag}")
        return [*found, *self._feeds_behind()]

    def _feeds_behind(self) -> list[str]:
        found: list[str] = []
        try:
            told = [replica_of(self._house.store, source) for source in self._readers]
            # What never was level is not waited for: a service begins to work before the others are there.
            met = [each for each in told if each["stopped"] or each["level_seconds"] is not None]
            found += reasons_of(met)
            with self._house.store.read() as connection:
                for projection in self._service.projections:
                    stands = standing(connection, self._feeds[projection.source], projection)
                    if not stands.complete:
                        found.append(f"{projection.name}: incomplete")
                    if stands.head - stands.position > LAG_MOST:
                        found.append(f"{projection.name}: behind by {stands.head - stands.position}")
        except DBAPIError:
            found.append("database.not_migrated")
        return found

    @property
    def service_name(self) -> str:
        return self._service.name

    def lags(self) -> list[Lag]:
        """How far each part is behind what it follows. Raises SQLAlchemyError."""
        found = [self._lag(RELAY, "relay", self._house.log)]
        found += [
            of_replica(source, reader.facts, self._level_seconds(source))
            for source, reader in self._readers.items()
        ]
        kinds: dict[Kind, Sequence[Projection | Reaction]] = {
            "projection": self._service.projections,
            "reaction": self._service.reactions,
        }
        for kind, each in ((kind, each) for kind, declared in kinds.items() for each in declared):
            found.append(self._lag(each.name, kind, self._feeds[each.source]))
        return found

    def _lag(self, subscription: str, kind: Kind, feed: Feed) -> Lag:
        progress = progress_of(self._house.store, feed, subscription)
        return Lag(subscription, kind, progress.events, progress.seconds)

    def _level_seconds(self, source: str) -> float:
        """How long ago a replica was last level with its source; if never, how long it has tried to be."""
        with self._house.store.read() as connection:
            found = seconds_since_level(connection, source)
        return time.monotonic() - self._began_at if found is None else found

    def dropped(self) -> dict[str, int]:
        """Since the start, by follower: messages that were no events, and events too large to be sent."""
        malformed = {source: reader.facts.malformed for source, reader in self._readers.items()}
        return {RELAY: self._relay.facts.too_large, **malformed}

    def parked(self) -> list[Waiting]:
        """What each subscription has parked. Raises SQLAlchemyError."""
        return parked_by(self._house.store)

    def ask_to_stop(self) -> None:
        """Have all threads end; returns at once."""
        self._stop.set()
        self.wake()

    def stop(self, seconds_max: float) -> bool:
        """End all threads; whether it was done within the time."""
        self.ask_to_stop()
        deadline = time.monotonic() + seconds_max
        for thread in self._threads.values():
            thread.join(max(deadline - time.monotonic(), 0))
        return not any(thread.is_alive() for thread in self._threads.values())


def run_worker(service: type[Service], stop: Stop) -> int:
    """Run the worker of one service until asked to stop; the exit code, never 0 on a failure."""
    settings, process = read_settings(service.name), read_process_settings(service.name)
    metrics = Metrics()

    def begin(houses: Houses) -> Worker:
        house = houses[service]
        worker = Worker(service, house)
        worker.declare()
        house.tell_of_appends(worker.wake)
        metrics.watch_house(house)
        metrics.watch_worker(worker)
        return worker

    port = process.health_port + 1 if process.health_port else 0
    awaited = Awaited(
        {service: settings},
        lambda service, settings: open_house(settings, service.language),
        prepare_followers,
    )
    return run(awaited, begin, metrics.page, process, port, stop)
