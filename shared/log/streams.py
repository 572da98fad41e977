"""The states of streams that a process remembers, kept level with what other processes append."""

import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Text, bindparam, cast, func, literal_column, null, select, union_all

from shared.log.asking import Question, ask, named
from shared.log.entry import Known
from shared.log.envelope import canonical, read_facts
from shared.log.merkle import Frontier
from shared.log.store import among
from shared.log.tables import events, snapshots
from shared.rules.decider import Decider
from shared.rules.language import Language
from shared.rules.personal import Personal, Sealed
from shared.rules.plain import Plan, from_plain, personal_fields, plan_of, to_plain

SNAPSHOT_EVERY = 500
REMEMBERED_MOST = 50_000
FOLLOWED_MOST = 5_000


class Streams:
    """States by stream. Whoever uses it holds the head's lock, so that nothing changes meanwhile."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._known: dict[str, Known] = {}
        self._loaded: set[str] = set()
        self._tree = Frontier()

    def follow(self, connection: Connection, found: Row[Any]) -> None:
        """Bring what is remembered level with the head, as it was found under its lock.

        Memory is of use only where the leaves appended since lead from its tree to the head's. After a
        restore they do not: then all is forgotten but what was loaded under this lock.
        """
        appended = self._appended(connection, found)
        if appended is None:
            self._known = {stream: self._known[stream] for stream in self._loaded}
        for stream, version, kind, public, sealed, _ in appended or ():
            before = self._known.get(stream)
            # What was loaded under the same lock has these events already.
            if before is not None and before.version == version - 1:
                try:
                    self._known[stream] = self._evolved(before, stream, version, kind, public, sealed)
                except Exception:  # noqa: BLE001
                    # Written by a newer version of this service: only who asks for the stream has to be told.
                    del self._known[stream]
        self._tree = Frontier.from_bytes(found.position, found.frontier)

    def _appended(self, connection: Connection, found: Row[Any]) -> Sequence[Any] | None:
        """The events between what is remembered and the head; None if they do not lead there, or are many."""
        behind = found.position - self._tree.size
        if not 0 <= behind <= FOLLOWED_MOST:
            return None
        following = {"after": self._tree.size}
        (rows,) = ask(connection, (APPENDED, following)) if behind else ((),)
        tree = Frontier(self._tree.size, self._tree.hashes)
        for row in rows:
            tree.append(row.leaf)
        return rows if bytes(tree) == found.frontier else None

    def load(
        self,
        connection: Connection,
        streams: Iterable[str],
        *others: tuple[Question, Mapping[str, Any]],
    ) -> list[list[Any]]:
        """Read those of the streams that are not remembered, all in one go.

        Args:
            others: questions to ask beforehand in the same go, such as that which takes the head's lock.

        Returns:
            The answers to the others.
        """
        missing = [stream for stream in dict.fromkeys(streams) if stream not in self._known]
        self._loaded = set(missing)
        if not missing:
            return ask(connection, *others)
        *answers, rows = ask(connection, *others, (STATES, {"streams": missing}))
        found = {stream: Known(self._decider(stream).initial) for stream in missing}
        outdated: set[str] = set()
        for stream, version, kind, told, sealed in rows:
            if sealed is None:
                if kind == shape_of(self._decider(stream)):
                    found[stream] = self._restored(stream, version, told)
                else:
                    outdated.add(stream)
            elif stream not in outdated:
                found[stream] = self._evolved(found[stream], stream, version, kind, told, sealed)
        if outdated:
            whole = select(*TOLD).where(among(connection, events.c.stream, outdated))
            ordered = whole.order_by(events.c.stream, events.c.version).execution_options(yield_per=1_000)
            for row in connection.execute(ordered):
                found[row.stream] = self._evolved(found[row.stream], *row)
        self._known |= found
        return answers

    def _evolved(
        self, before: Known, stream: str, version: int, kind: str, public: str, sealed: str
    ) -> Known:
        event = read_event(self._language, stream, version, kind, public, sealed)
        return Known(self._decider(stream).evolve(before.state, event), version, before.snapshot)

    def _restored(self, stream: str, version: int, stored: str) -> Known:
        content = msgspec.json.decode(stored)
        boxes: dict[str, Personal[Any]] = {
            path: Personal(Sealed(*box)) for path, box in content["sealed"].items()
        }
        state = from_plain(type(self._decider(stream).initial), content["state"], boxes)
        return Known(state, version, version)

    def remembered(self, stream: str) -> Known | None:
        """A stream's state, unless it has to be read first."""
        return self._known.get(stream)

    def keep(self, changed: dict[str, Known], grown: dict[str, Known], tree: Frontier) -> None:
        """Remember the states that a committed batch has left, and the tree that its leaves have led to.

        Args:
            grown: those of them of which a snapshot has been stored.
        """
        if len(self._known) + len(changed) > REMEMBERED_MOST:
            self._known.clear()
        self._known |= changed
        self._known |= {
            stream: Known(known.state, known.version, known.version) for stream, known in grown.items()
        }
        self._tree = tree

    def due_for_snapshot(self, changed: dict[str, Known]) -> dict[str, Known]:
        """The states of those streams that have grown by enough for a new snapshot."""
        return {
            stream: known
            for stream, known in changed.items()
            if known.version - known.snapshot >= SNAPSHOT_EVERY
        }

    def make_way(self, connection: Connection, grown: dict[str, Known]) -> None:
        """Take away the snapshots that new ones are about to follow."""
        if grown:
            connection.execute(snapshots.delete().where(among(connection, snapshots.c.stream, grown)))

    def rows(self, grown: dict[str, Known], sealed: dict[int, Sealed]) -> list[tuple[Any, ...]]:
        """The new snapshots' rows.

        Args:
            sealed: where each personal value that this batch brought is sealed, by the value's id().
        """
        return [self._row(stream, known, sealed) for stream, known in grown.items()]

    def _row(self, stream: str, known: Known, sealed: dict[int, Sealed]) -> tuple[Any, ...]:
        boxes: dict[str, list[str]] = {}
        for path, _, value in personal_fields(known.state):
            place = sealed.get(id(value), value.content)
            if isinstance(place, Sealed):
                boxes[path] = [place.person_id, place.place, place.box]
        state = canonical({"state": to_plain(known.state), "sealed": boxes}).decode()
        return stream, known.version, shape_of(self._decider(stream)), state

    def _decider(self, stream: str) -> Decider:
        return self._language.deciders[stream.partition("/")[0]]


def _states(connection: Connection) -> Any:
    """Snapshots, told by having no sealed part, and the events that follow them."""
    before = (
        select(snapshots.c.version)
        .where(snapshots.c.stream == events.c.stream)
        .correlate(events)
        .scalar_subquery()
    )
    stored = select(
        snapshots.c.stream, snapshots.c.version, snapshots.c.shape, snapshots.c.state, cast(null(), Text)
    ).where(named(connection, snapshots.c.stream, "streams"))
    tail = select(*TOLD).where(
        named(connection, events.c.stream, "streams"),
        events.c.version > func.coalesce(before, literal_column("0")),
    )
    return union_all(stored, tail).order_by("stream", "version")


TOLD = (events.c.stream, events.c.version, events.c.type, events.c.public, events.c.sealed)
STATES = Question(_states)
APPENDED = Question(
    lambda _: (
        select(*TOLD, events.c.leaf).where(events.c.position > bindparam("after")).order_by(events.c.position)
    )
)


@cache
def shape_of(decider: Decider) -> str:
    """Changes whenever the modules of the aggregate, its state or its events do: an older snapshot is then
    passed over."""
    types = {*decider.event_types(), *_records(plan_of(type(decider.initial)))}
    modules = {decider.evolve.__module__, *(each.__module__ for each in types)}
    sources = (inspect.getsource(sys.modules[name]) for name in sorted(modules))
    return sha256("\0".join(sources).encode()).hexdigest()


def _records(plan: Plan) -> Iterator[type[Any]]:
    """The type of a plan, and those of the records within it."""
    yield plan.made
    for _, inner, _ in plan.nested:
        yield from _records(inner)


def read_event(language: Language, stream: str, version: int, kind: str, public: str, sealed: str) -> Any:
    """A stored event as its type, with its personal values still sealed."""
    facts = read_facts(public)
    personal = sealed_values(f"{facts.log_id}/{stream}/{version}", sealed)
    return language.event(kind, facts.schema, facts.data, personal)


def command_values(connection: Connection, log_id: str, row: Row[Any]) -> dict[str, Personal[Any]]:
    """The personal values of a recorded command, by path; its events keep those to which it only refers."""
    told = msgspec.json.decode(row.sealed, type=dict[str, dict[str, str | tuple[int, str]]])
    within = events.c.position.between(row.first_position, row.last_position)
    kept = {
        each.position: sealed_values(f"{log_id}/{each.stream}/{each.version}", each.sealed)
        for each in (connection.execute(select(events).where(within)) if told else ())
    }
    return {
        path: Personal(Sealed(person_id, f"{log_id}/command/{row.id}/0/{path}", box))
        if isinstance(box, str)
        else kept[box[0]][box[1]]
        for person_id, boxes in told.items()
        for path, box in boxes.items()
    }


def sealed_values(place: str, sealed: str) -> dict[str, Personal[Any]]:
    """The personal values of a recorded event, by path; ``place`` is where the event stands."""
    if sealed == "{}":
        return {}
    return {
        path: Personal(Sealed(person_id, f"{place}/{path}", box))
        for person_id, boxes in msgspec.json.decode(sealed).items()
        for path, box in boxes.items()
    }
