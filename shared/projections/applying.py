"""Applying events to rows: a page at a time, read together, changed in memory, written together."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, String, Table, select, tuple_
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError, StatementError

from shared.log.envelope import Envelope
from shared.log.log import is_passing
from shared.log.store import among, insert_rows
from shared.projections.parking import WAITS
from shared.projections.projection import Apply, Key, Projection, Row

LARGEST_LOOK_UP = 400
KEYS_REMEMBERED_MAX = 2_000_000
"""Their hashes take some 100 bytes each."""
UNFIT_VALUES = ("22", "23")
"""The classes of SQLSTATE that tell of a value: it does not fit its column, or breaks a constraint."""


class WrongColumnsError(Exception):
    """A function made a row with other columns than its table has."""


class Failed(NamedTuple):
    """An event that could not be applied, why, and how often it was tried.

    The reason is the error's type only: its text may hold what the event told.
    """

    envelope: Envelope
    reason: str
    tries: int = 1


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


def apply_page(
    connection: Connection,
    projection: Projection,
    table: Table,
    page: list[Envelope],
    held_streams: set[str],
    written: KeysWritten | None = None,
) -> list[Failed]:
    """Apply a page of events to a table that has the projection's columns.

    If the store refuses what became of them, they are split until the culprit stands alone.

    Args:
        page: of types that the projection handles.
        held_streams: streams with an event that failed before; theirs wait. Grows by those that fail here.
        written: of a table that began empty and that nobody else writes to, the same for all its pages.

    Returns:
        The events that failed or wait, in their order; every other is applied.

    Raises:
        DBAPIError: the store is away, or the table is; no event is to blame.
    """
    held = set(held_streams)
    try:
        with connection.begin_nested():
            failed = _apply(connection, projection, table, page, held, written)
    except Exception as error:
        if not _lies_in_the_events(error):
            raise
        if len(page) == 1:
            held_streams.add(page[0].stream)
            return [Failed(page[0], type(error).__name__)]
        middle = len(page) // 2
        return [
            *apply_page(connection, projection, table, page[:middle], held_streams, written),
            *apply_page(connection, projection, table, page[middle:], held_streams, written),
        ]
    held_streams |= held
    return failed


def _apply(
    connection: Connection,
    projection: Projection,
    table: Table,
    page: list[Envelope],
    held: set[str],
    written: KeysWritten | None,
) -> list[Failed]:
    failed: list[Failed] = []
    named: list[tuple[Envelope, Apply | None, Any, tuple[Key, ...]]] = []
    sought: dict[Key, None] = {}
    for envelope in page:
        handled = projection.handled[envelope.type]
        try:
            event = handled.read(envelope)
            keys = tuple(handled.keys(event, envelope))
            for key in keys:
                sought[key] = None
        except Exception as error:  # noqa: BLE001 - one event that cannot be read must not stop the others
            named.append((envelope, None, error, ()))
        else:
            named.append((envelope, handled.apply, event, keys))
    looked_up = list(sought) if written is None else written.may_be_there(list(sought))
    found = load_rows(connection, table, projection, looked_up)
    rows: dict[Key, Row | None] = dict(found)
    for envelope, apply, event, keys in named:
        if held and envelope.stream in held:
            failed.append(Failed(envelope, WAITS, 0))
            continue
        try:
            if apply is None:
                raise event  # noqa: TRY301 - of the two kinds of failure, the one from above
            changed: dict[Key, Row | None] = {}
            for key in keys:
                row = rows.get(key)
                # Each function gets a copy: who changes it in place does no harm.
                made = apply(projection.fresh(key) if row is None else row.copy(), event, envelope)
                if made is not None and len(made) != projection.width:
                    raise WrongColumnsError(sorted(made))  # noqa: TRY301 - as above
                changed[key] = made
            rows.update(changed)
        except Exception as error:  # noqa: BLE001 - as above
            failed.append(Failed(envelope, type(error).__name__))
            held.add(envelope.stream)
    write_rows(connection, table, projection, found, rows)
    return failed


def _lies_in_the_events(error: Exception) -> bool:
    """Whether an error comes of values that cannot be stored, not of a store that is away or not ready."""
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None)
        # SQLite has no such classes; of a table that is missing it tells as of a server that is away.
        unfit = state[:2] in UNFIT_VALUES if state else not isinstance(error, OperationalError)
        return unfit and not is_passing(error)
    return isinstance(error, StatementError) or not isinstance(error, SQLAlchemyError)


def load_rows(
    connection: Connection, table: Table, projection: Projection, keys: Sequence[Key]
) -> dict[Key, Row]:
    """The rows of some keys that are there."""
    if not keys:
        return {}
    rows: dict[Key, Row] = {}
    for condition in _named(connection, table, projection, keys):
        for mapping in connection.execute(select(table).where(condition)).mappings():
            row = dict(mapping)
            rows[tuple(row[name] for name in projection.key_columns)] = row
    return rows


def write_rows(
    connection: Connection,
    table: Table,
    projection: Projection,
    found: Mapping[Key, Row],
    rows: Mapping[Key, Row | None],
) -> None:
    """Write the rows that differ from how they were found."""
    changed = rows
    if found:
        changed = {key: row for key, row in rows.items() if row != found.get(key)}
        replaced = [key for key in changed if key in found]
        for condition in _named(connection, table, projection, replaced):
            connection.execute(table.delete().where(condition))
    values = projection.values_of
    insert_rows(connection, table, [values(row) for row in changed.values() if row is not None])


def _named(
    connection: Connection, table: Table, projection: Projection, keys: Sequence[Key]
) -> list[ColumnElement[bool]]:
    """Conditions that together name the rows of some keys."""
    if not keys:
        return []
    if len(projection.key_columns) == 1:
        column = table.c[projection.key_columns[0]]
        if isinstance(column.type, String):
            return [among(connection, column, [key[0] for key in keys])]
    columns = tuple_(*(table.c[name] for name in projection.key_columns))
    return [
        columns.in_(keys[start : start + LARGEST_LOOK_UP]) for start in range(0, len(keys), LARGEST_LOOK_UP)
    ]
