"""Relief campaigns: one row for each, with its days and its budget."""

from datetime import date
from typing import Any

from sqlalchemy import Column, Connection, Date, Integer, MetaData, Table, Text, or_, select

from services.assistance.events.campaign import CampaignClosed, CampaignOpened
from shared.log.envelope import Envelope
from shared.log.tables import Number
from shared.projections.projection import Projection, Row
from shared.runtime.paging import PageLimit

table = Table(
    "relief_campaigns",
    MetaData(),
    Column("campaign_id", Text, primary_key=True),
    Column("organisation_id", Text, nullable=False),
    Column("budget_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("programme", Text, nullable=False),
    Column("season_year", Integer, nullable=False),
    Column("amount_fen", Number),
    Column("opens_on", Date, nullable=False),
    Column("closes_on", Date, nullable=False),
    Column("closed_on", Date),
    Column("position", Number, nullable=False),
)
COPIED = (
    "organisation_id",
    "budget_id",
    "name",
    "programme",
    "season_year",
    "amount_fen",
    "opens_on",
    "closes_on",
)

relief_campaigns = Projection(table, source="assistance", key="campaign_id")


@relief_campaigns.on(CampaignOpened)
def opened(row: Row, event: CampaignOpened, envelope: Envelope) -> Row:
    return row | {name: getattr(event, name) for name in COPIED} | {"position": envelope.position}


@relief_campaigns.on(CampaignClosed)
def closed(row: Row, event: CampaignClosed, envelope: Envelope) -> Row:
    return row | {"closed_on": event.effective_on}


def campaigns(
    connection: Connection, *, open_on: date | None = None, after: int = 0, limit: PageLimit = 500
) -> list[dict[str, Any]]:
    """All campaigns, in the order in which they were opened: those of organisations above serve all below.

    Args:
        open_on: only those in which something may be proposed on a day.
        after: the position behind which to go on; ``limit``: the most rows, 1,000 at most.
    """
    wanted = select(table).where(table.c.position > after).order_by(table.c.position).limit(limit)
    if open_on is not None:
        is_over = table.c.closed_on <= open_on
        wanted = wanted.where(table.c.opens_on <= open_on, table.c.closes_on >= open_on)
        wanted = wanted.where(or_(table.c.closed_on.is_(None), ~is_over))
    return [dict(row) for row in connection.execute(wanted).mappings()]
