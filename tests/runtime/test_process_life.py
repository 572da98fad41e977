"""What a process waits for is looked at anew until all of it is there at once."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from services.membership.service import MembershipService
from shared.bus import embedded
from shared.runtime.house import House, open_house
from shared.runtime.opening import make_master_key, prepare
from shared.runtime.process_life import Awaited
from shared.runtime.service import Service
from shared.runtime.settings import Settings, embedded_settings
from shared.runtime.stopping import Stop
from tests.servers.postgresql import Database
from tests.servers.rabbitmq import RabbitMQ

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


class Patient(Followed):
    """Is asked to stop after some waits."""

    def wait(self, seconds: float = 0) -> bool:
        if len(self.reasons) == 2:
            self.ask()
        return super().wait(seconds)


def reasons_of(settings: Settings, prepare_house: Callable[[type[Service], House], None]) -> set[str]:
    """Why a process with these settings waits."""
    stop = Patient()
    stop.awaited = Awaited({MembershipService: settings}, opened, prepare_house)
    assert stop.awaited.houses(stop) is None
    return set(stop.reasons)


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("amqp://membership:CANARY@127.0.0.1:{port}/", 403),
        ("amqp://membership:membership@127.0.0.1:{port}/CANARY", 530),
    ],
    ids=["a wrong password", "no such virtual host"],
)
def test_a_broker_that_lets_nobody_in_is_told_apart_from_one_that_is_away(
    rabbitmq: RabbitMQ, tmp_path: Path, caplog: pytest.LogCaptureFixture, address: str, code: int
) -> None:
    settings = replace(settings_in(tmp_path), bus_url=address.format(port=rabbitmq.port))
    prepare(settings, MembershipService.language)

    assert reasons_of(settings, lambda *_: None) == {"broker.refused"}
    (told,) = [each for each in caplog.messages if "waits" in each]
    assert told.endswith(f" {code})")
    assert "CANARY" not in caplog.text


def test_a_database_that_refuses_a_right_is_told_apart_from_one_that_is_away(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = replace(settings_in(tmp_path), database_url=database.owner_url)
    make_master_key(settings.master_key_file)
    prepare(settings, MembershipService.language)

    def lacks_a_right(_: type[Service], house: House) -> None:
        with house.store.write() as connection:
            connection.execute(text('CREATE ROLE "CANARY"'))

    assert reasons_of(settings, lacks_a_right) == {"database.refused"}
    assert caplog.text.count("database.refused (InsufficientPrivilege 42501)") == 1
    assert "CANARY" not in caplog.text


def test_a_file_that_cannot_be_written_is_told_apart_from_one_that_is_busy(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = settings_in(tmp_path)
    prepare(settings, MembershipService.language)

    def writes(_: type[Service], house: House) -> None:
        with house.store.write() as connection:
            connection.execute(text("PRAGMA query_only = ON"))  # to the superuser no file is read-only
            connection.execute(text("DELETE FROM parked"))

    assert reasons_of(settings, writes) == {"database.refused"}
    assert caplog.text.count("database.refused (OperationalError SQLITE_READONLY)") == 1
