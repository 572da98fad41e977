"""Writing a batch: envelopes, sealed parts, leaves and rows from what was decided, in one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, Row, bindparam, update

from shared.log.asking import Question
from shared.log.deciding import Decided, Key, NewEvent
from shared.log.entry import Answer
from shared.log.envelope import canonical, leaf_of, two_part_hash
from shared.log.merkle import Frontier
from shared.log.sealing import Vault, seal, unseal
from shared.log.store import among
from shared.log.storing import Rows, Storage
from shared.log.tables import commands, digests, events, head, person_keys, snapshots, unique_keys
from shared.rules.epoch import EpochBegan
from shared.rules.message import kind_of
from shared.rules.personal import Erased, Personal, Sealed
from shared.rules.plain import to_plain

PORTION = 40
"""Commands whose rows are stored together, while the next are composed: a batch of 64 goes in two, too."""

PersonalFields = Iterable[tuple[str, str, Personal[Any]]]


class Writing:
    """The rows of one batch, composed on the head as it was found under its lock.

    Args:
        found: the head's row.
        recorded_at: the batch's moment; never before the head's.
        persons: the keys of persons who have one; those who have none get theirs here.
    """

    def __init__(
        self, vault: Vault, found: Row[Any], recorded_at: str, persons: dict[str, AESGCM | None]
    ) -> None:
        self._vault = vault
        self._log_id = found.log_id
        self._epoch = found.epoch
        self._commands = found.commands
        self._idle = found.idle
        self.tree = Frontier.from_bytes(found.position, found.frontier)
        self._recorded_at = recorded_at
        self._persons = persons
        self._new_persons: list[tuple[str, bytes]] = []
        self._event_rows: list[tuple[Any, ...]] = []
        self._command_rows: list[tuple[Any, ...]] = []
        self._values: list[Personal[Any]] = []
        self.sealed: dict[int, Sealed] = {}

    @property
    def position(self) -> int:
        return self.tree.size

    def release(self, connection: Connection, accepted: Sequence[Decided]) -> None:
        """Release keys before anything is taken: one may be given from one stream to another in one batch."""
        released = [key for each in accepted for new in each.events for key in new.releases]
        if released:
            plain = [name for name, digest in released if not digest]
            connection.execute(unique_keys.delete().where(among(connection, unique_keys.c.key, plain)))
            personal = [digest for _, digest in released if digest]
            connection.execute(digests.delete().where(among(connection, digests.c.digest, personal)))

    def record(self, storage: Storage, accepted: Sequence[Decided]) -> dict[int, Answer]:
        """Compose the rows of commands and of their events, and store them but for the last portion.

        Returns:
            The answers by each decision's id().
        """
        answers = {}
        for place, decided in enumerate(accepted):
            if place and place % PORTION == 0:
                storage.insert(self._composed())
                self._event_rows, self._command_rows, self._new_persons = [], [], []
            answers[id(decided)] = self._record(decided)
        return answers

    def _composed(self) -> list[Rows]:
        return [
            (events, self._event_rows),
            (commands, self._command_rows),
            (person_keys, self._new_persons),
        ]

    def _record(self, decided: Decided) -> Answer:
        entry, first = decided.entry, self.position + 1
        self._commands += 1
        public = canonical(
            {
                "actor": {
                    "person_id": entry.actor.person_id,
                    "roles": entry.actor.roles,
                    "scope": entry.actor.scope,
                },
                "after": self.position,
                "body": entry.body,
                "causation_id": entry.causation_id,
                "context": {
                    "facts": {
                        name: [fact.source, fact.position, fact.value] for name, fact in entry.facts.items()
                    },
                    "parameters": decided.view.parameters,
                    "reads": decided.view.reads,
                    "today": decided.view.today.isoformat(),
                },
                "correlation_id": entry.correlation_id,
                "id": entry.command_id,
                "log_id": self._log_id,
                "name": entry.name,
                "number": self._commands,
                "recorded_at": self._recorded_at,
                "rule_version": entry.rule_version,
                "schema": entry.schema,
            }
        )
        sealed = self._seal(f"command/{entry.command_id}/0", entry.personal, self._kept_in(decided.events))
        digest = sha256(two_part_hash(public, sealed)).hexdigest()
        for new in decided.events:
            self._record_event(decided, new, digest)
        if not decided.events:
            self._idle = sha256((self._idle + digest).encode()).hexdigest()
        first_position, last_position = (first, self.position) if decided.events else (None, None)
        self._command_rows.append(
            (
                self._commands,
                entry.command_id,
                entry.name,
                first_position,
                last_position,
                digest,
                public.decode(),
                sealed.decode(),
            )
        )
        streams = {new.stream: new.version for new in decided.events}
        return Answer(entry.command_id, first_position, self.position, self._epoch, streams)

    def _record_event(self, decided: Decided, new: NewEvent, digest: str) -> None:
        entry, kind = decided.entry, kind_of(type(new.event))
        if isinstance(new.event, EpochBegan):
            self._epoch = new.event.epoch
        position = self.position + 1
        effective_on = getattr(new.event, "effective_on", None) or decided.view.today
        public = canonical(
            {
                "actor_id": entry.actor.person_id,
                "causation_id": entry.causation_id,
                "command_digest": digest,
                "command_id": entry.command_id,
                "correlation_id": entry.correlation_id,
                "data": to_plain(new.event),
                "effective_on": effective_on.isoformat(),
                "epoch": self._epoch,
                "idle": self._idle,
                "keys": _keys_told(new) if new.takes or new.releases else {},
                "log_id": self._log_id,
                "position": position,
                "recorded_at": self._recorded_at,
                "schema": kind.schema,
                "stream": new.stream,
                "type": kind.name,
                "version": new.version,
            }
        )
        self._idle = ""
        sealed = self._seal(f"{new.stream}/{new.version}", new.personal)
        leaf = leaf_of(public, sha256(sealed).digest())
        self.tree.append(leaf)
        self._event_rows.append(
            (
                position,
                new.stream,
                new.version,
                kind.name,
                self._recorded_at,
                leaf,
                public.decode(),
                sealed.decode(),
            )
        )

    def _kept_in(self, composed: Sequence[NewEvent]) -> dict[tuple[int, str], tuple[int, str]]:
        """Position and path where a command's events keep its values, by a value's id() and person."""
        return {
            (id(value), person_id): (position, path)
            for position, new in enumerate(composed, self.position + 1)
            for path, person_id, value in new.personal
        }

    def _seal(
        self,
        where: str,
        values: PersonalFields,
        kept: Mapping[tuple[int, str], tuple[int, str]] | None = None,
    ) -> bytes:
        """The sealed part of a message: boxes by person and path.

        Args:
            where: the place of the message within the log.
            kept: for a command, what its events keep, to which it only refers: sealing is dear. An event's
                values are to be found in it from now on.
        """
        boxes: dict[str, dict[str, str | tuple[int, str]]] = {}
        for path, person_id, value in values:
            if kept and (place_kept := kept.get((id(value), person_id))):
                boxes.setdefault(person_id, {})[path] = place_kept
                continue
            place = f"{self._log_id}/{where}/{path}"
            key = self._key(person_id)
            box = seal(key, _clear(value, key), place)
            boxes.setdefault(person_id, {})[path] = box
            if kept is None:
                self.sealed[id(value)] = Sealed(person_id, place, box)
                self._values.append(value)
        return canonical(boxes) if boxes else b"{}"

    def _key(self, person_id: str) -> AESGCM:
        key = self._persons.get(person_id)
        if key is None:
            key, wrapped = self._vault.new_key(person_id)
            self._persons[person_id] = key
            self._new_persons.append((person_id, wrapped))
        return key

    def finish(
        self,
        storage: Storage,
        accepted: Sequence[Decided],
        taken: dict[Key, str | None],
        snapshot_rows: Sequence[tuple[Any, ...]],
    ) -> None:
        """Store what is left, the keys taken and the head, and commit."""
        holders = {
            key: new
            for each in accepted
            for new in each.events
            for key in new.takes
            if taken.get(key) == new.stream
        }
        keys = [(name, new.stream) for (name, digest), new in holders.items() if not digest]
        found = [
            (digest, name, new.stream, _person_of(new, name), self._vault.key_number)
            for (name, digest), new in holders.items()
            if digest
        ]
        storage.commit(
            [*self._composed(), (unique_keys, keys), (digests, found), (snapshots, snapshot_rows)],
            UPDATE_HEAD,
            {
                "epoch_now": self._epoch,
                "position_now": self.position,
                "commands_now": self._commands,
                "recorded_now": self._recorded_at,
                "idle_now": self._idle,
                "frontier_now": bytes(self.tree),
            },
        )

    def forget_plain_values(self) -> None:
        """After the commit, leave in memory only where each personal value is sealed."""
        for value in self._values:
            value.content = self.sealed[id(value)]


UPDATE_HEAD = Question(
    lambda _: update(head).values(
        epoch=bindparam("epoch_now"),
        position=bindparam("position_now"),
        commands=bindparam("commands_now"),
        recorded_at=bindparam("recorded_now"),
        idle=bindparam("idle_now"),
        frontier=bindparam("frontier_now"),
    )
)


def _keys_told(new: NewEvent) -> dict[str, list[str]]:
    """The unique keys as the leaf tells them: of a personal one its name only, never a digest."""
    told: dict[str, list[str]] = {}
    for word, keys in (("takes", new.takes), ("releases", new.releases)):
        for name, digest in keys:
            told.setdefault(f"personal_{word}" if digest else word, []).append(name)
    return told


def _clear(value: Personal[Any], key: AESGCM) -> str:
    """A value to be sealed anew. Raises ValueError for an erased one, such as a feed brings."""
    match value.content:
        case Sealed() as sealed:
            return unseal(key, sealed)
        case Erased():
            raise ValueError("an erased value cannot be recorded")
        case plain:
            return str(plain)


def _person_of(new: NewEvent, name: str) -> str:
    return next(person_id for path, person_id, _ in new.personal if path == name)
