"""Verifying one chunk of a log: its events side by side with the commands that made them."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count, islice
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, bindparam, func, select

from shared.log.asking import Question, as_read, ask_ahead, asking_ahead
from shared.log.merkle import complete_subtrees
from shared.log.store import Store
from shared.log.tables import commands, events

PAGE = 500
"""Rows that are read together: few enough to stay in the processor's cache."""


class KeysTold(msgspec.Struct, gc=False):
    """The unique keys that an event takes and releases."""

    takes: tuple[str, ...] = ()
    releases: tuple[str, ...] = ()
    personal_takes: tuple[str, ...] = ()
    personal_releases: tuple[str, ...] = ()


class EventFacts(msgspec.Struct, gc=False):
    """What is compared of an event's public part; the rest is covered by its hash."""

    command_digest: str
    command_id: str
    epoch: int
    idle: str
    keys: KeysTold
    log_id: str
    position: int
    recorded_at: str
    stream: str
    type: str
    version: int


class CommandFacts(msgspec.Struct, gc=False):
    """What is compared of a command's public part; its events follow the position that it came after."""

    after: int
    id: str
    log_id: str
    name: str
    number: int
    recorded_at: str


read_event_facts = msgspec.json.Decoder(EventFacts).decode
read_command_facts = msgspec.json.Decoder(CommandFacts).decode


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was recorded: a stable code, and the row and column where it stands."""

    code: str
    place: str


@dataclass(slots=True)
class Chunk:
    """What came of the events after one position up to another.

    Args:
        last_command, idle: number of the last command, and digest of those after the last event.
        weight: of the unique keys taken less those released; ``personal_keys``: the number of personal ones.
    """

    after: int
    events: int = 0
    first_moment: str = ""
    last_moment: str = ""
    epoch: int = 0
    last_command: int = 0
    idle: str = ""
    weight: int = 0
    personal_keys: int = 0
    subtrees: list[tuple[bytes, int]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def find(self, code: str, place: str) -> None:
        self.findings.append(Finding(code, place))


def keys_weight(held: Iterable[tuple[str, str]]) -> int:
    """A number for held keys with their streams, in any order; it tells whether two sets of them differ.

    It is a sum of Python's own hashes, which are keyed by a secret of the process: nobody can make up two
    sets with one sum, and only what processes of one seed made can be compared (see ``verify``).
    """
    return sum(map(hash, held))


def verify_chunk(store: Store, log_id: str, after: int, up_to: int, last_command: int | None) -> Chunk:
    """Verify the events after a position up to another, and the commands that made them.

    Args:
        last_command: for the last chunk, the number of the log's last command: those that follow the
            chunk's last event decided nothing and belong to it too. None for other chunks.
    """
    chunk = Chunk(after)
    with store.read() as connection:
        number = _last_before(connection, after)
        with asking_ahead(connection):
            recorded = Commands(connection, chunk, log_id, number)
            verify_events(connection, chunk, recorded, log_id, up_to)
            if last_command is not None:
                recorded.finish(last_command)
    chunk.last_command = recorded.number
    return chunk


def verify_events(
    connection: Connection, chunk: Chunk, recorded: "Commands", log_id: str, up_to: int
) -> None:
    """Work out each leaf again and compare the columns with what the leaf tells. Written for speed."""
    position, moment, leaves = chunk.after, "", []
    told: list[tuple[KeysTold, str]] = []
    rows = _rows(connection, EVENTS, chunk.after)
    for at, stream, version, kind, recorded_at, leaf, public, sealed in islice(rows, up_to - chunk.after):
        position += 1
        if at != position:
            break
        worked_out = sha256(b"\x00" + sha256(public).digest() + sha256(sealed).digest()).digest()
        leaves.append(worked_out)
        if worked_out != leaf:
            chunk.find("event.leaf", f"event {position}: public, sealed or leaf")
        try:
            facts = read_event_facts(public)
        except msgspec.MsgspecError:
            chunk.find("event.unreadable", f"event {position}: public")
            continue
        if (
            facts.position != position
            or facts.stream != stream
            or facts.version != version
            or facts.type != kind
            or facts.recorded_at != recorded_at
            or facts.log_id != log_id
        ):
            chunk.find("event.column", f"event {position}: a column differs from the leaf")
        if recorded_at < moment:
            chunk.find("event.moment", f"event {position}: recorded_at")
        if not moment:
            chunk.first_moment = recorded_at
        moment = recorded_at
        chunk.epoch = facts.epoch
        if facts.command_id != recorded.id:
            recorded.step(position, facts.idle)
        if facts.command_digest != recorded.digest or facts.command_id != recorded.id:
            chunk.find("command.event", f"event {position}: its command")
        told.append((facts.keys, stream))
    if len(leaves) != up_to - chunk.after:
        chunk.find("event.gap", f"event {chunk.after + len(leaves) + 1} is missing")
    chunk.events, chunk.last_moment, chunk.subtrees = len(leaves), moment, complete_subtrees(leaves)
    chunk.weight = keys_weight((key, stream) for keys, stream in told for key in keys.takes)
    chunk.weight -= keys_weight((key, stream) for keys, stream in told for key in keys.releases)
    chunk.personal_keys = sum(len(keys.personal_takes) - len(keys.personal_releases) for keys, _ in told)


class Commands:
    """The commands of a chunk, followed in step with its events."""

    def __init__(self, connection: Connection, chunk: Chunk, log_id: str, number: int) -> None:
        self._chunk = chunk
        self._log_id = log_id
        self.number = number
        self._verified = self._verify(_rows(connection, COMMANDS, number))
        self._with_events, self._first, self._last = 0, 0, chunk.after
        self.id, self.digest = "", ""

    def step(self, position: int, idle: str) -> None:
        """Step to the command that made the event at a position, past those that decided nothing."""
        chunk = self._chunk
        if self._last != position - 1:
            self._find_wrong_end()
        for command_id, first, last, digest, _ in self._verified:
            if first is not None and last is not None:
                self.id, self.digest, self._first, self._last = command_id, digest, first, last
                self._with_events = self.number
                break
            chunk.idle = sha256((chunk.idle + digest).encode()).hexdigest()
        if idle != chunk.idle and self._first > chunk.after:
            chunk.find("command.idle", f"event {position}: commands before it that decided nothing")
        chunk.idle = ""

    def finish(self, last: int) -> None:
        """The commands after the last event decided nothing; the head holds their digest."""
        chunk = self._chunk
        if self._last != chunk.after + chunk.events:
            self._find_wrong_end()
        while self.number < last and (row := next(self._verified, None)) is not None:
            _, first, _, digest, moment = row
            chunk.idle = sha256((chunk.idle + digest).encode()).hexdigest()
            chunk.last_moment = max(chunk.last_moment, moment)
            if first is not None:
                chunk.find("command.column", f"command {self.number}: first_position")
        if self.number < last:
            chunk.find("command.gap", f"command {self.number + 1} is missing")

    def _find_wrong_end(self) -> None:
        """The command followed so far does not have its last event where its row says."""
        self._chunk.find("command.column", f"command {self._with_events}: last_position")

    def _verify(self, rows: Iterator[Any]) -> Iterator[tuple[str, int | None, int | None, str, str]]:
        """Id, first and last position, digest worked out and moment of each command. Written for speed."""
        chunk, log_id = self._chunk, self._log_id
        for number, command_id, name, first, last, digest, public, sealed in rows:
            if number != self.number + 1:
                chunk.find("command.gap", f"command {self.number + 1} is missing")
            self.number = number
            worked_out = sha256(sha256(public).digest() + sha256(sealed).digest()).hexdigest()
            if worked_out != digest:
                chunk.find("command.digest", f"command {number}: public, sealed or digest")
            moment = ""
            try:
                facts = read_command_facts(public)
                moment = facts.recorded_at
                if (
                    facts.number != number
                    or facts.id != command_id
                    or facts.name != name
                    or facts.log_id != log_id
                ):
                    chunk.find("command.column", f"command {number}: a column differs from what was recorded")
                if (first is None) != (last is None) or (first is not None and first != facts.after + 1):
                    chunk.find("command.column", f"command {number}: first_position or last_position")
            except msgspec.MsgspecError:
                chunk.find("command.unreadable", f"command {number}: public")
            yield command_id, first, last, worked_out, moment


def _last_before(connection: Connection, position: int) -> int:
    """The number of a command before those that are compared from a position on: 0 at the beginning.

    It is the one that made the event at that position, unless it made later ones, too.
    """
    if position == 0:
        return 0
    public = connection.scalar(select(events.c.public).where(events.c.position == position))
    with suppress(msgspec.MsgspecError):
        if public is not None:
            command_id = read_event_facts(public).command_id
            row = connection.execute(
                select(commands.c.number, commands.c.last_position).where(commands.c.id == command_id)
            ).one_or_none()
            if row is not None:
                return int(row.number if row.last_position == position else row.number - 1)
    whole = select(func.max(commands.c.number)).where(commands.c.last_position <= position)
    return int(connection.execute(whole).scalar_one() or 0)


def _rows(connection: Connection, question: Question, after: int) -> Iterator[Any]:
    """The rows whose numbers follow one, page by page until there are none."""
    pages = ({"after": start, "up_to": start + PAGE} for start in count(after, PAGE))
    for page in ask_ahead(connection, question, pages):
        if not page:
            return
        yield from page


def _following(table: Table) -> Question:
    """Some rows of a table in the order of their numbers, its texts ``public`` and ``sealed`` as bytes."""

    def statement(connection: Connection) -> Any:
        number, *others, public, sealed = table.c
        columns = as_read(connection, [number, *others], [public, sealed])
        following = number > bindparam("after"), number <= bindparam("up_to")
        return select(*columns).where(*following).order_by(number)

    return Question(statement)


EVENTS = _following(events)
COMMANDS = _following(commands)
