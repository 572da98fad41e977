"""The states of streams that a process remembers, kept level with what other processes append."""

import inspect
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import Connection, func, literal_column, select

from shared.log.asking import Question, ask, named
from shared.log.entry import Known
from shared.log.envelope import canonical, read_facts
from shared.log.store import among, insert_rows
from shared.log.tables import events, snapshots
from shared.rules.decider import Decider
from shared.rules.language import Language
from shared.rules.personal import Personal, Sealed
from shared.rules.plain import from_plain, personal_fields, to_plain

SNAPSHOT_EVERY = 500
REMEMBERED_MOST = 50_000
FOLLOWED_MOST = 5_000


class Streams:
    """States by stream. Whoever uses it holds the head's lock, so that nothing changes meanwhile."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._known: dict[str, Known] = {}
        self._position = 0

    def follow(self, connection: Connection, position: int) -> None:
        """Forget the streams to which other processes have appended up to the head's position."""
        if position - self._position > FOLLOWED_MOST or position < self._position:
            self._known.clear()
        elif position > self._position:
            changed = select(events.c.stream).where(events.c.position > self._position).distinct()
            for stream in connection.scalars(changed):
                self._known.pop(stream, None)
        self._position = position

    def load(
        self,
        connection: Connection,
        streams: Iterable[str],
        *others: tuple[Question, Mapping[str, Any]],
    ) -> list[list[Any]]:
        """Read those of the streams that are not remembered, all in one go.

        Args:
            others: questions to ask on the way.

        Returns:
            The answers to the others.
        """
        missing = [stream for stream in dict.fromkeys(streams) if stream not in self._known]
        if not missing:
            return ask(connection, *others) if others else []
        given = {"streams": missing}
        *answers, stored, tails = ask(connection, *others, (SNAPSHOTS, given), (TAILS, given))
        found = {stream: Known(self._decider(stream).initial) for stream in missing}
        outdated = self._from_snapshots(stored, found)
        self._evolve(found, [row for row in tails if row.stream not in outdated])
        if outdated:
            rows = connection.execute(
                select(events.c.stream, events.c.version, events.c.type, events.c.public, events.c.sealed)
                .where(among(connection, events.c.stream, outdated))
                .order_by(events.c.stream, events.c.version)
                .execution_options(yield_per=1_000)
            )
            self._evolve(found, rows)
        self._known |= found
        return answers

    def _evolve(self, found: dict[str, Known], rows: Iterable[Any]) -> None:
        for stream, version, kind, public, sealed in rows:
            event = read_event(self._language, stream, version, kind, public, sealed)
            before = found[stream]
            state = self._decider(stream).evolve(before.state, event)
            found[stream] = Known(state, version, before.snapshot)

    def remembered(self, stream: str) -> Known | None:
        """A stream's state, unless it has to be read first."""
        return self._known.get(stream)

    def keep(self, changed: dict[str, Known], position: int) -> None:
        """Remember the states that a committed batch has left."""
        if len(self._known) + len(changed) > REMEMBERED_MOST:
            self._known.clear()
        self._known |= changed
        self._position = position

    def snapshot(
        self, connection: Connection, changed: dict[str, Known], sealed: dict[int, Sealed]
    ) -> dict[str, Known]:
        """Store a snapshot of each stream that has grown by enough, and give the states with that noted.

        Args:
            sealed: where each personal value that this batch brought is sealed, by the value's id().
        """
        due = {
            stream: known
            for stream, known in changed.items()
            if known.version - known.snapshot >= SNAPSHOT_EVERY
        }
        if due:
            connection.execute(snapshots.delete().where(among(connection, snapshots.c.stream, due)))
            insert_rows(
                connection, snapshots, [self._row(stream, known, sealed) for stream, known in due.items()]
            )
        return changed | {
            stream: Known(known.state, known.version, known.version) for stream, known in due.items()
        }

    def _row(self, stream: str, known: Known, sealed: dict[int, Sealed]) -> tuple[Any, ...]:
        boxes: dict[str, list[str]] = {}
        for path, _, value in personal_fields(known.state):
            place = sealed.get(id(value), value.content)
            if isinstance(place, Sealed):
                boxes[path] = [place.person_id, place.place, place.box]
        state = canonical({"state": to_plain(known.state), "sealed": boxes}).decode()
        return stream, known.version, shape_of(self._decider(stream)), state

    def _from_snapshots(self, stored: Iterable[Any], found: dict[str, Known]) -> set[str]:
        """Start from snapshots; the streams whose snapshot is of another shape, to be read whole."""
        outdated = set()
        for row in stored:
            decider = self._decider(row.stream)
            if row.shape != shape_of(decider):
                outdated.add(row.stream)
                continue
            content = msgspec.json.decode(row.state)
            boxes: dict[str, Personal[Any]] = {
                path: Personal(Sealed(*box)) for path, box in content["sealed"].items()
            }
            state = from_plain(type(decider.initial), content["state"], boxes)
            found[row.stream] = Known(state, row.version, row.version)
        return outdated

    def _decider(self, stream: str) -> Decider:
        return self._language.deciders[stream.partition("/")[0]]


def _tails(connection: Connection) -> Any:
    before = (
        select(snapshots.c.version)
        .where(snapshots.c.stream == events.c.stream)
        .correlate(events)
        .scalar_subquery()
    )
    return (
        select(events.c.stream, events.c.version, events.c.type, events.c.public, events.c.sealed)
        .where(
            named(connection, events.c.stream, "streams"),
            events.c.version > func.coalesce(before, literal_column("0")),
        )
        .order_by(events.c.stream, events.c.version)
    )


SNAPSHOTS = Question(
    lambda connection: select(snapshots).where(named(connection, snapshots.c.stream, "streams"))
)
TAILS = Question(_tails)


@cache
def shape_of(decider: Decider) -> str:
    """Changes whenever the aggregate's or its events' modules do: an older snapshot is then passed over."""
    modules = {decider.evolve.__module__, *(each.__module__ for each in decider.event_types())}
    sources = (inspect.getsource(sys.modules[name]) for name in sorted(modules))
    return sha256("\0".join(sources).encode()).hexdigest()


def read_event(language: Language, stream: str, version: int, kind: str, public: str, sealed: str) -> Any:
    """A stored event as its type, with its personal values still sealed."""
    facts = read_facts(public)
    personal = sealed_values(f"{facts.log_id}/{stream}/{version}", sealed)
    return language.event(kind, facts.schema, facts.data, personal)


def sealed_values(place: str, sealed: str) -> dict[str, Personal[Any]]:
    """The personal values of a stored message, by path; ``place`` is where the message stands."""
    if sealed == "{}":
        return {}
    return {
        path: Personal(Sealed(person_id, f"{place}/{path}", box))
        for person_id, boxes in msgspec.json.decode(sealed).items()
        for path, box in boxes.items()
    }
