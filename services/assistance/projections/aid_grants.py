"""Aid grants: one row for each, and those that are approved and wait to be paid."""

from typing import Any

from sqlalchemy import Column, Connection, Date, Integer, MetaData, Table, Text, case, exists, or_, select

from services.assistance.events.grant import GrantApproved, GrantProposed, GrantRefused, GrantWithdrawn
from services.assistance.projections.hardship_files import table as files_table
from services.assistance.projections.payment_lines import CAME_BACK
from services.assistance.projections.payment_lines import table as lines_table
from shared.log.envelope import Envelope
from shared.log.tables import Number
from shared.projections.projection import Projection, Row
from shared.runtime.paging import PageLimit
from shared.runtime.scopes import Reach

table = Table(
    "aid_grants",
    MetaData(),
    Column("grant_id", Text, primary_key=True),
    Column("organisation_id", Text, nullable=False, index=True),
    Column("campaign_id", Text, nullable=False),
    Column("programme", Text, nullable=False),
    Column("season_year", Integer, nullable=False),
    Column("budget_id", Text, nullable=False),
    Column("file_id", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("amount_fen", Number, nullable=False),
    Column("status", Text, nullable=False, index=True),
    Column("proposed_by", Text, nullable=False),
    Column("proposed_on", Date, nullable=False),
    Column("approved_by", Text),
    Column("decided_on", Date),
    Column("version", Integer, nullable=False),
    Column("position", Number, nullable=False),
)
COPIED = (
    "organisation_id",
    "campaign_id",
    "programme",
    "season_year",
    "budget_id",
    "file_id",
    "person_id",
    "amount_fen",
    "proposed_by",
)

aid_grants = Projection(table, source="assistance", key="grant_id")


@aid_grants.on(GrantProposed)
def proposed(row: Row, event: GrantProposed, envelope: Envelope) -> Row:
    copied = {name: getattr(event, name) for name in COPIED}
    told = {"status": "proposed", "proposed_on": event.effective_on, "position": envelope.position}
    return row | copied | told | {"version": envelope.version}


@aid_grants.on(GrantApproved)
def approved(row: Row, event: GrantApproved, envelope: Envelope) -> Row:
    return decided(row, "approved", event, envelope) | {"approved_by": event.approved_by}


@aid_grants.on(GrantRefused)
def refused(row: Row, event: GrantRefused, envelope: Envelope) -> Row:
    return decided(row, "refused", event, envelope)


@aid_grants.on(GrantWithdrawn)
def withdrawn(row: Row, event: GrantWithdrawn, envelope: Envelope) -> Row:
    return decided(row, "withdrawn", event, envelope)


def decided(row: Row, status: str, event: Any, envelope: Envelope) -> Row:
    return row | {"status": status, "decided_on": event.effective_on, "version": envelope.version}


def grant(connection: Connection, *, grant_id: str, organisation_id: str) -> dict[str, Any] | None:
    """A grant with ``lines``, each an attempt to pay it; None if the organisation has no such grant."""
    wanted = select(table).where(table.c.grant_id == grant_id, table.c.organisation_id == organisation_id)
    found = connection.execute(wanted).mappings().one_or_none()
    if found is None:
        return None
    lines = select(lines_table).where(lines_table.c.grant_id == grant_id).order_by(lines_table.c.attempt)
    return dict(found) | {"lines": [dict(each) for each in connection.execute(lines).mappings()]}


def grants(
    connection: Connection, *, reach: Reach, status: str | None = None, after: int = 0, limit: PageLimit = 500
) -> list[dict[str, Any]]:
    """The grants of an organisation and all below it, in the order in which they were proposed.

    Args:
        status: ``proposed`` are those that wait for an approver.
        after: the position behind which to go on; ``limit``: the most rows, 1,000 at most.
    """
    wanted = reach.page(table, after, limit)
    if status is not None:
        wanted = wanted.where(table.c.status == status)
    return [dict(row) for row in connection.execute(wanted).mappings()]


def grants_due(
    connection: Connection, *, reach: Reach, after: int = 0, limit: PageLimit = 500
) -> list[dict[str, Any]]:
    """Approved grants that no batch holds and that are not paid, in the order in which they were proposed.

    Args:
        after: the position behind which to go on; ``limit``: the most rows, 1,000 at most.

    Returns:
        For each the grant, and the ``hindrance`` for which a batch would not take it now; None: it would.

    Source: handbook, assistance 7: a person without account never vanishes.
    """
    held = exists().where(
        lines_table.c.grant_id == table.c.grant_id,
        or_(lines_table.c.status.not_in(CAME_BACK), lines_table.c.contradicted),
    )
    hindrance = case(
        (files_table.c.status != "on_file", "file_not_on_file"),
        (files_table.c.account_version.is_(None), "account_missing"),
    )
    wanted = (
        select(table, hindrance.label("hindrance"))
        .join(files_table, files_table.c.file_id == table.c.file_id)
        .where(table.c.status == "approved", ~held)
        .where(reach.holds(table.c.organisation_id), table.c.position > after)
        .order_by(table.c.position)
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(wanted).mappings()]
