"""Organisations: the tree by which every figure is rolled up, with the names that people know."""

from sqlalchemy import Column, MetaData, Subquery, Table, Text, select, union_all

from services.membership.events import OrganisationChanged, OrganisationFounded
from shared.log.envelope import Envelope
from shared.projections.projection import Projection, Row
from shared.runtime.scopes import Reach

table = Table(
    "organisations",
    MetaData(),
    Column("organisation_id", Text, primary_key=True),
    Column("parent_id", Text, index=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
)

organisations = Projection(table, source="membership", key="organisation_id")


@organisations.on(OrganisationFounded)
def founded(row: Row, event: OrganisationFounded, envelope: Envelope) -> Row:
    return row | {"parent_id": event.parent_id, "name": event.name, "kind": event.kind}


@organisations.on(OrganisationChanged)
def changed(row: Row, event: OrganisationChanged, envelope: Envelope) -> Row:
    return row if event.name is None else row | {"name": event.name}


def parts(reach: Reach) -> Subquery:
    """Each organisation within reach, with its ``part``: the one right below a top, or the top itself."""
    if reach.roots is None:
        tops = select(table.c.organisation_id).where(table.c.parent_id.is_(None))
    else:
        tops = select(table.c.organisation_id).where(table.c.organisation_id.in_(sorted(reach.roots)))
    itself = select(table.c.organisation_id.label("part"), table.c.organisation_id)
    below = itself.where(table.c.parent_id.in_(tops)).cte("parts", recursive=True)
    below = below.union(
        select(below.c.part, table.c.organisation_id).join(
            below, table.c.parent_id == below.c.organisation_id
        )
    )
    return union_all(select(below), itself.where(table.c.organisation_id.in_(tops))).subquery()
