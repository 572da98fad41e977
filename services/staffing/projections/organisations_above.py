"""Organisations above: in whose subtrees the place lies that a command names."""

from collections.abc import Sequence

from sqlalchemy import Connection

from services.staffing.aggregates.login import GrantRole
from services.staffing.aggregates.service_station import OpenStation
from services.staffing.aggregates.worker.commands import AssignWorker
from shared.runtime.access_feeds import parents_of, upwards


def organisations_above(
    connection: Connection, commands: Sequence[GrantRole | OpenStation | AssignWorker]
) -> list[list[str] | None]:
    """For each command the organisation that it names and all above it; None: there is no such one yet."""
    parents = parents_of(connection, {each.organisation_id for each in commands if each.organisation_id})
    return [
        [] if each.organisation_id is None else list(upwards(each.organisation_id, parents)) or None
        for each in commands
    ]
