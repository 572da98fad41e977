"""Green processes: eventlet's patches, and the proof that a slow database lets others run.

What may block the hub in a green process: SQLite's short transactions, deciding, sealing. Everything
longer (spreadsheets, password hashes, verifying a log, rebuilds) belongs into a worker or a child process.
"""

# eventlet is not typed; it is imported late, so that plain processes never load it.

import os
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.log.store import Store

TICK_SECONDS = 0.02
SLOW_SECONDS = 0.3
TICKS_LEAST = 5


def patch() -> None:
    """Make the process green; called before anything else is imported, since psycopg looks once only."""
    os.environ["PSYCOPG_WAIT_FUNC"] = "wait_selector"
    warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
    import eventlet

    eventlet.monkey_patch()

    from shared.runtime import green_waiting

    green_waiting.install()


def check_hub(store: "Store") -> None:
    """Make sure that others run while PostgreSQL is waited for (faults.md T-30). Raises CannotStart."""
    if not store.on_postgresql:
        return
    import eventlet
    from sqlalchemy import text

    from shared.runtime.stopping import CannotStart

    ticks = 0

    def tick() -> None:
        nonlocal ticks
        while True:
            eventlet.sleep(TICK_SECONDS)
            ticks += 1

    ticker = eventlet.spawn(tick)
    try:
        with store.read() as connection:
            connection.execute(text(f"SELECT pg_sleep({SLOW_SECONDS})"))
    finally:
        ticker.kill()
    if ticks < TICKS_LEAST:
        raise CannotStart(f"waiting for the database stops all greenlets: {ticks} ticks in {SLOW_SECONDS} s")
