"""Waiting at start for what a process cannot do without: its database, prepared, and the broker."""

import logging
from collections.abc import Callable

from sqlalchemy.exc import DBAPIError

from shared.bus.connecting import connected, next_wait
from shared.log.log import NotFounded
from shared.rules.language import Language
from shared.runtime.house import House, open_house
from shared.runtime.settings import Settings
from shared.runtime.stopping import Stop

log = logging.getLogger(__name__)


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
    settings: Settings, language: Language, stop: Stop, tell: Callable[[str], None]
) -> House | None:
    """The opened house, once its database answers and is founded; None if asked to stop before.

    Args:
        tell: is told why it has to wait.

    Raises:
        WrongSetting: no waiting would help.
    """
    wait_seconds = 0.0
    house: House | None = None
    while not stop.asked:
        try:
            house = house or open_house(settings, language)
            reason = database_reason(house)
        except NotFounded:
            reason = "database.not_founded"
        if reason is None:
            return house
        tell(reason)
        wait_seconds = next_wait(wait_seconds)
        stop.wait(wait_seconds)
    return None


def wait_for_broker(bus_url: str, stop: Stop, tell: Callable[[str], None]) -> bool:
    """Whether the broker is there; False if asked to stop before."""
    wait_seconds = 0.0
    while not stop.asked:
        reason = broker_reason(bus_url)
        if reason is None:
            return True
        tell(reason)
        wait_seconds = next_wait(wait_seconds)
        stop.wait(wait_seconds)
    return False
