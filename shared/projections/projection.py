"""Projections: a table, a key and one pure function for each type of event that changes a row."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Table

from shared.log.envelope import Envelope
from shared.rules.language import read_stored
from shared.rules.message import kind_of

Row = dict[str, Any]
Key = tuple[Any, ...]
Apply = Callable[[Row, Any, Envelope], Row | None]
Keys = Callable[[Any, Envelope], Iterable[Key]]
Applied = TypeVar("Applied", bound=Apply)


@dataclass(frozen=True, slots=True)
class Handled:
    """What a projection does with one type of event."""

    event_type: type[Any]
    keys: Keys
    apply: Apply


class Projection:
    """What one feed tells, as rows.

    Args:
        table: where the rows stand; its primary key names a row. Its name is the projection's stored name.
        source: the service whose feed it follows.
        key: the fields of an event that name its row, in the order of the primary key; or a function of
            event and envelope that names any number of rows.
        version: raise it with every change of what the functions make; a rebuild then swaps.
        personal: the columns that erasure empties; they are not compared.
    """

    def __init__(
        self,
        table: Table,
        *,
        source: str,
        key: str | tuple[str, ...] | Keys,
        version: int = 1,
        personal: Iterable[str] = (),
    ) -> None:
        self.table = table
        self.name = table.name
        self.source = source
        self.version = version
        self.personal = frozenset(personal)
        self.columns = tuple(column.name for column in table.columns)
        self.key_columns = tuple(column.name for column in table.primary_key.columns)
        self.handled: dict[str, Handled] = {}
        self._key = key
        self._fresh = {column.name: _default(column.default) for column in table.columns}

    def on(
        self, event_type: type[Any], key: str | tuple[str, ...] | Keys | None = None
    ) -> Callable[[Applied], Applied]:
        """Declare what a type of event does to its row: ``(row, event, envelope) -> row``; None removes it.

        A row that is not there yet comes with its key and its columns' defaults.
        """

        def declare(apply: Applied) -> Applied:
            self.handled[kind_of(event_type).name] = Handled(event_type, _keys(key or self._key), apply)
            return apply

        return declare

    def fresh(self, key: Key) -> Row:
        """The row that a key starts from."""
        return self._fresh | dict(zip(self.key_columns, key, strict=True))

    def read(self, handled: Handled, envelope: Envelope) -> Any:
        """The event in an envelope; its personal values are erased for all who follow a feed.

        Raises:
            UnknownType, UnknownShape: it does not fit the type that the projection handles.
        """
        facts = envelope.facts
        return read_stored(handled.event_type, facts.schema, facts.data, None)


def _keys(key: str | tuple[str, ...] | Keys) -> Keys:
    if isinstance(key, str):
        return lambda event, _: ((getattr(event, key),),)
    if isinstance(key, tuple):
        return lambda event, _: (tuple(getattr(event, each) for each in key),)
    return key


def _default(default: Any) -> Any:
    return default.arg if default is not None and default.is_scalar else None
