"""A source and a reader of its events on one bus, each with a store of its own, for tests."""

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy import select

from shared.bus.catch_up import SourceDown, page_after
from shared.bus.cloud_event import PublicEvent, event_of, message_of, source_of
from shared.bus.connecting import connected
from shared.bus.reader import Reader
from shared.bus.relay import Relay
from shared.bus.replica import Replica
from shared.bus.tables import replica_events, replicas
from shared.log.log import Log
from shared.log.merkle import Frontier
from shared.log.migrations import migrate
from shared.log.store import Store
from shared.rules.language import Language
from tests.log.fund import Add, fund
from tests.log.house import House, found_house

DISTRICT = "110109"
READER = "reporting"
STRETCH = 1_500
numbers = count(1)
Sent = TypeVar("Sent")


class Runs(Protocol):
    def run(self, stop: threading.Event) -> None: ...


@contextmanager
def running(*parts: Runs) -> Iterator[None]:
    """Run each part in a thread of its own, and end it."""
    stop = threading.Event()
    threads = [threading.Thread(target=part.run, args=(stop,), daemon=True) for part in parts]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)
            assert not thread.is_alive()


def eventually(holds: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.02)


@dataclass(slots=True)
class AskedSource:
    """A source asked without a bus; it can be down."""

    log: Log
    down: bool = False
    asked: int = 0

    def events_after(self, position: int, limit: int) -> dict[str, Any]:
        self.asked += 1
        if self.down:
            raise SourceDown("it is down")
        return page_after(self.log, position, limit)

    def keep_alive(self) -> None:
        """Nothing: there is no connection."""


@dataclass(slots=True)
class SendingSource(AskedSource):
    """A source whose log ends, for whoever asks, with what has been sent by then.

    So it is with a source at work: it cannot be asked for what is not yet recorded.
    """

    sent: int = 0
    leaves: list[bytes] = field(default_factory=list)

    def send(self, position: int) -> None:
        self.sent = max(self.sent, position)

    def events_after(self, position: int, limit: int) -> dict[str, Any]:
        end, page = self.sent, AskedSource.events_after(self, position, limit)
        if not self.leaves:
            self.leaves = [each.leaf for each in self.log.read(0, 1_000_000)]
        frontier = Frontier()
        for leaf in self.leaves[:end]:
            frontier.append(leaf)
        head = page["head"] | {"position": end, "root": frontier.root().hex()}
        return {"events": page["events"][: max(end - position, 0)], "head": head}


def mixed(events: Sequence[Sent], chance: random.Random) -> list[tuple[int, Sent]]:
    """Events with their positions as a bad network tells them (faults.md, G4).

    Three in ten come twice, one in a hundred never. Calm stretches, in which they come in order, take turns
    with others, in which each is up to a thousand places too late.
    """
    told = [
        (position, event)
        for position, event in enumerate(events, 1)
        for _ in range(chance.choices((0, 1, 2), (1, 69, 30))[0])
    ]
    late = [place // STRETCH % 2 * chance.random() * 1_000 for place in range(len(told))]
    return [told[place] for place in sorted(range(len(told)), key=lambda place: place + late[place])]


def fresh_house(url: str) -> House:
    """A founded log of funds under a service's name of its own, so that tests can share a broker."""
    return found_house(url, Language(f"fund{next(numbers)}", (fund,)))


def add(house: House, events: int) -> None:
    """Record so many events, spread over a few streams."""
    for start in range(0, events, 500):
        commands = [Add(fund_id=f"f{n % 7}", amount_fen=n + 1) for n in range(min(500, events - start))]
        for outcome in house.send_many(*commands):
            assert not isinstance(outcome, Exception), outcome


def told(house: House) -> list[PublicEvent]:
    """The events of a log as messages tell them."""
    source = source_of(DISTRICT, house.log.source)
    return [event_of(message_of(envelope, source), house.log.source) for envelope in house.events()]


def fresh_replica(url: str, source: str) -> Replica:
    store = Store(url)
    migrate(store)
    return Replica(store, source)


def held(replica: Replica) -> list[tuple[Any, ...]]:
    """Everything that a replica holds, with the row that says where it stands."""
    with replica.store.read() as connection:
        rows = connection.execute(
            select(replica_events)
            .where(replica_events.c.source == replica.source)
            .order_by(replica_events.c.position)
        )
        standing = connection.execute(select(replicas).where(replicas.c.source == replica.source))
        return [tuple(row) for row in rows] + [tuple(row) for row in standing]


def is_copy(replica: Replica, house: House) -> bool:
    """Whether a replica holds exactly what the log does, under the same root."""
    with replica.store.read() as connection:
        found = replica.page(connection, 0, 1_000_000)
    return [(each.position, each.leaf, each.public) for each in found] == [
        (each.position, each.leaf, each.public) for each in house.events()
    ]


@dataclass(slots=True)
class District:
    """A log with its relay, a replica with its reader, and the bus between them."""

    url: str
    house: House
    replica: Replica
    source: AskedSource = field(init=False)
    relay: Relay = field(init=False)
    reader: Reader = field(init=False)
    progress: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.source = AskedSource(self.house.log)
        self.relay = Relay(self.house.log, self.url, DISTRICT, poll_seconds=0.05)
        self.reader = Reader(self.replica, self.source, self.url, READER, lambda: self.progress.append(1))

    def declare(self) -> None:
        """Declare the reader's queue."""
        with connected(self.url) as connection:
            self.reader.declare(connection)

    def read_from(self, source: AskedSource) -> None:
        """Have the reader ask another source."""
        self.reader = Reader(self.replica, source, self.url, READER, lambda: self.progress.append(1))

    def is_level(self) -> bool:
        return self.reader.facts.position == self.house.log.head().position

    def close(self) -> None:
        self.house.close()
        self.replica.store.close()


def fresh_district(url: str, folder: Path) -> District:
    """A district on SQLite, on any bus."""
    name = f"district{next(numbers)}"
    house = fresh_house(f"sqlite:///{folder / name}.log.sqlite")
    replica = fresh_replica(f"sqlite:///{folder / name}.replica.sqlite", house.log.source)
    return District(url, house, replica)
