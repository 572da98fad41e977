"""Organisations above: in whose subtrees the place lies at which a role is to hold."""

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import Connection, select

from services.staffing.aggregates.login import GrantRole
from shared.log.store import among
from shared.runtime.access_feeds import organisation_parents_table

Parents = Mapping[str, str | None]


def organisations_above(connection: Connection, commands: Sequence[GrantRole]) -> list[list[str] | None]:
    """For each command the organisation that it names and all above it; None: there is no such one yet."""
    parents = _parents(connection, {each.organisation_id for each in commands if each.organisation_id})
    return [
        [] if each.organisation_id is None else list(_upwards(each.organisation_id, parents)) or None
        for each in commands
    ]


def _parents(connection: Connection, wanted: set[str]) -> Parents:
    """The parent of each organisation that is known, and of those above it."""
    tree = organisation_parents_table.c
    parents: dict[str, str | None] = {}
    while wanted:
        rows = select(tree.organisation_id, tree.parent_id).where(
            among(connection, tree.organisation_id, list(wanted))
        )
        found = {row[0]: row[1] for row in connection.execute(rows)}
        parents |= found
        wanted = {above for above in found.values() if above is not None} - parents.keys()
    return parents


def _upwards(organisation_id: str, parents: Parents) -> Iterator[str]:
    above: str | None = organisation_id
    while above is not None and above in parents:
        yield above
        above = parents[above]
