"""How a process of any kind begins, works and ends: it waits for what it cannot do without, and says so."""

import logging
from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from sqlalchemy.exc import DBAPIError

from shared.bus.connecting import connected
from shared.log.log import NotFounded, is_passing
from shared.runtime.health import Page, SidePort, pages_of
from shared.runtime.house import House
from shared.runtime.process_settings import ProcessSettings
from shared.runtime.service import Service
from shared.runtime.settings import Settings
from shared.runtime.stopping import Stop

WAIT_SECONDS_MIN, WAIT_SECONDS_MAX = 0.2, 2.0
PREPARING = "preparing"
NOT_LET_IN = (403, 530)
"""AMQP's codes for a wrong password, and for a virtual host that is not there or not for this user."""

Houses = dict[type[Service], House]

log = logging.getLogger(__name__)


class Work(Protocol):
    """What a process does once it has waited."""

    @property
    def ended(self) -> bool:
        """Whether it has ended, which it does of itself only when something broke."""

    def start(self) -> None:
        """Begin; returns at once."""

    def reasons(self) -> list[str]:
        """Why it does not do its work; empty when it does."""

    def stop(self, seconds_max: float) -> bool:
        """End; whether it was done within the time."""


class Lack(NamedTuple):
    """What cannot be worked with.

    Args:
        reason: what a probe is told.
        cause: for the log, the type and the code of what was raised; its text may hold an address or a value.
    """

    reason: str
    cause: str


def database_reason(house: House) -> str | None:
    """Why the service's database cannot be worked with; None when it can."""
    try:
        house.log.head()
    except (NotFounded, DBAPIError) as error:
        return _database_lack(error).reason
    return None


def _database_lack(error: NotFounded | DBAPIError) -> Lack:
    if isinstance(error, NotFounded):
        return Lack("database.not_founded", type(error).__name__)
    code = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "sqlite_errorname", None)
    # A store that was never migrated lacks the tables: PostgreSQL's 42P01, SQLite's OperationalError.
    if code == "42P01" or "no such table" in str(error.orig):
        reason = "database.not_migrated"
    elif is_passing(error):  # also a server that lets nobody in: it says so without a code
        reason = "database.unreachable"
    else:
        reason = "database.refused"
    return Lack(reason, _named(error.orig, code))


def _broker_lack(bus_url: str) -> Lack | None:
    try:
        with connected(bus_url):
            return None
    except Exception as error:  # noqa: BLE001 - each transport has errors of its own
        raised = error.__cause__ or error  # kombu wraps what its transport raises
        code = getattr(raised, "code", None)
        reason = "broker.refused" if code in NOT_LET_IN else "broker.unreachable"
        return Lack(reason, _named(raised, code))


def _named(error: BaseException | None, code: object) -> str:
    return f"{type(error).__name__} {code or ''}".rstrip()


class Awaited:
    """What a process waits for at start: the database of each house, then the broker, then its preparation.

    All of it is looked at anew each time, since what was there may have gone while the rest was waited for.

    Args:
        settings: of each service; all name the same bus.
        open_one: opens a house without connecting; may raise NotFounded, DBAPIError.
        prepare: does once in an open house what needs its database.
    """

    def __init__(
        self,
        settings: Mapping[type[Service], Settings],
        open_one: Callable[[type[Service], Settings], House],
        prepare: Callable[[type[Service], House], None],
    ) -> None:
        self._settings = settings
        self._open_one = open_one
        self._prepare = prepare
        self._houses: Houses = {}
        self.reason = "starting"

    def houses(self, stop: Stop) -> Houses | None:
        """The prepared houses; None if asked to stop before.

        Raises:
            WrongSetting, CannotStart: no waiting would help.
        """
        wait_seconds = WAIT_SECONDS_MIN
        told: Lack | None = None
        while not stop.asked:
            try:
                found = self._look()
            except (NotFounded, DBAPIError) as error:
                found = _database_lack(error)
            if found is None:
                return self._houses
            if found != told:
                names = ", ".join(each.name for each in self._settings)
                log.warning("%s: waits: %s (%s)", names, found.reason, found.cause)
            told, self.reason = found, found.reason
            stop.wait(wait_seconds)
            wait_seconds = min(2 * wait_seconds, WAIT_SECONDS_MAX)
        self._close()
        return None

    def _look(self) -> Lack | None:
        """What is not there; None once everything is, and prepared. Raises NotFounded, DBAPIError."""
        for service, settings in self._settings.items():
            if service not in self._houses:
                self._houses[service] = self._open_one(service, settings)
            self._houses[service].log.head()
        for bus_url in {each.bus_url for each in self._settings.values()}:
            if (found := _broker_lack(bus_url)) is not None:
                return found
        self.reason = PREPARING
        for service, house in self._houses.items():
            self._prepare(service, house)
        return None

    def _close(self) -> None:
        for house in self._houses.values():
            house.close()


def run(
    awaited: Awaited,
    begin: Callable[[Houses], Work],
    metrics: Page,
    process: ProcessSettings,
    port: int,
    stop: Stop,
) -> int:
    """Run a process until asked to stop; the exit code, never 0 on a failure.

    Its side port is open before anything is waited for.

    Args:
        begin: makes of prepared houses what is to be done; not started yet.
        port: the side port; 0: none.
    """
    work: Work | None = None

    def reasons() -> list[str]:
        return work.reasons() if work is not None else [awaited.reason]

    side_port = SidePort(process.health_host, port, pages_of(reasons, metrics))
    side_port.start()
    houses = awaited.houses(stop)
    if houses is None:
        return 0
    work = begin(houses)
    work.start()
    while not stop.wait():
        if work.ended:
            log.error("%s: a part broke: %s", ", ".join(each.name for each in houses), "; ".join(reasons()))
            return 1
    done = work.stop(process.grace_seconds)
    side_port.close()
    for house in houses.values():
        house.close()
    return 0 if done else 1
