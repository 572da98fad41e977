"""PostgreSQL as the store: connections that wait for a limited time, and rows brought in bulk."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import errors
from sqlalchemy import Column, Connection, Engine, Table, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

WAIT_MILLISECONDS = 5_000
"""How long a lock is waited for, and how long a silent transaction may hold one (design, section 4.1)."""
INSERT_MOST = 200
"""Up to so many rows an INSERT is quicker: a COPY waits for the server four times, and always alone."""
COPY_TYPES = {
    "BIGINT": "int8",
    "BOOLEAN": "bool",
    "BYTEA": "bytea",
    "DATE": "date",
    "INTEGER": "int4",
    "TEXT": "text",
    "VARCHAR": "varchar",
}


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


def engine_of(url: URL, connections: int, *, patience_seconds: float, ping: bool) -> Engine:
    """An engine on PostgreSQL. Nothing connects before the first use.

    Args:
        patience_seconds: how long an answer is waited for.
        ping: ask a pooled connection whether it lives before it is used.
    """
    limits = {
        "lock_timeout": WAIT_MILLISECONDS,
        "idle_in_transaction_session_timeout": WAIT_MILLISECONDS,
        "tcp_user_timeout": 2 * WAIT_MILLISECONDS,
    }
    options = " ".join(f"-c {name}={value}" for name, value in limits.items())
    engine = create_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=10,
        pool_pre_ping=ping,
        connect_args={"options": options, "connect_timeout": 5},
        hide_parameters=True,
    )

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, arguments: Any, named: Any) -> Any:
        connection = PatientConnection.connect(*arguments, **named)
        connection.patience_seconds = patience_seconds
        return connection

    return engine


def insert_rows(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows: a few by one INSERT, which can be sent together with other statements, many by COPY."""
    quote = connection.dialect.identifier_preparer.quote
    target = f"{quote(table.name)} ({', '.join(quote(column.name) for column in table.columns)})"
    types = [_type_of(connection, column) for column in table.columns]
    # SQLAlchemy knows neither; psycopg's own cursor takes part in the same transaction.
    driver: Any = connection.connection.driver_connection
    if len(rows) <= INSERT_MOST:
        arrays = ", ".join(f"%b::{kind}[]" for kind in types)
        inserting = f"INSERT INTO {target} SELECT * FROM unnest({arrays})"  # noqa: S608
        with driver_errors(connection, inserting):
            driver.cursor().execute(inserting, [list(values) for values in zip(*rows, strict=True)])
        return
    copying = f"COPY {target} FROM STDIN (FORMAT BINARY)"
    with driver_errors(connection, copying), driver.cursor() as cursor, cursor.copy(copying) as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)


def _type_of(connection: Connection, column: Column[Any]) -> str:
    return COPY_TYPES[column.type.compile(connection.dialect).partition("(")[0]]


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
