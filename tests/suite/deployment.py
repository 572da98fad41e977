"""A deployment as in production: each service with its database, role and processes, over one broker."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import psycopg

from shared.runtime.finding import service_class
from shared.runtime.opening import make_master_key, prepare
from shared.runtime.settings import embedded_settings
from shared.runtime.signing_keys import make_signing_key
from tests.runtime.process import START_SECONDS_MAX, Process, readiness
from tests.runtime.suite import await_true, calling
from tests.servers.postgresql import Database, PostgreSQL
from tests.servers.process import free_port
from tests.servers.proxy import Proxy
from tests.servers.rabbitmq import RabbitMQ

Kind = Literal["interface", "worker", "supervise"]
CALL_SECONDS_MAX = 20
STEP_SECONDS_MAX = 30


class Deployment:
    """The prepared stores of some services, and the processes that work in them.

    Args:
        vhost: of this deployment alone.
    """

    def __init__(
        self, postgresql: PostgreSQL, rabbitmq: RabbitMQ, folder: Path, vhost: str, services: list[str]
    ) -> None:
        self._postgresql, self._rabbitmq, self._folder, self._vhost = postgresql, rabbitmq, folder, vhost
        self.databases = {service: postgresql.create_database(f"{vhost}_{service}") for service in services}
        self._ports: dict[tuple[str, int], int] = {}
        self.processes: dict[tuple[str, Kind, int], Process] = {}
        self.make_vhost()
        for service, database in self.databases.items():
            settings = replace(embedded_settings(service, folder), database_url=database.owner_url)
            make_master_key(settings.master_key_file)
            make_signing_key(settings)
            prepare(settings, service_class(service).language, role=database.service)

    def make_vhost(self) -> None:
        """Make the deployment's part of the broker, at first and after all of it was lost."""
        self._rabbitmq.ctl("add_vhost", self._vhost)
        self._rabbitmq.ctl("set_permissions", "--vhost", self._vhost, "administrator", ".*", ".*", ".*")

    def bus_url(self, proxy: Proxy | None = None) -> str:
        url = self._rabbitmq.url() + self._vhost
        return url if proxy is None else url.replace(f":{self._rabbitmq.port}/", f":{proxy.port}/")

    @property
    def broker_port(self) -> int:
        return self._rabbitmq.port

    def start(self, service: str, kind: Kind, proxy: Proxy | None = None, instance: int = 0) -> None:
        """Start a process of a service; ``await_ready`` waits for it.

        Args:
            instance: of several of one service, which share its database and its work.
        """
        port = self._ports.setdefault((service, instance), free_port())
        environment = {
            "GONGHUI_BUS_URL": self.bus_url(proxy),
            f"GONGHUI_{service.upper()}_DATABASE_URL": self.databases[service].service_url,
            f"GONGHUI_{service.upper()}_HEALTH_PORT": str(port),
        }
        self.processes[service, kind, instance] = Process(self._folder, kind, service, **environment)

    def await_ready(self) -> None:
        """Wait until all processes can do their work."""
        for service, kind, instance in self.processes:
            first = self._ports[service, instance]
            for port in {"interface": [first], "worker": [first + 1]}.get(kind, [first, first + 1]):
                await_true(lambda port=port: readiness(port) == (200, []), START_SECONDS_MAX)  # type: ignore[misc]

    def kill(self, service: str, kind: Kind) -> None:
        """End a process as a power cut would."""
        self.processes.pop((service, kind, 0)).kill()

    def signal(self, service: str, kind: Kind, instance: int, number: int) -> None:
        """Send a signal to a process: to stand still, or to go on."""
        os.kill(self.processes[service, kind, instance].pid, number)

    def caller(self) -> Any:
        """A caller of all services."""
        return calling(self.bus_url(), self._folder, seconds_max=CALL_SECONDS_MAX)

    def rows(self, service: str, query: str) -> list[tuple[Any, ...]]:
        """What a service's database holds."""
        with connected(self.databases[service]) as connection:
            return connection.execute(query.encode()).fetchall()

    def waiting_messages(self, queue: str) -> int:
        """How many messages lie in a queue, delivered and unacknowledged ones included."""
        return self._rabbitmq.list_queues(self._vhost)[queue]

    def queues(self) -> list[dict[str, Any]]:
        """Every queue there is: name, durable, exclusive, arguments, messages."""
        columns = ("name", "durable", "exclusive", "arguments", "messages")
        listed = self._rabbitmq.ctl("list_queues", "--vhost", self._vhost, "--formatter=json", *columns)
        found: list[dict[str, Any]] = json.loads(listed)
        return found

    def delete_queues(self) -> None:
        """Delete every queue with all that is in it, whoever it belongs to."""
        every = f'rabbit_amqqueue:list(<<"{self._vhost}">>)'
        self._rabbitmq.ctl(
            "eval", f'[rabbit_amqqueue:delete(Q, false, false, <<"test">>) || Q <- {every}], ok.'
        )

    def wipe_broker(self) -> None:
        """Have the broker lose everything but its users."""
        self._rabbitmq.reset()
        self.make_vhost()

    def kill_all(self) -> None:
        """End every process, and leave to the servers what they hold."""
        for process in self.processes.values():
            process.kill()

    def close(self) -> None:
        self.kill_all()
        for database in self.databases.values():
            self._postgresql.drop_database(database)
        self._rabbitmq.ctl("delete_vhost", self._vhost)


class Stall:
    """A table that is locked, so that whoever needs it stands still at that very statement."""

    def __init__(self, database: Database, table: str) -> None:
        self._database = database
        self._table = table

    def await_parked(self) -> None:
        """Wait until somebody stands before the table."""
        query = f"SELECT 1 FROM pg_locks WHERE relation = '{self._table}'::regclass AND NOT granted"
        with connected(self._database) as connection:
            await_true(lambda: connection.execute(query.encode()).fetchone() is not None, STEP_SECONDS_MAX)


@contextmanager
def stalled(database: Database, table: str, *, reading_too: bool = False) -> Iterator[Stall]:
    """Lock a table until the end of the block against writing, and perhaps against reading too."""
    mode = "ACCESS EXCLUSIVE" if reading_too else "EXCLUSIVE"
    with connected(database) as connection, connection.transaction():
        connection.execute(f"LOCK TABLE {table} IN {mode} MODE".encode())
        yield Stall(database, table)


@contextmanager
def held(database: Database, table: str, condition: str) -> Iterator[None]:
    """Hold one row of a table until the end of the block, so that nobody else can change it."""
    with connected(database) as connection, connection.transaction():
        connection.execute(f"SELECT 1 FROM {table} WHERE {condition} FOR UPDATE".encode())
        yield


def connected(database: Database) -> psycopg.Connection[Any]:
    return psycopg.connect(database.superuser_url.replace("+psycopg", ""), autocommit=True)
