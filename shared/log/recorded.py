"""Commands that have been recorded: found by their ids, told of, and compared with one that comes again."""

from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select

from shared.log.asking import Question, named
from shared.log.entry import Answer, Entry
from shared.log.envelope import read_facts
from shared.log.sealing import Vault
from shared.log.streams import command_values
from shared.log.tables import commands, events
from shared.rules.language import Language
from shared.rules.personal import Erased
from shared.rules.plain import personal_fields, to_plain

COMMANDS = Question(lambda connection: select(commands).where(named(connection, commands.c.id, "ids")))


def is_same(connection: Connection, language: Language, vault: Vault, entry: Entry, row: Row[Any]) -> bool:
    """Whether an entry is the recorded command of its id, come again; erased values are taken on trust.

    Raises:
        UnknownType: it was recorded in a shape that is yet to come.
    """
    told = msgspec.json.decode(row.public)
    if (row.name, told["actor"]["person_id"]) != (entry.name, entry.actor.person_id):
        return False
    # In the shape of today, in which it comes again after an upgrade.
    values = command_values(connection, told["log_id"], row)
    command = language.command(row.name, told["schema"], told["body"], values)
    stored = {path: value for path, _, value in personal_fields(command)}
    given = {path: value for path, _, value in entry.personal}
    if to_plain(command) != entry.body or given.keys() != stored.keys():
        return False
    paths = list(stored)
    before = vault.open_many(connection, [stored[path] for path in paths])
    now = vault.open_many(connection, [given[path] for path in paths])
    return all(isinstance(one, Erased) or one == other for one, other in zip(before, now, strict=True))


def answer_of(connection: Connection, row: Row[Any]) -> Answer:
    """What became of a recorded command."""
    if row.first_position is None:
        after = msgspec.json.decode(row.public)["after"]
        return Answer(row.id, None, after, _epoch_at(connection, after), {})
    reached = connection.execute(
        select(events.c.stream, events.c.version)
        .where(events.c.position.between(row.first_position, row.last_position))
        .order_by(events.c.position)
    )
    streams = {each.stream: each.version for each in reached}
    epoch = _epoch_at(connection, row.last_position)
    return Answer(row.id, row.first_position, row.last_position, epoch, streams)


def sender_of(row: Row[Any]) -> str:
    """The person who sent a recorded command."""
    return str(msgspec.json.decode(row.public)["actor"]["person_id"])


def _epoch_at(connection: Connection, position: int) -> int:
    """The epoch in which a position was recorded; 0 before the first."""
    public = connection.scalar(select(events.c.public).where(events.c.position == position))
    return 0 if public is None else read_facts(public).epoch
