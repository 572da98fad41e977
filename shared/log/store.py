"""A service's store: SQLite or PostgreSQL behind SQLAlchemy, opened for reading or for writing."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Date,
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
from sqlalchemy.pool import StaticPool
from sqlalchemy.types import String

from shared.log import postgresql

PATIENCE_SECONDS = 6.0
"""How long an answer is waited for: a little longer than a lock."""
WRITERS_MOST = 8
FEW_ROWS = 200
"""Up to so many rows PostgreSQL inserts faster than it copies: for a COPY it is waited four times."""
ROWS_AT_ONCE = 200
"""Rows in one INSERT on SQLite; there it takes half the time of as many INSERTs."""

END_FROZEN = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND usename = current_user"
    " AND wait_event = 'ClientRead' AND state IN ('active', 'idle in transaction')"
    " AND state_change < clock_timestamp() - make_interval(secs => :seconds)"
)


class Store:
    """One database of one service. Nothing connects before the first use.

    Args:
        url: ``sqlite:///file`` or ``postgresql+psycopg://…``.
        connections: the most that read at once; on PostgreSQL at least the workers + 2.
        patience_seconds: how long an answer is waited for; whoever rebuilds or migrates needs more.
        damaged: on SQLite, read texts that are no UTF-8, too: what does not fit is replaced.
    """

    def __init__(
        self,
        url: str,
        connections: int = 12,
        patience_seconds: float = PATIENCE_SECONDS,
        *,
        damaged: bool = False,
    ) -> None:
        self.url = make_url(url)
        self.damaged = damaged
        self.on_postgresql = self.url.get_backend_name() == "postgresql"
        # On SQLite this lock precedes BEGIN IMMEDIATE: writers of one process wait here, not in the file.
        self._file = threading.RLock()
        if self.on_postgresql:
            patience = {"patience_seconds": patience_seconds}
            self.engine = postgresql.engine_of(self.url, connections, writes=False, **patience)
            self.writing = postgresql.engine_of(self.url, WRITERS_MOST, writes=True, **patience)
        else:
            self.engine = self.writing = self._sqlite(connections)

    def _sqlite(self, connections: int) -> Engine:
        in_memory = not self.url.database
        pool: dict[str, Any] = (
            {"poolclass": StaticPool} if in_memory else {"pool_size": connections, "max_overflow": 0}
        )
        engine = create_engine(self.url, connect_args={"timeout": 5}, hide_parameters=True, **pool)

        @event.listens_for(engine, "connect")
        def configure(connection: Any, _record: Any) -> None:
            connection.isolation_level = None
            if self.damaged:
                connection.text_factory = partial(str, encoding="utf-8", errors="replace")
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
    def write(self, *, begins_asking: bool = False) -> Iterator[Connection]:
        """A connection in a transaction that is committed at the end, or rolled back on an exception.

        Args:
            begins_asking: whoever uses it promises to begin with questions (see ``asking``): PostgreSQL is
                told of the transaction together with them.
        """
        if self.on_postgresql:
            with (
                self.writing.connect().execution_options(begins_asking=begins_asking) as connection,
                connection.begin(),
            ):
                yield connection
            return
        with (
            self._file,
            self.engine.connect().execution_options(immediate=True) as connection,
            connection.begin(),
        ):
            yield connection

    def end_frozen(self) -> int:
        """End this service's sessions whose process stands still within a transaction; how many.

        PostgreSQL does so itself for one that is silent between statements. But within a COPY, and after
        statements that were sent together, it waits for ever, and with it all who need the locks.
        """
        if not self.on_postgresql:
            return 0
        with self.read() as connection:
            return len(connection.execute(END_FROZEN, {"seconds": postgresql.WAIT_MILLISECONDS / 1000}).all())

    def close(self) -> None:
        self.engine.dispose()
        self.writing.dispose()


def among(connection: Connection, column: ColumnElement[Any], values: Iterable[str]) -> ColumnElement[bool]:
    """A condition that a text column is one of any number of values, passed as one parameter."""
    given = list(values)
    if connection.dialect.name == "postgresql":
        return column == any_(bindparam(None, given, type_=ARRAY(String)))
    return column.in_(
        select(func.json_each(msgspec.json.encode(given).decode()).table_valued("value").c.value)
    )


def insert_rows(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows, each with a value for every column in the table's order."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        _insert_sqlite(connection, table, rows)
    elif len(rows) <= FEW_ROWS:
        postgresql.insert_rows(connection, table, rows)
    else:
        with postgresql.copying(connection, table) as insert:
            insert(rows)


@contextmanager
def inserting(connection: Connection, table: Table) -> Iterator[Callable[[Sequence[tuple[Any, ...]]], None]]:
    """Within it, PostgreSQL stores rows that it was given while this process makes the next ones."""
    if connection.dialect.name == "sqlite":
        yield partial(_insert_sqlite, connection, table)
    else:
        with postgresql.copying(connection, table) as insert:
            yield insert


def _insert_sqlite(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    quote = connection.dialect.identifier_preparer.quote
    target = f"{quote(table.name)} ({', '.join(quote(column.name) for column in table.columns)})"
    width = len(table.columns)
    days = [place for place, column in enumerate(table.columns) if isinstance(column.type, Date)]
    for start in range(0, len(rows), ROWS_AT_ONCE):
        values = list(chain.from_iterable(rows[start : start + ROWS_AT_ONCE]))
        for place in days:  # the driver would convert them one by one
            values[place::width] = [None if day is None else day.isoformat() for day in values[place::width]]
        marks = ", ".join([f"({', '.join('?' * width)})"] * (len(values) // width))
        connection.exec_driver_sql(f"INSERT INTO {target} VALUES {marks}", tuple(values))  # noqa: S608
