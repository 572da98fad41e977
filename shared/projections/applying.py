"""Applying events to rows: a portion at a time, read together, changed in memory, written together."""

from typing import Any, NamedTuple

from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError, StatementError

from shared.log.envelope import Envelope
from shared.log.log import is_passing
from shared.projections.parking import WAITS
from shared.projections.projection import Apply, Key, Projection, Row
from shared.projections.rows import KeysWritten, Rows, rows_of

PORTION = 2_500
"""Events that are applied together: few enough to stay in the processor's cache."""
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
    failed: list[Failed] = []
    try:
        with connection.begin_nested(), rows_of(connection, table, projection, written) as rows:
            for start in range(0, len(page), PORTION):
                failed += _apply(rows, projection, page[start : start + PORTION], held)
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


def _apply(table_rows: Rows, projection: Projection, portion: list[Envelope], held: set[str]) -> list[Failed]:
    failed: list[Failed] = []
    named: list[tuple[Envelope, Apply | None, Any, tuple[Key, ...]]] = []
    sought: dict[Key, None] = {}
    for envelope in portion:
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
    found = table_rows.load(list(sought))
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
    table_rows.write(found, rows)
    return failed


def _lies_in_the_events(error: Exception) -> bool:
    """Whether an error comes of values that cannot be stored, not of a store that is away or not ready."""
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None)
        # SQLite has no such classes; of a table that is missing it tells as of a server that is away.
        unfit = state[:2] in UNFIT_VALUES if state else not isinstance(error, OperationalError)
        return unfit and not is_passing(error)
    return isinstance(error, StatementError) or not isinstance(error, SQLAlchemyError)
