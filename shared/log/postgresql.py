"""PostgreSQL as the store: connections that wait for a limited time, and rows brought in bulk."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import cache
from struct import Struct
from types import MappingProxyType
from typing import Any

import psycopg
from psycopg import errors
from psycopg.adapt import Dumper
from psycopg.pq import Format, TransactionStatus
from sqlalchemy import Column, Connection, Engine, Table, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError

DIALECT = make_url("postgresql+psycopg://").get_dialect()()
WAIT_MILLISECONDS = 5_000
"""How long a lock is waited for, and how long a silent transaction may hold one (design, section 4.1)."""
TYPES = {
    "BIGINT": "int8",
    "BOOLEAN": "bool",
    "BYTEA": "bytea",
    "DATE": "date",
    "INTEGER": "int4",
    "TEXT": "text",
    "VARCHAR": "varchar",
}
DAY_ZERO = date(2000, 1, 1).toordinal()
"""The day from which PostgreSQL counts days."""
BINARY: dict[str, Callable[[Any], bytes]] = {
    "int8": Struct("!q").pack,
    "bool": Struct("!?").pack,
    "bytea": bytes,
    "date": lambda day: BINARY["int4"](day.toordinal() - DAY_ZERO),
    "int4": Struct("!i").pack,
    "text": str.encode,
    "varchar": str.encode,
}
"""How the server takes a value of each type in binary form."""


class PatientConnection(psycopg.Connection[Any]):
    """Waits for an answer no longer than its patience: a server that stands still is a lost one."""

    patience_seconds = 60.0

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        try:
            return super().wait(gen, interval, self.patience_seconds if timeout is None else timeout)
        except errors._WaitTimeout:
            if timeout is not None:
                raise
            self.close()
            raise psycopg.OperationalError("the server does not answer") from None


def engine_of(url: URL, connections: int, *, patience_seconds: float, writes: bool) -> Engine:
    """An engine on PostgreSQL. Nothing connects before the first use.

    Args:
        patience_seconds: how long an answer is waited for.
        writes: what it is for. Whoever writes tries again when a pooled connection turns out to be dead, so
            it need not be asked beforehand; and whoever writes looks rows up by their keys. The driver would
            wait for the answer to each BEGIN: a writing connection sends its own, with the option
            ``begins_asking`` together with the first questions (see ``asking``).
    """
    settings: dict[str, int | str] = {
        "lock_timeout": WAIT_MILLISECONDS,
        "idle_in_transaction_session_timeout": WAIT_MILLISECONDS,
        "tcp_user_timeout": 2 * WAIT_MILLISECONDS,
        # Statements here are short and many: compiling one takes longer than a hundred of them.
        "jit": "off",
    }
    if writes:
        # A plan made while the tables were empty reads them whole, and is kept while they grow.
        settings["enable_seqscan"] = "off"
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    engine = create_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=10,
        pool_pre_ping=not writes,
        connect_args={"options": options, "connect_timeout": 5},
        hide_parameters=True,
        isolation_level="AUTOCOMMIT" if writes else "READ COMMITTED",
    )

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, arguments: Any, named: Any) -> Any:
        connection = PatientConnection.connect(*arguments, **named)
        connection.patience_seconds = patience_seconds
        return connection

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if writes and not connection.get_execution_options().get("begins_asking"):
            connection.exec_driver_sql("BEGIN")

    return engine


def in_transaction(connection: Connection) -> bool:
    """Whether the server has been told of this transaction, or will be by the driver itself."""
    driver: Any = connection.connection.driver_connection
    return not driver.autocommit or driver.info.transaction_status != TransactionStatus.IDLE


class Array(bytes):
    """A list of values of one type, in the form in which the server takes it: see ``array``."""


class ArrayDumper(Dumper):
    """Hands an array over as it is. Its type is told by the cast in the statement."""

    format = Format.BINARY

    def dump(self, obj: Array) -> bytes:
        return obj


psycopg.adapters.register_dumper(Array, ArrayDumper)


def array(kind: str, values: Sequence[Any]) -> Array:
    """A list of values, or of None; the driver's own way takes five times as long.

    Args:
        kind: PostgreSQL's name of their type.
    """
    element, binary = psycopg.postgres.types[kind].oid, BINARY[kind]
    if not values:
        return Array(_EMPTY.pack(0, 0, element))
    if None in values:
        items = [_NULL if value is None else _LENGTH(len(binary(value))) + binary(value) for value in values]
        return Array(_HEAD(1, 1, element, len(items), 1) + b"".join(items))
    items = [_LENGTH(len(value)) + value for value in map(binary, values)]
    return Array(_HEAD(1, 0, element, len(items), 1) + b"".join(items))


_EMPTY, _HEAD, _LENGTH, _NULL = (
    Struct("!iiI"),
    Struct("!iiIii").pack,
    Struct("!i").pack,
    Struct("!i").pack(-1),
)


def insert_rows(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert a few rows."""
    types = [_type_of(column) for column in table.columns]
    arrays = ", ".join(f"%b::{kind}[]" for kind in types)
    inserting = f"INSERT INTO {_target(table)} SELECT * FROM unnest({arrays})"  # noqa: S608
    # SQLAlchemy knows no such arrays; psycopg's own cursor takes part in the same transaction.
    driver: Any = connection.connection.driver_connection
    with driver_errors(connection, inserting):
        driver.cursor().execute(inserting, list(map(array, types, zip(*rows, strict=True))))


@contextmanager
def copying(connection: Connection, table: Table) -> Iterator[Callable[[Sequence[tuple[Any, ...]]], None]]:
    """Within it, insert rows by the thousand; the server can be asked nothing else meanwhile."""
    driver: Any = connection.connection.driver_connection
    statement = f"COPY {_target(table)} FROM STDIN (FORMAT BINARY)"
    with driver_errors(connection, statement), driver.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types([_type_of(column) for column in table.columns])

        def insert(rows: Sequence[tuple[Any, ...]]) -> None:
            for row in rows:
                copy.write_row(row)

        yield insert


def send(
    connection: Connection,
    inserts: Sequence[tuple[Table, Sequence[tuple[Any, ...]]]],
    change: str = "SELECT",
    given: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Within a pipeline, insert rows into several tables and change something else in one statement.

    Args:
        change: a statement as the driver takes it, with ``given`` for its parameters.
    """
    present = [(table, rows) for table, rows in inserts if rows]
    statement, columns = _inserting(tuple(table for table, _ in present), change)
    values = dict(given)
    for (_, rows), places in zip(present, columns, strict=True):
        for (name, kind), column in zip(places, zip(*rows, strict=True), strict=True):
            values[name] = array(kind, column)
    driver: Any = connection.connection.driver_connection
    driver.cursor().execute(statement, values)


@cache
def _inserting(tables: tuple[Table, ...], change: str) -> tuple[str, list[list[tuple[str, str]]]]:
    """A statement that inserts into tables and changes something else; the names and types of its arrays."""
    columns = [
        [(f"rows_{number}_{place}", _type_of(column)) for place, column in enumerate(table.columns)]
        for number, table in enumerate(tables)
    ]
    parts = []
    for number, (table, places) in enumerate(zip(tables, columns, strict=True)):
        arrays = ", ".join(f"%({name})b::{kind}[]" for name, kind in places)
        inserting = f"INSERT INTO {_target(table)} SELECT * FROM unnest({arrays})"  # noqa: S608
        parts.append(f"i{number} AS ({inserting})")
    return f"WITH {', '.join(parts)} {change}" if parts else change, columns


def send_commit(connection: Connection) -> None:
    """Within a pipeline, commit; SQLAlchemy then finds nothing left to commit."""
    driver: Any = connection.connection.driver_connection
    driver.execute("COMMIT")


def _target(table: Table) -> str:
    quote = DIALECT.identifier_preparer.quote
    return f"{quote(table.name)} ({', '.join(quote(column.name) for column in table.columns)})"


def _type_of(column: Column[Any]) -> str:
    """PostgreSQL's name of a column's type."""
    kind = type(column.type)
    if kind not in _types:
        _types[kind] = TYPES[column.type.compile(DIALECT).partition("(")[0]]
    return _types[kind]


_types: dict[type[Any], str] = {}
"""The types that have been asked for."""


@contextmanager
def driver_errors(connection: Connection, statement: str) -> Iterator[None]:
    """Have the errors of the driver told as SQLAlchemy tells those of its own statements."""
    driver: Any = connection.connection.driver_connection
    try:
        yield
    except psycopg.Error as error:
        told: Any = error
        lost = connection.dialect.is_disconnect(told, driver, None)
        if lost:
            connection.invalidate(error)
        raise DBAPIError.instance(
            statement, None, error, psycopg.Error, hide_parameters=True, connection_invalidated=lost
        ) from error
