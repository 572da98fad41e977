"""Documents to see: who was registered by hand, where, and whether a reviewer has seen the document."""

from typing import Any

from sqlalchemy import Boolean, Column, Connection, MetaData, Table, Text, false, select

from services.membership.events import DocumentSeen, PersonRegisteredByHand
from shared.log.envelope import Envelope
from shared.projections.projection import Projection, Row
from shared.runtime.paging import PAGE_MOST, PageLimit
from shared.runtime.scopes import Reach

table = Table(
    "documents_to_see",
    MetaData(),
    Column("person_id", Text, primary_key=True),
    Column("organisation_id", Text, nullable=False, index=True),
    Column("document_type", Text, nullable=False),
    Column("registered_by", Text, nullable=False),
    Column("seen", Boolean, nullable=False, index=True),
)

documents_to_see = Projection(table, source="membership", key="person_id")


@documents_to_see.on(PersonRegisteredByHand)
def registered(row: Row, event: PersonRegisteredByHand, envelope: Envelope) -> Row:
    return row | {
        "organisation_id": event.organisation_id,
        "document_type": event.document_type,
        "registered_by": event.registered_by,
        "seen": False,
    }


@documents_to_see.on(DocumentSeen)
def seen(row: Row, event: DocumentSeen, envelope: Envelope) -> Row:
    return row | {"seen": True}


def persons_to_check(
    connection: Connection, *, reach: Reach, after_id: str = "", limit: PageLimit = PAGE_MOST
) -> list[dict[str, Any]]:
    """Whose document nobody has seen yet, in the order of their ids, a page of those after ``after_id``."""
    columns = table.c
    found = (
        select(columns.person_id, columns.organisation_id, columns.document_type, columns.registered_by)
        .where(columns.seen == false(), reach.holds(columns.organisation_id), columns.person_id > after_id)
        .order_by(columns.person_id)
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(found).mappings()]
