"""A district of measured services on a RabbitMQ and a PostgreSQL of its own."""

import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import Popen

from bench.bus.services import SERVICES
from bench.processes import ROOT
from shared.log.store import Store
from shared.projections import checkpoints
from shared.runtime.opening import prepare
from shared.runtime.settings import Settings, embedded_settings
from shared.runtime.signing_keys import make_signing_key
from tests.log.house import MASTER_KEY
from tests.servers.postgresql import Database, PostgreSQL
from tests.servers.process import spawn
from tests.servers.rabbitmq import RabbitMQ

WAIT_SECONDS_MAX = 300.0
LOOK_SECONDS = 0.005
CARD_ROWS = "card_rows"


@dataclass(frozen=True, slots=True)
class District:
    """Services by name, each with a database; their processes are started one by one."""

    folder: Path
    bus_url: str
    databases: dict[str, Database]
    stores: dict[str, Store]
    started: list[Popen[bytes]]

    def start(self, kind: str, name: str) -> Popen[bytes]:
        """Start the interface or the worker of a service."""
        environment = {
            "GONGHUI_FOLDER": str(self.folder),
            "GONGHUI_BUS_URL": self.bus_url,
            f"GONGHUI_{name.upper()}_DATABASE_URL": self.databases[name].owner_url,
            "PYTHONPATH": str(ROOT),
        }
        process = spawn(
            [sys.executable, "-W", "ignore", "-m", "bench.bus.process", kind, name],
            log=self.folder / f"{name}-{kind}.log",
            environment=environment,
        )
        self.started.append(process)
        return process

    def head(self) -> int:
        """The last position of the cards' log."""
        return standing(self.stores["cards"], "SELECT position FROM head")

    def applied(self, name: str) -> int:
        """Up to which position a reader's projection knows the cards."""
        store = self.stores[name]
        try:
            with store.read() as connection:
                return checkpoints.position_of(connection, CARD_ROWS)
        except Exception:  # noqa: BLE001 - its tables are not there yet
            return 0

    def await_applied(self, names: tuple[str, ...], position: int) -> float:
        """Wait until all of some readers know a position; the moment at which they did (time.monotonic)."""
        await_true(lambda: all(self.applied(name) >= position for name in names), self.check)
        return time.monotonic()

    def await_level(self, names: tuple[str, ...]) -> None:
        """Wait until the cards' interface has told all of some readers that nothing is missing."""
        query = "SELECT count(*) FROM feed_levels"
        await_true(lambda: all(standing(self.stores[name], query) for name in names), self.check)

    def check(self) -> None:
        """Raise where a process has ended, with what it said last."""
        for process in self.started:
            if process.poll() is not None:
                said = "".join(file.read_text()[-2_000:] for file in sorted(self.folder.glob("*.log")))
                raise RuntimeError(f"{process.args!r} ended: {said}")


def standing(store: Store, query: str) -> int:
    with store.read() as connection:
        return int(connection.exec_driver_sql(query).scalar() or 0)


def await_true(holds: Callable[[], bool], check: Callable[[], None] = lambda: None) -> None:
    """Return once something holds. Raises TimeoutError, and what ``check`` raises meanwhile."""
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while not holds():
        check()
        if time.monotonic() > deadline:
            raise TimeoutError("it did not come about")
        time.sleep(LOOK_SECONDS)


@contextmanager
def frozen(*processes: Popen[bytes]) -> Iterator[None]:
    """Have processes stand still meanwhile."""
    for process in processes:
        os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            os.kill(process.pid, signal.SIGCONT)


@contextmanager
def servers() -> Iterator[tuple[PostgreSQL, RabbitMQ]]:
    """A PostgreSQL and a RabbitMQ."""
    with closing(PostgreSQL()) as database_server, closing(RabbitMQ()) as broker:
        database_server.start()
        broker.start()
        yield database_server, broker


@contextmanager
def district(
    database_server: PostgreSQL, broker: RabbitMQ, readers: tuple[str, ...], *, founded: bool = True
) -> Iterator[District]:
    """A fresh district with the cards and some readers; its processes end with it.

    Args:
        founded: whether the cards' log is founded here, or brought by the caller.
    """
    broker.reset()
    names = ("cards", *readers)
    with tempfile.TemporaryDirectory() as made, ExitStack() as opened:
        folder = Path(made)
        databases = {name: database_server.create_database() for name in names}
        stores = {name: opened.enter_context(closing(Store(databases[name].owner_url))) for name in names}
        found = District(folder, broker.url(), databases, stores, [])
        for name in names:
            settings = settings_of(name, folder, databases[name].owner_url)
            settings.master_key_file.write_text(MASTER_KEY.hex())
            make_signing_key(settings)
            if founded or name != "cards":
                prepare(settings, SERVICES[name].language)
        try:
            yield found
        finally:
            for process in found.started:
                process.kill()
                process.wait()
    for database in databases.values():
        database_server.drop_database(database)


def settings_of(name: str, folder: Path, database_url: str) -> Settings:
    """The settings of a service with a database of its own."""
    return replace(embedded_settings(name, folder), database_url=database_url)
