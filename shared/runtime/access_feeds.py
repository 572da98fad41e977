"""What each service keeps to judge tokens by: whose tokens are void, and the tree of organisations.

They are projections, so that no service has to ask another. The services that own the events name them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Connection, MetaData, Table, Text, select

from shared.log.envelope import Envelope
from shared.log.store import among
from shared.log.tables import Number
from shared.projections.projection import Projection, Row

metadata = MetaData()

void_tokens_table = Table(
    "void_tokens",
    metadata,
    Column("login_id", Text, primary_key=True),
    Column("epoch", Number, nullable=False),
    Column("position", Number, nullable=False),
)
void_persons_table = Table(
    "void_persons",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("epoch", Number, nullable=False),
    Column("position", Number, nullable=False),
)
organisation_parents_table = Table(
    "organisation_parents",
    metadata,
    Column("organisation_id", Text, primary_key=True),
    Column("parent_id", Text, index=True),
)


def void_tokens(source: str, events: Sequence[type[Any]]) -> Projection:
    """For each login the place of the last event that made all its earlier tokens void.

    Args:
        source: the service that keeps the logins.
        events: the types of such events; each has a ``login_id``.
    """
    projection = Projection(void_tokens_table, source=source, key="login_id")
    for each in events:
        projection.on(each)(_made_void)
    return projection


def void_persons(source: str, events: Sequence[type[Any]]) -> Projection:
    """For each person the place of the last event that made all their earlier tokens void.

    Args:
        source: the service that keeps who works where.
        events: the types of such events; each has a ``person_id``.
    """
    projection = Projection(void_persons_table, source=source, key="person_id")
    for each in events:
        projection.on(each)(_made_void)
    return projection


def _made_void(row: Row, event: Any, envelope: Envelope) -> Row:
    return row | {"epoch": envelope.facts.epoch, "position": envelope.position}


def organisation_parents(source: str, founded: type[Any]) -> Projection:
    """For each organisation the one above it.

    Args:
        source: the service that keeps the organisations.
        founded: the type of the event by which one comes into being; it has ``organisation_id`` and
            ``parent_id``.
    """
    projection = Projection(organisation_parents_table, source=source, key="organisation_id")
    projection.on(founded)(_put_under)
    return projection


def parents_of(connection: Connection, organisation_ids: Iterable[str]) -> dict[str, str | None]:
    """The parent of each organisation and of all above it: a question a level of the tree, however many."""
    tree = organisation_parents_table.c
    parents: dict[str, str | None] = {}
    asked = set(organisation_ids)
    while asked:
        rows = select(tree.organisation_id, tree.parent_id).where(
            among(connection, tree.organisation_id, asked)
        )
        level = {row[0]: row[1] for row in connection.execute(rows)}
        parents |= level
        asked = {each for each in level.values() if each is not None} - parents.keys()
    return parents


def upwards(organisation_id: str, parents: Mapping[str, str | None]) -> Iterator[str]:
    """An organisation and all above it, the nearest first; none where it is not known."""
    above: str | None = organisation_id
    while above is not None and above in parents:
        yield above
        above = parents[above]


def _put_under(row: Row, event: Any, envelope: Envelope) -> Row:
    return row | {"parent_id": event.parent_id}
