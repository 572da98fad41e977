"""What each service keeps to judge tokens by: whose tokens are void, and the tree of organisations.

They are projections, so that no service has to ask another. The services that own the events name them.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, MetaData, Table, Text

from shared.log.envelope import Envelope
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


def _put_under(row: Row, event: Any, envelope: Envelope) -> Row:
    return row | {"parent_id": event.parent_id}
