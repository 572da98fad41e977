"""A private PostgreSQL cluster: in a temporary folder, reached over 127.0.0.1, stopped with the tests."""

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg

from tests.servers.process import free_port, needed, spawn, wait_until_ready

START_SECONDS_MAX = 30
CONFIGURATION = """
listen_addresses = '127.0.0.1'
max_connections = 100
fsync = on
log_line_prefix = '%m [%p] %u@%d '
log_min_messages = warning
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """One database and its two roles: the owner changes the schema, the service only works in it."""

    name: str
    owner: str
    service: str
    port: int

    @property
    def owner_url(self) -> str:
        """SQLAlchemy URL of the role that owns the database."""
        return self._url(self.owner)

    @property
    def service_url(self) -> str:
        """SQLAlchemy URL of the role that a running service has: no rights but those granted to it."""
        return self._url(self.service)

    @property
    def superuser_url(self) -> str:
        """SQLAlchemy URL of the cluster's superuser, in this database."""
        return self._url("postgres")

    def _url(self, role: str) -> str:
        return f"postgresql+psycopg://{role}:{role}@127.0.0.1:{self.port}/{self.name}"


class PostgreSQL:
    """A cluster of our own. As root it runs as the account `postgres`, else as whoever runs the tests."""

    def __init__(self) -> None:
        self._programs = _programs()
        self._user = "postgres" if os.getuid() == 0 else None
        # The socket's path may have 107 characters at most: a short folder, not pytest's.
        self.folder = Path(tempfile.mkdtemp(prefix="gonghui-postgresql-"))
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = count(1)
        self._tests_process_id = os.getpid()
        atexit.register(self.close)
        if self._user is not None:
            shutil.chown(self.folder, self._user, self._user)
        self._initialise()

    @property
    def log(self) -> Path:
        """The file that the server writes its messages to."""
        return self.folder / "server.log"

    def start(self) -> None:
        """Start the server and return when it answers; about 0.3 s."""
        self._process = spawn(
            [self._programs / "postgres", "-D", self._data, "-p", str(self.port), "-k", self.folder],
            log=self.log,
            user=self._user,
        )
        wait_until_ready(self._process, self._answers, log=self.log, seconds=START_SECONDS_MAX)

    def stop(self) -> None:
        """Stop in good order: sessions are ended, the last checkpoint is written."""
        self._end(signal.SIGINT)

    def crash(self) -> None:
        """Stop at once, as after a power cut, and start again, recovering from the write-ahead log."""
        self._end(signal.SIGQUIT)
        self.start()

    def close(self) -> None:
        """Stop and remove the folder; harmless when repeated, and in a forked child."""
        if os.getpid() != self._tests_process_id:
            return
        self._end(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)
        atexit.unregister(self.close)

    def create_database(self, name: str | None = None, *, template: str = "template0") -> Database:
        """A fresh database with an owner role and a service role; about 30 ms.

        `template` is the database to copy, for instance a migrated one; nobody may be connected to it.
        """
        name = name or f"gonghui_{next(self._numbers)}"
        database = Database(name=name, owner=f"{name}_owner", service=f"{name}_service", port=self.port)
        with self._superuser() as connection:
            for role in (database.owner, database.service):
                connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{role}'".encode())
            connection.execute(
                f"CREATE DATABASE {name} OWNER {database.owner} TEMPLATE {template} STRATEGY wal_log".encode()
            )
            connection.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC".encode())
            connection.execute(f"GRANT CONNECT ON DATABASE {name} TO {database.service}".encode())
        with psycopg.connect(_dsn(self.port, name), autocommit=True) as connection:
            connection.execute(f"ALTER SCHEMA public OWNER TO {database.owner}".encode())
            connection.execute(f"GRANT USAGE ON SCHEMA public TO {database.service}".encode())
        return database

    def drop_database(self, database: Database) -> None:
        """Remove the database, ending whoever is still connected, and its roles."""
        with self._superuser() as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {database.name} WITH (FORCE)".encode())
            connection.execute(f"DROP ROLE IF EXISTS {database.owner}, {database.service}".encode())

    @contextmanager
    def frozen_backend(self, process_id: int) -> Iterator[None]:
        """Hold still the backend with that process id (`pg_backend_pid()`), as a stalled machine would."""
        os.kill(process_id, signal.SIGSTOP)
        try:
            while Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "T":
                time.sleep(0.001)
            yield
        finally:
            os.kill(process_id, signal.SIGCONT)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _initialise(self) -> None:
        process = spawn(
            [
                *(self._programs / "initdb", "-D", self._data, "--username=postgres", "--auth=trust"),
                *("--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"),
            ],
            log=self.log,
            user=self._user,
        )
        wait_until_ready(process, lambda: process.poll() == 0, log=self.log, seconds=START_SECONDS_MAX)
        with (self._data / "postgresql.conf").open("a") as configuration:
            configuration.write(CONFIGURATION)

    def _superuser(self) -> psycopg.Connection:
        return psycopg.connect(_dsn(self.port, "postgres"), autocommit=True)

    def _answers(self) -> bool:
        try:
            self._superuser().close()
        except psycopg.OperationalError:
            return False
        return True

    def _end(self, signal_number: int) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal_number)
            self._process.wait(timeout=START_SECONDS_MAX)
        self._process = None


def _dsn(port: int, database: str) -> str:
    return f"host=127.0.0.1 port={port} user=postgres dbname={database} connect_timeout=5"


def _programs() -> Path:
    """The folder of the newest installed version's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    return needed(found[-1] if found else None, "postgresql-15").parent
