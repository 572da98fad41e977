"""What makes a figure of the log honest: a durable store, nothing lost or invented, a log that verifies."""

from typing import Any

from sqlalchemy import text

from shared.log.store import Store
from shared.log.verify import Verdict, verify

DURABLE: dict[str, dict[str, Any]] = {
    "postgresql": {"fsync": "on", "synchronous_commit": "on"},
    "sqlite": {"synchronous": 2},
}
"""SQLite's 2 is FULL."""


class NotHonestError(Exception):
    """A figure was taken that compares with nothing."""


def check_durable(store: Store) -> None:
    """Raise NotHonestError unless the store waits for its disk."""
    with store.read() as connection:
        for setting, wanted in DURABLE[store.url.get_backend_name()].items():
            show = f"SHOW {setting}" if store.on_postgresql else f"PRAGMA {setting}"
            if (found := connection.scalar(text(show))) != wanted:
                raise NotHonestError(f"{setting} is {found}, not {wanted}")


def check_log(store: Store, events: int) -> Verdict:
    """Raise NotHonestError unless a durable log holds just so many events and verifies."""
    check_durable(store)
    verdict = verify(store)
    if verdict.findings:
        raise NotHonestError(f"the log does not verify: {verdict.findings[:5]}")
    if verdict.events != events:
        raise NotHonestError(f"{events} events were acknowledged, but recorded are {verdict.events}")
    return verdict
