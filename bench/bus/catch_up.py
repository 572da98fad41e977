"""A new reader on a log of a million: until its projection is level."""

import time
from contextlib import closing

from bench.bus.district import await_true, district, servers, standing
from bench.log.appends import plain_url
from bench.log.million import MILLION, copy_log, million
from bench.measure import Row, figure, machine, medians_of_three, postgresql
from shared.bus.relay import SUBSCRIPTION as RELAY
from shared.log.migrations import migrate
from shared.log.store import Store
from shared.projections import checkpoints
from tests.servers.postgresql import PostgreSQL
from tests.servers.rabbitmq import RabbitMQ

TITLE = "Catch-up of a new reader"


def measure(*, quick: bool = False) -> tuple[str, list[Row]]:
    """One row."""
    events = 20_000 if quick else MILLION
    file_url = million(events)
    with servers() as (database_server, broker):
        here = machine(
            postgresql(plain_url(database_server.create_database())), "RabbitMQ (quorum queues, one node)"
        )
        found = medians_of_three(lambda: catch_up(database_server, broker, file_url))
    return here, [
        Row(
            what=f"RabbitMQ and PostgreSQL: {figure(events)} events in the log, replica verified and a "
            "projection with a row per event level, events/s",
            must="≥ 15,000",
            measured=str(found["per_second"]),
            beside="the clock starts when the replica has its first page",
        )
    ]


def note_as_published(store: Store, head: int) -> None:
    """The source has told of its events as they were recorded; a copied log's relay would tell all again."""
    with store.write() as connection:
        checkpoints.begin(connection, RELAY, 1)
        checkpoints.move(connection, RELAY, head)


def catch_up(database_server: PostgreSQL, broker: RabbitMQ, file_url: str) -> dict[str, float]:
    """One run in a fresh district whose cards are copied from a file."""
    with district(database_server, broker, ("reader1",), founded=False) as running:
        with closing(Store(file_url)) as file:
            migrate(running.stores["cards"])
            copy_log(file, running.stores["cards"])
        note_as_published(running.stores["cards"], running.head())
        for kind, name in (("interface", "cards"), ("worker", "cards"), ("worker", "reader1")):
            running.start(kind, name)
        reader = running.stores["reader1"]
        query = "SELECT coalesce(max(position), 0) FROM replicas"
        await_true(lambda: standing(reader, query) > 0)
        began, before = time.monotonic(), running.applied("reader1")
        head = running.head()
        ended = running.await_applied(("reader1",), head)
    return {"per_second": (head - before) / (ended - began)}
