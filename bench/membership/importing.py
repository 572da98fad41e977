"""A district's roster through RPC, 1,000 rows a call: tried, imported, and imported again, on both stores."""

import tempfile
from pathlib import Path

from bench.bus.district import servers
from bench.log.appends import plain_url
from bench.measure import Figure, Row, machine, medians_of_three, postgresql
from bench.processes import ROOT, run_process
from tests.runtime.suite import token_of
from tests.servers.postgresql import PostgreSQL
from tests.servers.rabbitmq import RabbitMQ
from tests.suite.deployment import Deployment

TITLE = "Import of members through RPC, with every check: each row registers a person who joins a union"
SERVICES = ["membership", "reporting", "staffing"]
"""Those that run beside the import: the one that takes it in, and two that follow what it records."""


def measure(*, quick: bool = False) -> tuple[str, list[Row]]:
    """A row for each store."""
    rows = 3_000 if quick else 50_000
    with servers() as (database_server, broker):
        here = machine(
            postgresql(plain_url(database_server.create_database())),
            "SQLite (WAL, synchronous=FULL)",
            "RabbitMQ (one node)",
        )
        as_deployed = medians_of_three(lambda: deployed(database_server, broker, rows))
    embedded = medians_of_three(lambda: run_process("bench.membership.embedded", rows=rows))
    return here, [
        told(f"PostgreSQL and RabbitMQ: {rows:,} rows, rows/s", "≥ 1,500", as_deployed),
        told(f"embedded, SQLite, four services in one process: {rows:,} rows, rows/s", "≥ 2,500", embedded),
    ]


def told(what: str, must: str, found: dict[str, Figure]) -> Row:
    beside = f"dry run: {found['tried']}; the same roster again, nothing changed: {found['unchanged']}"
    return Row(what=what, must=must, measured=str(found["new"]), beside=beside)


def deployed(database_server: PostgreSQL, broker: RabbitMQ, rows: int) -> dict[str, float]:
    """One run against services in processes of their own, in a fresh deployment."""
    with tempfile.TemporaryDirectory(dir=ROOT / "var" / "bench") as folder:
        deployment = Deployment(database_server, broker, Path(folder), "importing", SERVICES)
        try:
            deployment.start("membership", "interface")
            for service in SERVICES:
                deployment.start(service, "worker")
            deployment.await_ready()
            token = token_of(Path(folder))
            return run_process(
                "bench.membership.sending", bus_url=deployment.bus_url(), token=token, rows=rows
            )
        finally:
            deployment.close()
