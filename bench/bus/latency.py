"""From a commit in one service to its row in another's projection, at 200 events a second."""

from statistics import quantiles
from typing import Any

from bench.bus.district import District, district, servers
from bench.bus.watching import Watching
from bench.log.appends import plain_url
from bench.measure import Row, figure, machine, medians_of_three, postgresql
from bench.processes import run_process
from tests.servers.postgresql import PostgreSQL
from tests.servers.rabbitmq import RabbitMQ

TITLE = "From commit in one service to visible in another's projection"
PER_SECOND = 200
SETTLING_EVENTS = 200


def measure(*, quick: bool = False) -> tuple[str, list[Row]]:
    """One row."""
    events = PER_SECOND * (3 if quick else 30)
    with servers() as (database_server, broker):
        here = machine(
            postgresql(plain_url(database_server.create_database())), "RabbitMQ (quorum queues, one node)"
        )
        found = medians_of_three(lambda: latency(database_server, broker, events))
    return here, [
        Row(
            what=f"RabbitMQ and PostgreSQL, {PER_SECOND} events/s, interface and workers in processes of "
            "their own, a projection with a row per event: 95th percentile, ms",
            must="≤ 250",
            measured=str(found["p95_ms"]),
            beside=f"median {found['median_ms']} ms, longest {figure(found['longest_ms'].highest)} ms; "
            f"{found['per_second']} events/s were issued",
        )
    ]


def latency(database_server: PostgreSQL, broker: RabbitMQ, events: int) -> dict[str, float]:
    """One run in a fresh district."""
    with district(database_server, broker, ("reader1",)) as running:
        for kind, name in (("interface", "cards"), ("worker", "cards"), ("worker", "reader1")):
            running.start(kind, name)
        running.await_level(("reader1",))
        issue(running, SETTLING_EVENTS)
        running.await_applied(("reader1",), running.head())
        watching = Watching(running, "reader1")
        watching.start()
        told = issue(running, events)
        watching.stop_at(running.head())
    milliseconds = [
        (watching.visible_at(position) - moment) * 1_000 for position, moment in told["committed"]
    ]
    parts = quantiles(milliseconds, n=100)
    return {
        "p95_ms": parts[94],
        "median_ms": parts[49],
        "longest_ms": max(milliseconds),
        "per_second": events / told["seconds"],
    }


def issue(running: District, events: int) -> dict[str, Any]:
    """Issue cards from a process of their own; when each was committed."""
    url = running.databases["cards"].owner_url
    return run_process("bench.bus.issuing", url=url, events=events, per_second=PER_SECOND)
