"""Which organisations a batch pays for: those of its grants that lie below the batch's own."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from services.assistance.aggregates.aid_grant import aid_grant
from services.assistance.aggregates.batch.commands import AddLines
from shared.log.envelope import read_facts
from shared.log.store import among
from shared.log.tables import events
from shared.runtime.access_feeds import organisation_parents_table
from shared.runtime.scopes import Reach


def organisations_within(connection: Connection, commands: Sequence[AddLines]) -> list[list[str]]:
    """For each command the organisations of its grants that are the batch's own or lie below it.

    A grant's organisation is what its first event tells; the tree is that of the projection.
    """
    return [_within(connection, each) for each in commands]


def _within(connection: Connection, command: AddLines) -> list[str]:
    streams = [f"{aid_grant.name}/{each}" for each in command.grant_ids]
    first = select(events.c.public).where(among(connection, events.c.stream, streams), events.c.version == 1)
    named = {read_facts(each).data["organisation_id"] for each in connection.scalars(first)}
    tree = organisation_parents_table.c.organisation_id
    below = Reach(frozenset({command.organisation_id})).holds(tree)
    return sorted(connection.scalars(select(tree).where(among(connection, tree, named), below)))
