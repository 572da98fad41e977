"""Scopes: what a method touches, told by a field, by a look-up, or by how far the caller may see."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, select, true

from shared.log.store import among
from shared.projections.projection import Projection
from shared.projections.waiting import wait_until_level
from shared.runtime.access_feeds import organisation_parents_table
from shared.runtime.house import House

SUBTREE = "subtree"
"""The scope of a query that tells of those organisations only which the caller's role reaches."""
ORGANISATION = "organisation_id"
"""The argument of a query with this scope that narrows it to an organisation and all below."""

OrganisationsOf = Callable[[House, Sequence[Mapping[str, Any]]], Sequence[str | None]]
"""Finds the organisation that each of several rows touches.

None: it belongs to none, or is unknown; then it is only for whom the whole district is.
"""

Scope = str | OrganisationsOf


def name_of(scope: Scope) -> str:
    """What contracts call a scope."""
    return scope if isinstance(scope, str) else scope.__name__


def organisation_of(projection: Projection, field: str, column: str = ORGANISATION) -> OrganisationsOf:
    """A look-up of organisations in a projection, for commands that name only what belongs to one.

    What was recorded a moment ago may not be in the rows yet: then the projection is waited for.

    Args:
        projection: with one row for each value of the field.
        field: of the command, and the column with the same name.
        column: which tells the organisation.
    """
    columns = projection.table.c

    def find(connection: Connection, identities: Sequence[str]) -> dict[str, str | None]:
        named = select(columns[field], columns[column]).where(among(connection, columns[field], identities))
        return {row[0]: row[1] for row in connection.execute(named)}

    def look_up(house: House, rows: Sequence[Mapping[str, Any]]) -> list[str | None]:
        identities = {row[field] for row in rows} - {None}
        with house.store.read() as connection:
            found = find(connection, list(identities))
            missing = list(identities - found.keys())
        if missing:
            wait_until_level(house.store, house.feed(projection.source), projection.name)
            with house.store.read() as connection:
                found |= find(connection, missing)
        return [found.get(row[field]) for row in rows]

    look_up.__name__ = f"organisation_of_{field.removesuffix('_id')}"
    return look_up


@dataclass(frozen=True, slots=True)
class Reach:
    """Of which part of the district an answer may tell.

    Args:
        roots: the organisations at the top of its subtrees; None: the whole district.
    """

    roots: frozenset[str] | None

    def holds(self, organisation_id: ColumnElement[Any]) -> ColumnElement[bool]:
        """The condition that a column's organisation lies within.

        The database walks the tree down from the roots by its index, once for a query: a tenth of a second
        for 30,000 organisations.
        """
        if self.roots is None:
            return true()
        tree = organisation_parents_table.c
        within = select(tree.organisation_id).where(tree.organisation_id.in_(sorted(self.roots)))
        subtree = within.cte("subtree", recursive=True)
        # UNION, not UNION ALL: of two roots one may lie below the other.
        below = select(tree.organisation_id).where(tree.parent_id == subtree.c.organisation_id)
        subtree = subtree.union(below)
        return organisation_id.in_(select(subtree.c.organisation_id))

    def page(self, table: Table, after: int, limit: int) -> Select[Any]:
        """Rows of a table within reach, in the order of their positions.

        Args:
            table: with the columns ``organisation_id`` and ``position``.
            after: the position behind which the page begins; ``limit``: the most rows.
        """
        return (
            select(table)
            .where(self.holds(table.c.organisation_id), table.c.position > after)
            .order_by(table.c.position)
            .limit(limit)
        )


EVERYTHING = Reach(None)
