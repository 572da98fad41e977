"""Verifying one chunk of a log: its events side by side with the commands that made them."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain, takewhile
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, bindparam, func, select

from shared.log.asking import Question, as_read, ask_ahead, sending
from shared.log.envelope import Keys
from shared.log.merkle import complete_subtrees
from shared.log.store import Store
from shared.log.tables import commands, events

PAGE = 500
"""Rows that are read together: few enough to stay in the processor's cache."""


class EventFacts(msgspec.Struct, gc=False):
    """What is compared of an event's public part; the rest is covered by its hash."""

    command_digest: str
    command_id: str
    epoch: int
    idle: str
    keys: Keys
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
read_boxes = msgspec.json.Decoder(dict[str, dict[str, msgspec.Raw]]).decode


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was recorded: a stable code, and the row and column where it stands."""

    code: str
    place: str


@dataclass(frozen=True, slots=True)
class Share:
    """What a verification of one chunk has to know.

    Args:
        after, up_to: the events after a position up to another.
        last_command: for the last chunk, the number of the log's last command: those that follow the
            chunk's last event decided nothing and belong to it too. None for other chunks.
        forgotten: persons whose keys have been destroyed, and with them their digests.
    """

    log_id: str
    after: int
    up_to: int
    last_command: int | None
    forgotten: frozenset[str]


@dataclass(slots=True)
class Chunk:
    """What came of a share of the events.

    Args:
        events: how many stand there, up to the first that is missing.
        last_command, idle: number of the last command, and digest of those after the last event.
        weight: of the unique keys taken less those released; ``personal_keys``: the number of personal ones.
        forgotten: stream and name of personal keys, in order: taken by somebody who was forgotten (True),
            or released by anybody.
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
    forgotten: list[tuple[tuple[str, str], bool]] = field(default_factory=list)
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


def verify_chunk(store: Store, share: Share) -> Chunk:
    """Verify a share of the events, and the commands that made them."""
    chunk = Chunk(share.after)
    with store.read() as connection:
        chunk.last_command = _last_before(connection, chunk)
        with sending(connection):
            made = _made(connection, chunk, share)
            last = _verify_events(connection, chunk, share, made)
            if chunk.events < share.up_to - share.after:
                chunk.find("event.gap", f"event {share.after + chunk.events + 1} is missing")
            elif share.last_command is not None:
                _finish(chunk, share, made, last)
    return chunk


Made = tuple[int, str, str, int, int, str]
"""A command with events: number, id, digest, first and last position, digest of the idle ones before it."""
NO_COMMAND: Made = (0, "", "", 0, 0, "")


def _verify_events(
    connection: Connection, chunk: Chunk, share: Share, made: Iterator[Made]
) -> tuple[int, int]:
    """Work out each leaf again and compare the columns with what the leaf tells. Written for speed.

    Returns:
        The number of the last event's command, and the last position that its row tells.
    """
    log_id, position, moment, epoch = share.log_id, share.after, "", 0
    number, command_id, digest, last = 0, "", "", position
    leaves: list[bytes] = []
    rows = _rows(connection, EVENTS, share.after, share.up_to)
    for at, stream, version, kind, recorded_at, leaf, public, sealed in rows:
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
        moment, epoch = recorded_at, facts.epoch
        if facts.command_id != command_id:
            if last != position - 1:
                chunk.find("command.column", f"command {number}: last_position")
            number, command_id, digest, first, last, idle = next(made, NO_COMMAND)
            if facts.idle != idle and first > share.after:
                chunk.find("command.idle", f"event {position}: commands before it that decided nothing")
        if facts.command_digest != digest or facts.command_id != command_id:
            chunk.find("command.event", f"event {position}: its command")
        _weigh(chunk, share, stream, facts.keys, sealed)
    chunk.events, chunk.epoch, chunk.subtrees = len(leaves), epoch, complete_subtrees(leaves)
    chunk.last_moment = max(chunk.last_moment, moment)
    return number, last


def _weigh(chunk: Chunk, share: Share, stream: str, keys: Keys, sealed: bytes) -> None:
    """Add up what an event tells of unique keys; apart, those whose digests a forgotten person took along."""
    for key in keys.takes:
        chunk.weight += hash((key, stream))
    for key in keys.releases:
        chunk.weight -= hash((key, stream))
    if keys.personal_takes or keys.personal_releases:
        chunk.personal_keys += len(keys.personal_takes) - len(keys.personal_releases)
        if share.forgotten:
            boxes = read_boxes(sealed)
            of_forgotten = {name for person_id in boxes.keys() & share.forgotten for name in boxes[person_id]}
            chunk.forgotten += [((stream, name), False) for name in keys.personal_releases]
            chunk.forgotten += [
                ((stream, name), True) for name in keys.personal_takes if name in of_forgotten
            ]


def _made(connection: Connection, chunk: Chunk, share: Share) -> Iterator[Made]:
    """The commands that made events, after the chunk's last command so far. Written for speed.

    Each command is verified on the way, those that decided nothing, too.
    """
    log_id, number, idle = share.log_id, chunk.last_command, ""
    up_to = sys.maxsize if share.last_command is None else share.last_command
    for at, command_id, name, first, last, digest, public, sealed in _rows(
        connection, COMMANDS, number, up_to
    ):
        number += 1
        if at != number:
            chunk.find("command.gap", f"command {number} is missing")
            number = at
        chunk.last_command = number
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
        if first is None or last is None:
            chunk.idle = idle = sha256((idle + worked_out).encode()).hexdigest()
            chunk.last_moment = max(chunk.last_moment, moment)
        else:
            before, chunk.idle, idle = idle, "", ""
            yield number, command_id, worked_out, first, last, before


def _finish(chunk: Chunk, share: Share, made: Iterator[Made], last: tuple[int, int]) -> None:
    """The commands after the log's last event decided nothing; the head holds their digest."""
    if last[1] != share.up_to:
        chunk.find("command.column", f"command {last[0]}: last_position")
    for number, *_ in made:
        chunk.find("command.column", f"command {number}: first_position")
    if share.last_command is not None and chunk.last_command < share.last_command:
        chunk.find("command.gap", f"command {chunk.last_command + 1} is missing")


def _last_before(connection: Connection, chunk: Chunk) -> int:
    """The number of the command before those that made a chunk's events: 0 at the beginning.

    The one that made the event before the chunk, unless it goes on within the chunk. Where it does not,
    its row must say so, which nobody else looks at.
    """
    after = chunk.after
    if after == 0:
        return 0
    made_by: dict[int, str] = {}
    beside = select(events.c.position, events.c.public).where(events.c.position.between(after, after + 1))
    for position, public in connection.execute(beside):
        with suppress(msgspec.MsgspecError):
            made_by[position] = read_event_facts(public).command_id
    of_command = select(commands.c.number, commands.c.last_position).where(
        commands.c.id == made_by.get(after)
    )
    for number, last in connection.execute(of_command):
        if made_by.get(after) == made_by.get(after + 1):
            return int(number) - 1
        if last != after:
            chunk.find("command.column", f"command {number}: last_position")
        return int(number)
    whole = select(func.max(commands.c.number)).where(commands.c.last_position <= after)
    return int(connection.execute(whole).scalar_one() or 0)


def _rows(connection: Connection, question: Question, after: int, up_to: int) -> Iterator[Any]:
    """The rows whose numbers follow one, up to another, page by page until there are none."""
    pages = ({"after": start, "up_to": min(start + PAGE, up_to)} for start in range(after, up_to, PAGE))
    return chain.from_iterable(takewhile(bool, ask_ahead(connection, question, pages)))


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
