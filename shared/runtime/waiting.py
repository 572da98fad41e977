"""Waiting at start for what a process cannot do without: its database, prepared, and the broker."""

from collections.abc import Callable

from sqlalchemy.exc import DBAPIError

from shared.bus.connecting import connected
from shared.log.log import NotFounded
from shared.rules.language import Language
from shared.runtime.house import House, open_house
from shared.runtime.opening import CONNECTIONS
from shared.runtime.settings import Settings
from shared.runtime.stopping import Stop

WAIT_SECONDS_MIN, WAIT_SECONDS_MAX = 0.2, 2.0


def database_reason(house: House) -> str | None:
    """Why the service's database cannot be worked with; None when it can."""
    try:
        house.log.head()
    except NotFounded:
        return "database.not_founded"
    except DBAPIError as error:
        # A store that was never migrated lacks the tables: PostgreSQL's 42P01, SQLite's OperationalError.
        missing = getattr(error.orig, "sqlstate", None) == "42P01" or "no such table" in str(error.orig)
        return "database.not_migrated" if missing else "database.unreachable"
    return None


def broker_reason(bus_url: str) -> str | None:
    """Why the bus cannot be worked with; None when it can."""
    try:
        with connected(bus_url):
            return None
    except Exception:  # noqa: BLE001 - each transport has errors of its own; all mean the same here
        return "broker.unreachable"


def wait_for_house(
    settings: Settings,
    language: Language,
    stop: Stop,
    tell: Callable[[str], None],
    connections: int = CONNECTIONS,
) -> House | None:
    """The opened house, once its database answers and is founded; None if asked to stop before.

    Args:
        tell: is told why it has to wait.
        connections: as of ``open_store``.

    Raises:
        WrongSetting: no waiting would help.
    """
    house: House | None = None

    def reason() -> str | None:
        nonlocal house
        try:
            house = house or open_house(settings, language, connections)
        except NotFounded:
            return "database.not_founded"
        return database_reason(house)

    return house if _wait_until_none(reason, stop, tell) else None


def wait_for_broker(bus_url: str, stop: Stop, tell: Callable[[str], None]) -> bool:
    """Whether the broker is there; False if asked to stop before."""
    return _wait_until_none(lambda: broker_reason(bus_url), stop, tell)


def _wait_until_none(reason: Callable[[], str | None], stop: Stop, tell: Callable[[str], None]) -> bool:
    wait_seconds = WAIT_SECONDS_MIN
    while not stop.asked:
        found = reason()
        if found is None:
            return True
        tell(found)
        stop.wait(wait_seconds)
        wait_seconds = min(2 * wait_seconds, WAIT_SECONDS_MAX)
    return False
