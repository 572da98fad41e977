"""A service's store: SQLite or PostgreSQL behind SQLAlchemy, opened for reading or for writing."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Table,
    any_,
    bindparam,
    create_engine,
    event,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool
from sqlalchemy.types import String

WAIT_MILLISECONDS = 5_000
"""How long a lock is waited for, and how long a silent transaction may hold one (design, section 4.1)."""

END_FROZEN = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND usename = current_user"
    " AND state = 'active' AND wait_event = 'ClientRead'"
    " AND query_start < clock_timestamp() - make_interval(secs => :seconds)"
)


class Store:
    """One database of one service. Nothing connects before the first use.

    Args:
        url: ``sqlite:///file`` or ``postgresql+psycopg://…``.
        connections: the most connections at once; on PostgreSQL at least the workers + 2.
    """

    def __init__(self, url: str, connections: int = 12) -> None:
        self.url = make_url(url)
        self.on_postgresql = self.url.get_backend_name() == "postgresql"
        # On SQLite this lock precedes BEGIN IMMEDIATE: writers of one process wait here, not in the file.
        self._file = threading.RLock()
        self.engine = self._postgresql(connections) if self.on_postgresql else self._sqlite(connections)

    def _postgresql(self, connections: int) -> Engine:
        limits = {
            "lock_timeout": WAIT_MILLISECONDS,
            "idle_in_transaction_session_timeout": WAIT_MILLISECONDS,
            "tcp_user_timeout": 2 * WAIT_MILLISECONDS,
        }
        options = " ".join(f"-c {name}={value}" for name, value in limits.items())
        return create_engine(
            self.url,
            pool_size=connections,
            max_overflow=0,
            pool_timeout=10,
            pool_pre_ping=True,
            connect_args={"options": options, "connect_timeout": 5},
            hide_parameters=True,
        )

    def _sqlite(self, connections: int) -> Engine:
        in_memory = not self.url.database
        pool: dict[str, Any] = (
            {"poolclass": StaticPool} if in_memory else {"pool_size": connections, "max_overflow": 0}
        )
        engine = create_engine(self.url, connect_args={"timeout": 5}, hide_parameters=True, **pool)

        @event.listens_for(engine, "connect")
        def configure(connection: Any, _record: Any) -> None:
            connection.isolation_level = None
            for setting in (
                "journal_mode = WAL",
                "synchronous = FULL",
                "secure_delete = ON",
                "foreign_keys = ON",
            ):
                connection.execute(f"PRAGMA {setting}")

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            immediate = connection.get_execution_options().get("immediate")
            connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

        return engine

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection in a transaction that changes nothing."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """As ``read``; all that is read stands as it stood at one moment."""
        with self.engine.connect() as connection:
            if self.on_postgresql:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A connection in a transaction that is committed at the end, or rolled back on an exception."""
        if self.on_postgresql:
            with self.engine.begin() as connection:
                yield connection
            return
        with (
            self._file,
            self.engine.connect().execution_options(immediate=True) as connection,
            connection.begin(),
        ):
            yield connection

    def end_frozen(self) -> int:
        """End this service's sessions whose process stands still in the middle of a COPY; how many.

        PostgreSQL ends one that is silent between statements, but within a COPY it waits for ever, and
        with it all who need its locks.
        """
        if not self.on_postgresql:
            return 0
        with self.read() as connection:
            return len(connection.execute(END_FROZEN, {"seconds": WAIT_MILLISECONDS / 1000}).all())

    def close(self) -> None:
        self.engine.dispose()


def among(connection: Connection, column: ColumnElement[Any], values: Iterable[str]) -> ColumnElement[bool]:
    """A condition that a text column is one of any number of values, passed as one parameter."""
    given = list(values)
    if connection.dialect.name == "postgresql":
        return column == any_(bindparam(None, given, type_=ARRAY(String)))
    return column.in_(
        select(func.json_each(msgspec.json.encode(given).decode()).table_valued("value").c.value)
    )


def insert_rows(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows, each with a value for every column in the table's order; COPY on PostgreSQL."""
    if not rows:
        return
    quote = connection.dialect.identifier_preparer.quote
    target = f"{quote(table.name)} ({', '.join(quote(column.name) for column in table.columns)})"
    if connection.dialect.name != "postgresql":
        marks = ", ".join("?" * len(table.columns))
        connection.exec_driver_sql(f"INSERT INTO {target} VALUES ({marks})", list(rows))  # noqa: S608
        return
    # SQLAlchemy knows no COPY; psycopg's own cursor takes part in the same transaction.
    driver: Any = connection.connection.driver_connection
    copying = f"COPY {target} FROM STDIN (FORMAT BINARY)"
    types = [_copy_type(connection, column) for column in table.columns]
    driver_error = connection.dialect.loaded_dbapi.Error
    try:
        with driver.cursor() as cursor, cursor.copy(copying) as copy:
            copy.set_types(types)
            for row in rows:
                copy.write_row(row)
    except driver_error as error:
        # As SQLAlchemy tells the errors of its own statements, so that callers know both alike.
        lost = connection.dialect.is_disconnect(error, driver, None)
        if lost:
            connection.invalidate(error)
        raise DBAPIError.instance(
            copying, None, error, driver_error, hide_parameters=True, connection_invalidated=lost
        ) from error


def _copy_type(connection: Connection, column: Column[Any]) -> str:
    return COPY_TYPES[column.type.compile(connection.dialect).partition("(")[0]]


COPY_TYPES = {
    "BIGINT": "int8",
    "BOOLEAN": "bool",
    "BYTEA": "bytea",
    "DATE": "date",
    "INTEGER": "int4",
    "TEXT": "text",
    "VARCHAR": "varchar",
}
