"""Memberships: one row for each member who joined, since when it is retained only, and how many there are.

Source: handbook, membership 2.2 and 2.3: who has retired keeps the membership, is not counted and never
becomes active again; only what is recorded as of the same day corrects a retirement.
"""

from typing import Any

from sqlalchemy import Boolean, Column, Connection, Date, MetaData, Table, Text, func, select

from services.membership.events import MemberChanged, MemberJoined
from services.reporting.projections.positions import also_told_by, told_by
from shared.log.envelope import Envelope
from shared.log.tables import Number
from shared.projections.projection import Projection, Row
from shared.runtime.scopes import Reach

table = Table(
    "memberships",
    MetaData(),
    Column("member_id", Text, primary_key=True),
    Column("person_id", Text, nullable=False),
    Column("organisation_id", Text, nullable=False, index=True),
    Column("joined_on", Date, nullable=False),
    Column("migrant_worker", Boolean, nullable=False),
    Column("occupation_group", Text, nullable=False),
    Column("retired_on", Date),
    Column("position", Number, nullable=False),
    Column("positions", Text, nullable=False),
)

memberships = Projection(table, source="membership", key="member_id", version=5)


@memberships.on(MemberJoined)
def member_joined(row: Row, event: MemberJoined, envelope: Envelope) -> Row:
    return row | {
        "person_id": event.person_id,
        "organisation_id": event.organisation_id,
        "joined_on": event.effective_on,
        "migrant_worker": event.migrant_worker,
        "occupation_group": event.occupation_group,
        "retired_on": event.effective_on if event.employment_status == "retired" else None,
        **told_by(envelope),
    }


@memberships.on(MemberChanged)
def member_changed(row: Row, event: MemberChanged, envelope: Envelope) -> Row:
    changed = {"migrant_worker": event.migrant_worker, "occupation_group": event.occupation_group}
    known: Row = {name: value for name, value in changed.items() if value is not None}
    if event.employment_status is not None and row["retired_on"] in (None, event.effective_on):
        known["retired_on"] = event.effective_on if event.employment_status == "retired" else None
    return row | known | also_told_by(row, envelope) if known else row


def member_count(connection: Connection, *, reach: Reach) -> dict[str, Any]:
    """How many persons are active members, of an organisation and all below it; how many migrant workers."""
    counted = select(
        func.count(table.c.person_id.distinct()).label("members"),
        func.count(table.c.person_id.distinct()).filter(table.c.migrant_worker).label("migrant_workers"),
    ).where(reach.holds(table.c.organisation_id), table.c.retired_on.is_(None))
    return dict(connection.execute(counted).mappings().one())
