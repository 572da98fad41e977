"""Which organisations lie above the one that money or goods are for: a campaign's, a grant's, a file's."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select

from services.assistance.aggregates.goods_issue import IssueGoods
from services.assistance.aggregates.grant.commands import ProposeGrant
from services.assistance.aggregates.hardship_file import hardship_file
from services.assistance.aggregates.relief_campaign import OpenCampaign
from shared.log.envelope import read_facts
from shared.log.store import among
from shared.log.tables import events
from shared.runtime.access_feeds import parents_of, upwards


def organisations_above(
    connection: Connection, commands: Sequence[OpenCampaign | ProposeGrant]
) -> list[list[str] | None]:
    """For each command the organisations above its own, the nearest first; None for one not heard of yet."""
    parents = parents_of(connection, {each.organisation_id for each in commands})
    return [_above(each.organisation_id, parents) for each in commands]


def organisations_above_file(
    connection: Connection, commands: Sequence[IssueGoods]
) -> list[list[str] | None]:
    """For each command the organisations above the one that keeps its file; its first event tells which.

    None for one not heard of yet.
    """
    streams = {each.file_id: f"{hardship_file.name}/{each.file_id}" for each in commands}
    first = select(events.c.stream, events.c.public).where(
        among(connection, events.c.stream, streams.values()), events.c.version == 1
    )
    keepers = {
        stream: read_facts(public).data["organisation_id"] for stream, public in connection.execute(first)
    }
    parents = parents_of(connection, set(keepers.values()))
    return [_above(keepers.get(streams[each.file_id]), parents) for each in commands]


def _above(organisation_id: str | None, parents: Mapping[str, str | None]) -> list[str] | None:
    if organisation_id is None:
        return []
    return list(upwards(organisation_id, parents))[1:] if organisation_id in parents else None
