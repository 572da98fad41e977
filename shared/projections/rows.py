"""The rows of a projection within one transaction: looked up, and written while more of them are made."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from sqlalchemy import ColumnElement, Connection, String, Table, select, tuple_
from sqlalchemy.exc import SQLAlchemyError

from shared.log.store import FEW_ROWS, among, insert_rows, inserting
from shared.projections.projection import Key, Projection, Row

LARGEST_LOOK_UP = 400
KEYS_REMEMBERED_MAX = 2_000_000
"""Their hashes take some 100 bytes each."""


class KeysWritten:
    """Which keys a table that began empty may hold, so that no others are looked for; by their hashes."""

    def __init__(self) -> None:
        self._hashes: set[int] = set()

    def may_be_there(self, keys: list[Key]) -> list[Key]:
        """The keys that were noted before, and now and then one that was not. All of them are noted."""
        if len(self._hashes) > KEYS_REMEMBERED_MAX:
            return keys
        hashes = list(map(hash, keys))
        noted: list[Key] = []
        if not self._hashes.isdisjoint(hashes):
            noted = [key for key, its_hash in zip(keys, hashes, strict=True) if its_hash in self._hashes]
        self._hashes.update(hashes)
        return noted


class Rows:
    """A table that has a projection's columns. Before anything else is asked of the connection: ``settle``.

    Args:
        written: of a table that began empty and that nobody else writes to.
    """

    def __init__(
        self, connection: Connection, table: Table, projection: Projection, written: KeysWritten | None
    ) -> None:
        self._connection = connection
        self._table = table
        self._projection = projection
        self._written = written
        self._open = ExitStack()
        self._insert: Callable[[Sequence[tuple[Any, ...]]], None] | None = None

    def load(self, keys: list[Key]) -> dict[Key, Row]:
        """The rows of some keys that are there."""
        if self._written is not None:
            keys = self._written.may_be_there(keys)
        rows: dict[Key, Row] = {}
        for condition in self._named(keys):
            for mapping in self._connection.execute(select(self._table).where(condition)).mappings():
                row = dict(mapping)
                rows[tuple(row[name] for name in self._projection.key_columns)] = row
        return rows

    def write(self, found: Mapping[Key, Row], rows: Mapping[Key, Row | None]) -> None:
        """Write the rows that differ from how they were found."""
        changed = rows
        if found:
            changed = {key: row for key, row in rows.items() if row != found.get(key)}
            for condition in self._named([key for key in changed if key in found]):
                self._connection.execute(self._table.delete().where(condition))
        values = self._projection.values_of
        new = [values(row) for row in changed.values() if row is not None]
        if self._insert is None and len(new) > FEW_ROWS:
            self._insert = self._open.enter_context(inserting(self._connection, self._table))
        if self._insert is None:
            insert_rows(self._connection, self._table, new)
        else:
            self._insert(new)

    def settle(self) -> None:
        """Have all stored that was written."""
        self._insert = None
        self._open.close()

    def _named(self, keys: Sequence[Key]) -> list[ColumnElement[bool]]:
        """Conditions that together name the rows of some keys."""
        if not keys:
            return []
        self.settle()
        table, key_columns = self._table, self._projection.key_columns
        if len(key_columns) == 1:
            column = table.c[key_columns[0]]
            if isinstance(column.type, String):
                return [among(self._connection, column, [key[0] for key in keys])]
        columns = tuple_(*(table.c[name] for name in key_columns))
        return [
            columns.in_(keys[start : start + LARGEST_LOOK_UP])
            for start in range(0, len(keys), LARGEST_LOOK_UP)
        ]


@contextmanager
def rows_of(
    connection: Connection, table: Table, projection: Projection, written: KeysWritten | None
) -> Iterator[Rows]:
    """The rows of a table, settled at the end."""
    rows = Rows(connection, table, projection, written)
    try:
        yield rows
    except BaseException:
        with suppress(SQLAlchemyError):
            rows.settle()
        raise
    rows.settle()
