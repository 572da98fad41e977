"""Projections: a table, a key and one pure function for each type of event that changes a row."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from operator import itemgetter
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Table

from shared.log.envelope import Envelope
from shared.rules.language import read_stored
from shared.rules.message import kind_of
from shared.rules.personal import ERASED, Personal
from shared.rules.plain import plan_of

Row = dict[str, Any]
Key = tuple[Any, ...]
Apply = Callable[[Row, Any, Envelope], Row | None]
Keys = Callable[[Any, Envelope], Iterable[Key]]
Read = Callable[[Envelope], Any]
Applied = TypeVar("Applied", bound=Apply)


@dataclass(frozen=True, slots=True)
class Handled:
    """What a projection does with one type of event.

    Args:
        read: the event in an envelope; its personal values are erased for all who follow a feed. Raises
            UnknownType, UnknownShape where it does not fit the type.
    """

    event_type: type[Any]
    read: Read
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
        self.width = len(self.columns)
        self.values_of = _values_of(self.columns)
        self._key = key
        self.fresh = _fresh_of(self.key_columns, {each.name: _default(each.default) for each in table.c})

    def on(
        self, event_type: type[Any], key: str | tuple[str, ...] | Keys | None = None
    ) -> Callable[[Applied], Applied]:
        """Declare what a type of event does to its row: ``(row, event, envelope) -> row``; None removes it.

        A row that is not there yet comes with its key and its columns' defaults.

        Args:
            event_type: one for which nothing else is declared.
            key: as of the projection; None: the projection's own.
        """

        def declare(apply: Applied) -> Applied:
            self.handled[kind_of(event_type).name] = Handled(
                event_type, reader_of(event_type), _keys(key or self._key), apply
            )
            return apply

        return declare


def reader_of(event_type: type[Any]) -> Read:
    """What reads events of a type out of their envelopes, as ``read_stored`` does, but by the million.

    An event of today's shape without records in it is put together here; any other, also one that does not
    fit, is left to ``read_stored``.
    """
    plan, schema = plan_of(event_type), kind_of(event_type).schema

    def read_any(envelope: Envelope) -> Any:
        facts = envelope.facts
        return read_stored(event_type, facts.schema, facts.data, None)

    if plan.nested:
        return read_any
    # Days are read with the text; whatever else is not plain is converted when the event is built.
    days = {name: date | None for name, _, convert in plan.converted if convert == date.fromisoformat}
    told: dict[str, Any] = dict.fromkeys(plan.plain, Any)
    told |= {name: days.get(name, Any) for name, _, _ in plan.converted}
    data = msgspec.defstruct("Data", list(told.items()), forbid_unknown_fields=True, gc=False)
    stored = msgspec.defstruct("Stored", [("schema", int), ("data", data)], gc=False)
    decode: Callable[[str], Any] = msgspec.json.Decoder(stored).decode
    build = _builder_of(event_type, {name: each for name, _, each in plan.converted if name not in days})

    def read(envelope: Envelope) -> Any:
        try:
            found = decode(envelope.public)
        except msgspec.ValidationError:
            return read_any(envelope)
        return build(found.data) if found.schema == schema else read_any(envelope)

    return read


def _builder_of(event_type: type[Any], converted: dict[str, Any]) -> Callable[[Any], Any]:
    """What makes an event of a type from an object with its fields; its personal values are erased.

    It is written out, as dataclasses do it, and sets the slots themselves: a frozen record's own ``__init__``
    takes three times as long.
    """
    plan = plan_of(event_type)
    # Apply functions are pure, so that one value can stand for all that are erased.
    known: dict[str, Any] = {"new": object.__new__, "event_type": event_type, "ERASED": Personal[Any](ERASED)}
    lines = ["def build(data):", "event = new(event_type)"]
    for name in (*plan.plain, *(name for name, _, _ in plan.converted), *plan.personal):
        known[f"put_{name}"] = getattr(event_type, name).__set__
        value = "ERASED" if name in plan.personal else f"data.{name}"
        if name in converted:
            known[f"convert_{name}"] = converted[name]
            value = f"None if {value} is None else convert_{name}({value})"
        lines.append(f"put_{name}(event, {value})")
    exec("\n    ".join([*lines, "return event"]), known)  # noqa: S102 - of the names of our own fields
    build: Callable[[Any], Any] = known["build"]
    return build


def _keys(key: str | tuple[str, ...] | Keys) -> Keys:
    if isinstance(key, str):
        return lambda event, _: ((getattr(event, key),),)
    if isinstance(key, tuple):
        return lambda event, _: (tuple(getattr(event, each) for each in key),)
    return key


def _values_of(columns: tuple[str, ...]) -> Callable[[Row], tuple[Any, ...]]:
    """What gives a row's values in the order of the columns."""
    if len(columns) == 1:  # of which itemgetter would give no tuple
        return lambda row: (row[columns[0]],)
    return itemgetter(*columns)


def _fresh_of(key_columns: tuple[str, ...], defaults: Row) -> Callable[[Key], Row]:
    """What makes the row that a key starts from; one of a single column is by far the most frequent."""

    def fresh(key: Key) -> Row:
        row = defaults.copy()
        row.update(zip(key_columns, key, strict=True))
        return row

    def fresh_of_one(key: Key) -> Row:
        row = defaults.copy()
        (row[only],) = key
        return row

    only = key_columns[0]
    return fresh_of_one if len(key_columns) == 1 else fresh


def _default(default: Any) -> Any:
    return default.arg if default is not None and default.is_scalar else None
