"""Applying events to rows: a page at a time, read together, changed in memory, written together."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, String, Table, select, tuple_
from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError

from shared.log.envelope import Envelope
from shared.log.log import is_passing
from shared.log.store import among, insert_rows
from shared.projections.parking import WAITS
from shared.projections.projection import Key, Projection, Row

LARGEST_LOOK_UP = 400
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


def apply_page(
    connection: Connection,
    projection: Projection,
    table: Table,
    page: Iterable[Envelope],
    held_streams: set[str],
) -> list[Failed]:
    """Apply a page of events to a table that has the projection's columns.

    Args:
        held_streams: streams with an event that failed before; theirs wait. Grows by those that fail here.

    Returns:
        The events that failed or wait, in their order; every other is applied.

    Raises:
        DBAPIError: the store is away, or the table is; no event is to blame.
    """
    handled = [envelope for envelope in page if envelope.type in projection.handled]
    return _apply_or_split(connection, projection, table, handled, held_streams)


def _apply_or_split(
    connection: Connection, projection: Projection, table: Table, page: list[Envelope], held_streams: set[str]
) -> list[Failed]:
    """Apply events; if the store refuses what became of them, split them until the culprit stands alone."""
    held = set(held_streams)
    try:
        with connection.begin_nested():
            failed = _apply(connection, projection, table, page, held)
    except Exception as error:
        if not _lies_in_the_events(error):
            raise
        if len(page) == 1:
            held_streams.add(page[0].stream)
            return [Failed(page[0], type(error).__name__)]
        middle = len(page) // 2
        return [
            *_apply_or_split(connection, projection, table, page[:middle], held_streams),
            *_apply_or_split(connection, projection, table, page[middle:], held_streams),
        ]
    held_streams |= held
    return failed


def _apply(
    connection: Connection, projection: Projection, table: Table, page: list[Envelope], held: set[str]
) -> list[Failed]:
    failed: list[Failed] = []
    named: list[tuple[Envelope, Any, list[Key]] | Failed] = []
    for envelope in page:
        handled = projection.handled[envelope.type]
        try:
            event = projection.read(handled, envelope)
            named.append((envelope, event, list(dict.fromkeys(handled.keys(event, envelope)))))
        except Exception as error:  # noqa: BLE001 - one event that cannot be read must not stop the others
            named.append(Failed(envelope, type(error).__name__))
    keys = dict.fromkeys(key for each in named if not isinstance(each, Failed) for key in each[2])
    found = load_rows(connection, table, projection, list(keys))
    rows: dict[Key, Row | None] = dict(found)
    for each in named:
        envelope = each[0]
        if envelope.stream in held:
            failed.append(Failed(envelope, WAITS, 0))
        elif isinstance(each, Failed):
            failed.append(each)
            held.add(envelope.stream)
        else:
            try:
                rows |= _changed(projection, rows, *each)
            except Exception as error:  # noqa: BLE001 - as above
                failed.append(Failed(envelope, type(error).__name__))
                held.add(envelope.stream)
    write_rows(connection, table, projection, found, rows)
    return failed


def _changed(
    projection: Projection, rows: Mapping[Key, Row | None], envelope: Envelope, event: Any, keys: list[Key]
) -> dict[Key, Row | None]:
    """What one event makes of its rows. Each function gets a copy: who changes it in place does no harm."""
    apply = projection.handled[envelope.type].apply
    changed: dict[Key, Row | None] = {}
    for key in keys:
        row = rows.get(key)
        made = apply(projection.fresh(key) if row is None else row.copy(), event, envelope)
        if made is not None and len(made) != len(projection.columns):
            raise WrongColumnsError(sorted(made))
        changed[key] = made
    return changed


def _lies_in_the_events(error: Exception) -> bool:
    """Whether an error comes of values that cannot be stored, not of a store that is away or not ready."""
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None)
        return not is_passing(error) and (state is None or state[:2] in UNFIT_VALUES)
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
    changed = {key: row for key, row in rows.items() if row != found.get(key)}
    replaced = [key for key in changed if key in found]
    for condition in _named(connection, table, projection, replaced):
        connection.execute(table.delete().where(condition))
    columns = projection.columns
    insert_rows(
        connection,
        table,
        [tuple([row[name] for name in columns]) for row in changed.values() if row is not None],
    )


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
