"""Applying events to rows: a page at a time, read together, changed in memory, written together."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, String, Table, select, tuple_

from shared.log.envelope import Envelope
from shared.log.store import among, insert_rows
from shared.projections.parking import WAITS
from shared.projections.projection import Key, Projection, Row

LARGEST_LOOK_UP = 400


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
        The events that failed or wait; every other is applied.
    """
    handled = [
        (envelope, projection.handled[envelope.type])
        for envelope in page
        if envelope.type in projection.handled
    ]
    failed: list[Failed] = []
    named: list[tuple[Envelope, Any, Any, list[Key]]] = []
    for envelope, what in handled:
        try:
            event = projection.read(what, envelope)
            named.append((envelope, what, event, list(what.keys(event, envelope))))
        except Exception as error:  # noqa: BLE001 - one event that cannot be read must not stop the others
            failed.append(Failed(envelope, type(error).__name__))
            held_streams.add(envelope.stream)
    keys = dict.fromkeys(key for *_, keys in named for key in keys)
    found = load_rows(connection, table, projection, list(keys))
    rows: dict[Key, Row | None] = dict(found)
    for envelope, what, event, event_keys in named:
        if held_streams and envelope.stream in held_streams:
            failed.append(Failed(envelope, WAITS, 0))
            continue
        try:
            changed: dict[Key, Row | None] = {}
            for key in event_keys:
                row = changed[key] if key in changed else rows.get(key)
                changed[key] = what.apply(projection.fresh(key) if row is None else row, event, envelope)
            rows |= changed
        except Exception as error:  # noqa: BLE001 - as above
            failed.append(Failed(envelope, type(error).__name__))
            held_streams.add(envelope.stream)
    write_rows(connection, table, projection, found, rows)
    return failed


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
