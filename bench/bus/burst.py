"""A burst of 20,000 events until it is applied in other services' projections, by one reader and by three."""

import time
from contextlib import closing

from bench.bus.district import district, frozen, servers
from bench.bus.services import READERS
from bench.log import cards
from bench.log.appends import plain_url
from bench.measure import Row, figure, machine, medians_of_three, postgresql
from bench.processes import run_process
from tests.log.house import House, open_house
from tests.servers.postgresql import PostgreSQL
from tests.servers.rabbitmq import RabbitMQ

TITLE = "A burst until applied in another service's projection"
EVENTS, EVENTS_QUICK = 20_000, 4_000
A_CALL = 1_000
ROUNDS = 3


def measure(*, quick: bool = False) -> tuple[str, list[Row]]:
    """Rows for one reader and for three on RabbitMQ, and for the embedded bus."""
    events = EVENTS_QUICK if quick else EVENTS
    with servers() as (database_server, broker):
        here = machine(
            postgresql(plain_url(database_server.create_database())),
            "RabbitMQ (quorum queues, one node)",
            "SQLite (WAL, synchronous=FULL)",
        )

        def run() -> dict[str, float]:
            return {
                "one": burst(database_server, broker, READERS[:1], events),
                "three": burst(database_server, broker, READERS, events),
                "embedded": run_process("bench.bus.embedded", work="burst", events=events)["per_second"],
            }

        found = medians_of_three(run)
    what = f"a burst of {figure(events)} events, a row per event; events/s"
    return here, [
        Row(
            what=f"RabbitMQ and PostgreSQL, one reader: {what}",
            must="≥ 5,000",
            measured=str(found["one"]),
            beside="all processes stand still while the burst is recorded; the clock starts when they go on",
        ),
        Row(
            what=f"RabbitMQ and PostgreSQL, three readers: {what}",
            must="≥ 3,500",
            measured=str(found["three"]),
            beside="until the last of the three has it",
        ),
        Row(
            what=f"embedded, SQLite: {what}",
            must="≥ 8,000",
            measured=str(found["embedded"]),
            beside="the clock starts when the burst is recorded and the relay is told",
        ),
    ]


def burst(database_server: PostgreSQL, broker: RabbitMQ, readers: tuple[str, ...], events: int) -> float:
    """Events a second in a fresh district, until the last reader has applied them."""
    with district(database_server, broker, readers) as running:
        running.start("interface", "cards")
        for name in ("cards", *readers):
            running.start("worker", name)
        # An interface that is frozen while it starts finds, when it goes on, that the database is too slow.
        running.await_level(readers)
        with closing(open_house(running.databases["cards"].owner_url, cards.language)) as house:
            for _ in range(ROUNDS):
                house.send(cards.issue_card())
                running.await_applied(readers, running.head())
            # The readers too: one that asks meanwhile would wait for an answer after it all goes on.
            with frozen(*running.started):
                issue_many(house, events)
            began, before = time.monotonic(), min(running.applied(name) for name in readers)
            head = running.head()
            return (head - before) / (running.await_applied(readers, head) - began)


def issue_many(house: House, events: int) -> None:
    """Record cards in bulk. Raises what the first came to that was not recorded."""
    for _ in range(events // A_CALL):
        for outcome in house.send_many(*(cards.issue_card() for _ in range(A_CALL))):
            if isinstance(outcome, Exception):
                raise outcome
