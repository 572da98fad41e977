"""Storing the rows of a batch: on PostgreSQL while this process composes more of them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Table

from shared.log import postgresql
from shared.log.asking import Question, ask, sending
from shared.log.store import insert_rows

Rows = tuple[Table, Sequence[tuple[Any, ...]]]
"""Rows of a table, each with a value for every column in the table's order."""


class Storage:
    """Takes the rows of a transaction as its last act, within ``storing``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._on_postgresql = connection.dialect.name == "postgresql"

    def insert(self, inserts: Sequence[Rows]) -> None:
        """Insert rows into several tables."""
        if self._on_postgresql:
            postgresql.send(self._connection, inserts)
            return
        for table, rows in inserts:
            insert_rows(self._connection, table, rows)

    def commit(self, inserts: Sequence[Rows], change: Question, given: Mapping[str, Any]) -> None:
        """Insert the last rows and change something else; PostgreSQL commits with it, SQLite after it."""
        if self._on_postgresql:
            postgresql.send(self._connection, inserts, change.on(self._connection), given)
            postgresql.send_commit(self._connection)
            return
        self.insert(inserts)
        ask(self._connection, (change, given))


@contextmanager
def storing(connection: Connection) -> Iterator[Storage]:
    """Within it, PostgreSQL stores what it was given while this process makes the next rows."""
    with sending(connection):
        yield Storage(connection)
