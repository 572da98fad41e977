"""Organisations by name: how one is found that a sheet names as people do."""

from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import Column, Connection, MetaData, Table, Text, select

from services.membership.events import OrganisationChanged, OrganisationFounded
from shared.log.envelope import Envelope
from shared.log.store import among
from shared.projections.projection import Projection, Row

table = Table(
    "organisation_names",
    MetaData(),
    Column("organisation_id", Text, primary_key=True),
    Column("name", Text, nullable=False, index=True),
    Column("parent_id", Text),
)

organisation_names = Projection(table, source="membership", key="organisation_id")


@organisation_names.on(OrganisationFounded)
def founded(row: Row, event: OrganisationFounded, envelope: Envelope) -> Row:
    return row | {"name": event.name, "parent_id": event.parent_id}


@organisation_names.on(OrganisationChanged)
def changed(row: Row, event: OrganisationChanged, envelope: Envelope) -> Row:
    return row if event.name is None else row | {"name": event.name}


Path = tuple[str, ...]
"""Names from above to below; the last is the organisation's own, the first need not be the topmost."""


def organisations_at(connection: Connection, paths: Collection[Path]) -> dict[Path, list[str]]:
    """The organisations that stand at each path: none, one, or several of the same name."""
    found: dict[Path, list[str]] = {path: [] for path in paths}
    names = {path[-1] for path in paths}
    by_name: dict[str, list[tuple[str, str | None]]] = defaultdict(list)
    for row in connection.execute(select(table).where(among(connection, table.c.name, names))):
        by_name[row.name].append((row.organisation_id, row.parent_id))
    for path in paths:
        for organisation_id, parent_id in by_name[path[-1]]:
            if _stand_above(connection, path[:-1], parent_id):
                found[path].append(organisation_id)
    return found


def _stand_above(connection: Connection, names: Sequence[str], parent_id: str | None) -> bool:
    """Whether the organisations from a parent upwards have these names, the last of them the parent's."""
    for name in reversed(names):
        if parent_id is None:
            return False
        query = select(table.c.name, table.c.parent_id).where(table.c.organisation_id == parent_id)
        row = connection.execute(query).one_or_none()
        if row is None or row.name != name:
            return False
        parent_id = row.parent_id
    return True
