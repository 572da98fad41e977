"""Green processes: eventlet's patches, and the proof that a slow database lets others run.

What may block the hub in a green process: SQLite's short transactions, deciding, sealing. Everything
longer (spreadsheets, password hashes, verifying a log, rebuilds) belongs into a worker or a child process.
"""

# eventlet is not typed; it is imported late, so that plain processes never load it.

import os
import time
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.log.store import Store

TICK_SECONDS = 0.02
HUB_CLOCK_SECONDS = 0.2
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


def start_hub_clock() -> "Callable[[], float]":
    """Begin to measure how late the hub wakes who has slept; what gives the worst since it was last asked.

    In seconds; whatever keeps the hub that long keeps every call of the process.
    """
    import eventlet

    worst = 0.0

    def tick() -> None:
        nonlocal worst
        while True:
            start = time.monotonic()
            eventlet.sleep(HUB_CLOCK_SECONDS)
            worst = max(worst, time.monotonic() - start - HUB_CLOCK_SECONDS)

    def take() -> float:
        nonlocal worst
        taken, worst = worst, 0.0
        return taken

    eventlet.spawn(tick)
    return take


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
