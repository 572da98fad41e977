"""What a process waits for is looked at anew until all of it is there at once."""

from dataclasses import replace
from pathlib import Path

from sqlalchemy.exc import OperationalError

from services.membership.service import MembershipService
from shared.bus import embedded
from shared.runtime.house import House, open_house
from shared.runtime.opening import make_master_key, prepare
from shared.runtime.service import Service
from shared.runtime.settings import Settings, embedded_settings
from shared.runtime.stopping import Stop
from shared.runtime.waiting import Awaited

BUS = "embedded://waiting"


def opened(service: type[Service], settings: Settings) -> House:
    return open_house(settings, service.language)


def settings_in(folder: Path) -> Settings:
    return replace(embedded_settings("membership", folder), bus_url=BUS)


class Followed(Stop):
    """Notes at each wait why there is one, and does what is to be done then."""

    def __init__(self) -> None:
        super().__init__()
        self.awaited: Awaited | None = None
        self.reasons: list[str] = []

    def wait(self, seconds: float = 0) -> bool:  # noqa: ARG002
        assert self.awaited is not None
        self.reasons.append(self.awaited.reason)
        return self.asked


def test_a_database_that_goes_away_while_the_house_is_prepared_is_waited_for(tmp_path: Path) -> None:
    settings, stop, told = settings_in(tmp_path), Followed(), []
    prepare(settings, MembershipService.language)

    def prepare_house(_: type[Service], __: House) -> None:
        assert stop.awaited is not None
        told.append(stop.awaited.reason)
        if len(told) < 3:
            raise OperationalError("SELECT", {}, Exception())

    stop.awaited = Awaited({MembershipService: settings}, opened, prepare_house)
    houses = stop.awaited.houses(stop)

    assert houses is not None
    assert told == ["preparing"] * 3
    assert stop.reasons == ["database.unreachable"] * 2
    houses[MembershipService].close()
    embedded.drop("waiting")


def test_whoever_is_asked_to_stop_waits_no_longer(tmp_path: Path) -> None:
    class Asked(Followed):
        def wait(self, seconds: float = 0) -> bool:
            self.ask()
            return super().wait(seconds)

    settings, stop = settings_in(tmp_path), Asked()
    make_master_key(settings.master_key_file)
    stop.awaited = Awaited({MembershipService: settings}, opened, lambda *_: None)

    assert stop.awaited.houses(stop) is None
    assert stop.reasons == ["database.not_founded"]
