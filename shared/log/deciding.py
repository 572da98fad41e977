"""Deciding a batch: each command in turn on the state that the one before leaves, under the head's lock."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, LargeBinary, Row, Text, cast, literal_column, null, select, union_all
from sqlalchemy.exc import SQLAlchemyError

from shared.log.asking import Question, ask, named
from shared.log.entry import (
    COMMAND_ID_REUSED,
    LARGEST_BYTES,
    NOT_STORABLE,
    PERSON_FORGOTTEN,
    TOO_LARGE,
    Answer,
    Entry,
    Known,
    Outcome,
    View,
)
from shared.log.envelope import canonical
from shared.log.recorded import answer_of, is_same
from shared.log.sealing import Vault
from shared.log.streams import Streams
from shared.log.tables import digests, person_keys, unique_keys
from shared.rules.decider import PersonalKey, no_unique_keys
from shared.rules.language import Language
from shared.rules.message import kind_of
from shared.rules.personal import Erased, Personal
from shared.rules.plain import personal_fields
from shared.rules.refusal import Refusal

LOADED_MOST = 2_000
"""Streams read at a time: between two statements the server must not think that we stand still."""

Key = tuple[str, str]
"""A unique key: its name, and the empty text or, for a personal one, the keyed digest of its value."""
FORGOTTEN = "erased"
"""In place of a digest: the value was erased, and with it the row that held the key."""


class NotAtHandError(Exception):
    """A decision reads a stream that is not in memory: all that are missing are then read together."""


@dataclass(slots=True)
class NewEvent:
    """An event that a batch is about to record, and the unique keys that it takes and releases."""

    stream: str
    version: int
    event: Any
    personal: list[tuple[str, str, Personal[Any]]]
    takes: list[Key]
    releases: list[Key]


@dataclass(slots=True)
class Decided:
    """A command that was accepted, with what its decision read and made."""

    entry: Entry
    view: View
    events: list[NewEvent] = field(default_factory=list)


class Deciding:
    """One batch of entries. Deciding is pure, so it is simply done again when the store knew better.

    What only the store knows (who holds a key, whose personal data was erased) is asked for the whole
    batch at once, after deciding; where an answer stands against a decision, the batch is decided again
    with the answers at hand.
    """

    def __init__(
        self, connection: Connection, language: Language, vault: Vault, streams: Streams, today: date
    ) -> None:
        self._connection = connection
        self._language = language
        self._vault = vault
        self._streams = streams
        self._today = today
        self._holders: dict[Key, str | None] = {}
        self._assumed: dict[Key, str | None] = {}
        self._needed: set[str] = set()
        self._missing: set[str] = set()
        self.persons: dict[str, AESGCM | None] = {}
        self.changed: dict[str, Known] = {}
        self.taken: dict[Key, str | None] = {}

    def decide(self, entries: Sequence[Entry], rows: Sequence[Row[Any]]) -> list[Decided | Outcome]:
        """Decide the entries in their order; a refusal or an error of one is its own outcome only.

        Args:
            rows: those of the entries' commands that have been recorded before.
        """
        recorded = {row.id: row for row in rows}
        while True:
            self.changed, self.taken = {}, {}
            self._assumed, self._needed, self._missing = {}, set(), set()
            outcomes = self._decide_in_turn(entries, recorded)
            if self._missing:
                self._streams.load(self._connection, self._missing)
            elif not self._ask_the_store():
                return outcomes

    def _decide_in_turn(
        self, entries: Sequence[Entry], recorded: Mapping[str, Row[Any]]
    ) -> list[Decided | Outcome]:
        outcomes: list[Decided | Outcome] = []
        accepted: dict[str, Decided] = {}
        for entry in entries:
            outcome: Decided | Outcome
            try:
                if entry.command_id in recorded:
                    outcome = self._repeated(entry, recorded[entry.command_id])
                elif entry.command_id in accepted:
                    outcome = _repeated_here(entry, accepted[entry.command_id])
                else:
                    outcome = accepted[entry.command_id] = self._decide_one(entry)
            except SQLAlchemyError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever a rule raises is that caller's outcome only
                outcome = error
            outcomes.append(outcome)
        return outcomes

    def _decide_one(self, entry: Entry) -> Decided:
        check_storable(entry)
        changed: dict[str, Known] = {}
        taken: dict[Key, str | None] = {}
        view = View(self._today, self._known, want=self._want)
        decided = Decided(entry, view)
        for event in entry.decide(view):
            decider = self._language.decider_of_event(event)
            stream = decider.stream_of(event)
            before = changed.get(stream) or self._known(stream)
            view.reads.setdefault(stream, before.version)
            after = Known(decider.evolve(before.state, event), before.version + 1, before.snapshot)
            personal = list(personal_fields(event))
            takes: list[Key] = []
            releases: list[Key] = []
            if decider.unique_keys is not no_unique_keys:
                held, holds = decider.unique_keys(before.state), decider.unique_keys(after.state)
                dropped = [self._key(name, held[name]) for name in held if not _same(name, held, holds)]
                releases = [
                    key
                    for key in dropped
                    if key[1] == FORGOTTEN or self._holder(key, taken, assumed=stream) == stream
                ]
                taken |= dict.fromkeys(releases)
                for name, key in holds.items():
                    if not _same(name, holds, held):
                        check_brought(name, key, event, personal)
                        takes.append(self._take(self._key(name, key), stream, key, taken))
            changed[stream] = after
            decided.events.append(NewEvent(stream, after.version, event, personal, takes, releases))
        self._check_persons(decided)
        self.changed |= changed
        self.taken |= taken
        return decided

    def _want(self, streams: Sequence[str]) -> None:
        """Have streams that are not at hand read together, before a decision goes through them one by one."""
        missing = [
            stream
            for stream in streams
            if stream not in self.changed and self._streams.remembered(stream) is None
        ]
        if missing:
            self._missing.update(missing[:LOADED_MOST])
            raise NotAtHandError(missing[0])

    def _known(self, stream: str) -> Known:
        known = self.changed.get(stream) or self._streams.remembered(stream)
        if known is None:
            self._missing.add(stream)
            raise NotAtHandError(stream)
        return known

    def _key(self, name: str, held: Refusal | PersonalKey) -> Key:
        if isinstance(held, Refusal):
            return name, ""
        value = self._vault.open(self._connection, held.value)
        return name, FORGOTTEN if isinstance(value, Erased) else self._vault.digest(name, value)

    def _take(self, key: Key, stream: str, held: Refusal | PersonalKey, taken: dict[Key, str | None]) -> Key:
        if self._holder(key, taken, assumed=None) not in (None, stream):
            raise (held if isinstance(held, Refusal) else held.refusal)()
        taken[key] = stream
        return key

    def _holder(self, key: Key, taken: Mapping[Key, str | None], assumed: str | None) -> str | None:
        """The stream that holds a key; what only the store knows is assumed, and compared after deciding.

        A stream may not hold what its state does: where a rule claims a key since an upgrade, another
        stream may have taken it first.
        """
        for table in (taken, self.taken, self._holders):
            if key in table:
                return table[key]
        return self._assumed.setdefault(key, assumed)

    def _check_persons(self, decided: Decided) -> None:
        named = {person_id for _, person_id, _ in decided.entry.personal}
        for event in decided.events:
            named.update(person_id for _, person_id, _ in event.personal)
        for person_id in named:
            if self.persons.get(person_id, True) is None:
                raise PERSON_FORGOTTEN(field="person_id")
        self._needed |= named

    def _ask_the_store(self) -> bool:
        """Learn what the store knows of new keys and persons; whether it stands against a decision."""
        (rows,) = ask(
            self._connection,
            (
                HELD_AND_KEPT,
                {
                    "keys": [name for name, digest in self._assumed if not digest],
                    "digests": [digest for _, digest in self._assumed if digest],
                    "persons": list(self._needed - self.persons.keys()),
                },
            ),
        )
        held = {(name, digest): stream for name, digest, stream, _ in rows if stream is not None}
        holders = dict.fromkeys(self._assumed) | held
        kept = [(person_id, wrapped) for person_id, _, stream, wrapped in rows if stream is None]
        self._holders |= holders
        found = self._vault.unwrapped(kept)
        self.persons |= found
        return holders != self._assumed or None in found.values()

    def _repeated(self, entry: Entry, row: Row[Any]) -> Answer:
        if not is_same(self._connection, self._language, self._vault, entry, row):
            raise COMMAND_ID_REUSED(field="command_id")
        return replace(answer_of(self._connection, row), repeated=True)


def _repeated_here(entry: Entry, before: Decided) -> Decided:
    if _asked(entry) != _asked(before.entry):
        raise COMMAND_ID_REUSED(field="command_id")
    return before


def _asked(entry: Entry) -> tuple[Any, ...]:
    """What must be the same in a command that comes again."""
    personal = [(path, value.content) for path, _, value in entry.personal]
    return entry.name, entry.actor.person_id, entry.body, personal


def check_brought(
    name: str, key: Refusal | PersonalKey, event: Any, personal: Sequence[tuple[str, str, Personal[Any]]]
) -> None:
    """Raises ValueError for a rule that takes a personal key by an event which does not bring its value."""
    if isinstance(key, PersonalKey) and not any(path == name for path, _, _ in personal):
        raise ValueError(f"{kind_of(type(event)).name} takes {name} and does not bring it")


def check_storable(entry: Entry) -> None:
    """Raises the refusals ``command.too_large`` and ``text.not_storable``, before anything depends on it."""
    try:
        size = len(canonical(entry.body)) + sum(
            len(value.content.encode()) for _, _, value in entry.personal if isinstance(value.content, str)
        )
    except UnicodeError:
        raise NOT_STORABLE(field=_first_not_storable(entry)) from None
    if size > LARGEST_BYTES:
        largest = max(_texts(entry), key=lambda each: len(each[1]))
        raise TOO_LARGE(field=largest[0], largest_bytes=LARGEST_BYTES)


def _first_not_storable(entry: Entry) -> str | None:
    for name, text in _texts(entry):
        try:
            text.encode()
        except UnicodeError:
            return name
    return None


def _texts(entry: Entry) -> Iterator[tuple[str, str]]:
    """Each field of a command that is refused, with what it holds as text."""
    for name, value in entry.body.items():
        yield name, json.dumps(value, ensure_ascii=False)
    for path, _, value in entry.personal:
        yield path, str(value.content)


def _held_and_kept(connection: Connection) -> Any:
    """Who holds which keys, and, told by having no stream, which persons have a key of their own."""
    nothing, no_key = cast(null(), Text), cast(null(), LargeBinary)
    plain = select(unique_keys.c.key, literal_column("''"), unique_keys.c.stream, no_key)
    personal = select(digests.c.name, digests.c.digest, digests.c.stream, no_key)
    persons = select(person_keys.c.person_id, literal_column("''"), nothing, person_keys.c.wrapped)
    return union_all(
        plain.where(named(connection, unique_keys.c.key, "keys")),
        personal.where(named(connection, digests.c.digest, "digests")),
        persons.where(named(connection, person_keys.c.person_id, "persons")),
    )


HELD_AND_KEPT = Question(_held_and_kept)


def _same(
    name: str, these: Mapping[str, Refusal | PersonalKey], those: Mapping[str, Refusal | PersonalKey]
) -> bool:
    """Whether a key stands in both, and for the same value."""
    if name not in those:
        return False
    here, there = these[name], those[name]
    if isinstance(here, PersonalKey) and isinstance(there, PersonalKey):
        return here.value is there.value
    return True
