"""Service stations: where the union's own workers are posted, each on its place in the tree of unions."""

from collections.abc import Mapping
from datetime import date
from typing import assert_never

from services.staffing.aggregates.worker.refusals import ORGANISATIONS_ABOVE
from services.staffing.events import StationOpened
from shared.rules.context import Context
from shared.rules.decider import Decider
from shared.rules.message import message
from shared.rules.personal import PublicText
from shared.rules.refusal import Refusal

ALREADY_OPENED = Refusal(
    "service_station.already_opened",
    zh="该服务站编号已登记，登记内容不同",
    en="this station id has been used already, with other particulars",
)
NAME_TAKEN = Refusal(
    "service_station.name_taken",
    zh="该工会之下已有同名服务站",
    en="a station of this name stands under the same union already",
)
ORGANISATION_UNKNOWN = Refusal(
    "service_station.organisation_unknown",
    zh="该工会组织尚未建会",
    en="this organisation has not been founded",
)


@message
class OpenStation:
    station_id: str
    organisation_id: str
    name: PublicText
    basis: PublicText
    opened_on: date


@message
class ServiceStation:
    opening: StationOpened | None = None


def decide(command: OpenStation, station: ServiceStation, context: Context) -> list[StationOpened]:
    """Source: handbook, staffing 1."""
    opened = StationOpened(
        station_id=command.station_id,
        organisation_id=command.organisation_id,
        name=command.name,
        basis=command.basis,
        effective_on=command.opened_on,
    )
    if station.opening == opened:
        return []
    if station.opening is not None:
        raise ALREADY_OPENED(field="station_id")
    if not context.fact(ORGANISATIONS_ABOVE):
        raise ORGANISATION_UNKNOWN(field="organisation_id")
    return [opened]


def evolve(station: ServiceStation, event: StationOpened) -> ServiceStation:
    match event:
        case StationOpened():
            return ServiceStation(opening=event)
        case _:
            assert_never(event)


def unique_keys(station: ServiceStation) -> Mapping[str, Refusal]:
    if (opening := station.opening) is None:
        return {}
    return {f"station_name/{opening.organisation_id}/{opening.name}": NAME_TAKEN}


service_station = Decider(
    "service_station",
    "station_id",
    OpenStation,
    StationOpened,
    ServiceStation(),
    decide,
    evolve,
    unique_keys,
)
