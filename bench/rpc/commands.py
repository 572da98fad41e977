"""Commands over RPC, 50 outstanding from one client process, beside plain nameko's echo in the same run."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from bench.bus.district import servers
from bench.bus.embedded import token_of_a_clerk
from bench.bus.services import SERVICES
from bench.log.appends import plain_url
from bench.measure import Row, machine, medians_of_three, postgresql
from bench.processes import ROOT, run_process
from shared.runtime.opening import make_master_key, prepare
from shared.runtime.process_settings import ProcessSettings
from shared.runtime.settings import Settings, embedded_settings
from tests.servers.postgresql import PostgreSQL
from tests.servers.process import spawn
from tests.servers.rabbitmq import RabbitMQ

TITLE = "Commands over RPC, beside an echo of plain nameko"
OUTSTANDING = 50
TURNS = 5
"""How often the client calls the one and then the other: what else the machine does meets both."""
WORKERS = ProcessSettings().rpc_workers
MUST_PERCENT = {"PostgreSQL": 60, "SQLite": 75}


def measure(*, quick: bool = False) -> tuple[str, list[Row]]:
    """A row for each store, without the service's worker and with it."""
    seconds = 1.0 if quick else 3.0
    rows = []
    with servers() as (database_server, broker):
        here = machine(
            postgresql(plain_url(database_server.create_database())),
            "SQLite (WAL, synchronous=FULL)",
            "RabbitMQ (one node)",
        )
        for store, must in MUST_PERCENT.items():
            for worker in (False, True):
                found = medians_of_three(
                    lambda store=store, worker=worker: beside_echo(  # type: ignore[misc]
                        database_server if store == "PostgreSQL" else None, broker, seconds, worker=worker
                    )
                )
                rows.append(
                    Row(
                        what=f"{store}: a command validated, authorised, decided, sealed and committed"
                        + (", its event published by the worker meanwhile" if worker else "")
                        + ", % of an echo",
                        must="printed beside it" if worker else f"≥ {must}",
                        measured=str(found["percent"]),
                        beside=f"{found['commands']} of {found['echoes']} calls/s; "
                        f"{OUTSTANDING} outstanding, {WORKERS} workers each",
                    )
                )
    return here, rows


def beside_echo(
    database_server: PostgreSQL | None, broker: RabbitMQ, seconds: float, *, worker: bool
) -> dict[str, float]:
    """One run on a fresh log; on SQLite where no server is given."""
    with serving(database_server, broker, worker=worker) as settings:
        told: dict[str, Any] = run_process(
            "bench.rpc.calling",
            bus_url=settings.bus_url,
            token=token_of_a_clerk(settings.folder),
            outstanding=OUTSTANDING,
            seconds=seconds,
            turns=TURNS,
        )
    return {
        "echoes": median(echoes for echoes, _ in told["turns"]),
        "commands": median(commands for _, commands in told["turns"]),
        "percent": median(commands / echoes * 100 for echoes, commands in told["turns"]),
    }


@contextmanager
def serving(database_server: PostgreSQL | None, broker: RabbitMQ, *, worker: bool) -> Iterator[Settings]:
    """The echo's process, and those of one instance of the cards; gives the settings of the cards."""
    broker.reset()
    with tempfile.TemporaryDirectory() as made:
        settings = replace(embedded_settings("cards", Path(made)), bus_url=broker.url())
        database = None if database_server is None else database_server.create_database()
        if database is not None:
            settings = replace(settings, database_url=database.owner_url)
            make_master_key(settings.master_key_file)
        prepare(settings, SERVICES["cards"].language)
        environment = {
            "GONGHUI_FOLDER": made,
            "GONGHUI_BUS_URL": settings.bus_url,
            "GONGHUI_CARDS_DATABASE_URL": settings.database_url,
            "PYTHONPATH": str(ROOT),
        }
        kinds = ("interface", "worker") if worker else ("interface",)
        arguments = [("bench.bus.process", kind, "cards") for kind in kinds]
        arguments.append(("bench.rpc.echoing", settings.bus_url, str(WORKERS)))
        started = [
            spawn(
                [sys.executable, "-W", "ignore", "-m", *each],
                log=settings.folder / f"{each[1] if each[0].endswith('process') else 'echo'}.log",
                environment=environment,
            )
            for each in arguments
        ]
        try:
            yield settings
        finally:
            for process in started:
                process.kill()
                process.wait()
            if database_server is not None and database is not None:
                database_server.drop_database(database)
