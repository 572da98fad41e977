"""Postings: which stations there are, and who was assigned where on which days."""

from datetime import date
from typing import Any

from sqlalchemy import Column, Connection, Date, MetaData, Table, Text, or_, select

from services.staffing.events import AssignmentEnded, StationOpened, WorkerAssigned
from shared.log.envelope import Envelope
from shared.projections.projection import Projection, Row
from shared.runtime.paging import PAGE_MOST, PageLimit
from shared.runtime.scopes import Reach

metadata = MetaData()

stations_table = Table(
    "service_stations",
    metadata,
    Column("station_id", Text, primary_key=True),
    Column("organisation_id", Text, nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("opened_on", Date, nullable=False),
)
assignments_table = Table(
    "assignments",
    metadata,
    Column("assignment_id", Text, primary_key=True),
    Column("person_id", Text, nullable=False, index=True),
    Column("station_id", Text),
    Column("organisation_id", Text, nullable=False, index=True),
    Column("posting_level", Text, nullable=False),
    Column("begins_on", Date, nullable=False),
    Column("ends_on", Date),
)

service_stations = Projection(stations_table, source="staffing", key="station_id")
assignments = Projection(assignments_table, source="staffing", key="assignment_id")


@service_stations.on(StationOpened)
def station_opened(row: Row, event: StationOpened, envelope: Envelope) -> Row:
    return row | {
        "organisation_id": event.organisation_id,
        "name": event.name,
        "opened_on": event.effective_on,
    }


@assignments.on(WorkerAssigned)
def worker_assigned(row: Row, event: WorkerAssigned, envelope: Envelope) -> Row:
    return row | {
        "person_id": event.person_id,
        "station_id": event.station_id,
        "organisation_id": event.organisation_id,
        "posting_level": event.posting_level,
        "begins_on": event.effective_on,
        "ends_on": event.ends_on,
    }


@assignments.on(AssignmentEnded)
def assignment_ended(row: Row, event: AssignmentEnded, envelope: Envelope) -> Row:
    return row | {"ends_on": event.effective_on}


def stations(
    connection: Connection, *, reach: Reach, after_id: str = "", limit: PageLimit = PAGE_MOST
) -> list[dict[str, Any]]:
    """The service stations in the order of their ids, a page of those after ``after_id``."""
    columns = stations_table.c
    found = (
        select(stations_table)
        .where(reach.holds(columns.organisation_id), columns.station_id > after_id)
        .order_by(columns.station_id)
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(found).mappings()]


def workers_assigned(
    connection: Connection, *, reach: Reach, on: date, after_id: str = "", limit: PageLimit = PAGE_MOST
) -> list[dict[str, Any]]:
    """Who is assigned where on a day, in the order of the assignments, a page of those after ``after_id``."""
    columns = assignments_table.c
    found = (
        select(assignments_table)
        .where(reach.holds(columns.organisation_id), columns.assignment_id > after_id)
        .where(columns.begins_on <= on, or_(columns.ends_on.is_(None), columns.ends_on >= on))
        .order_by(columns.assignment_id)
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(found).mappings()]
