"""A measured process: rebuilds one projection that is level with its log, on one core."""

import os
import time

from sqlalchemy import func, select

from bench.log import cards
from bench.log.honest import NotHonestError
from bench.measure import resident_bytes_peak
from bench.processes import given, tell, wait_for_start
from bench.projections.card_rows import PROJECTIONS
from shared.log.store import Store
from shared.projections import checkpoints
from shared.projections.following import prepare_projection
from shared.projections.projection import Projection
from shared.projections.rebuilding import rebuild
from shared.projections.tables import checkpoints as checkpoint_rows
from tests.log.house import open_house

PATIENCE_SECONDS = 600.0


def made_level(store: Store, projection: Projection, events: int) -> bool:
    """Have a checkpoint at the log's end; whether it was there before, with its rows."""
    with store.write() as connection:
        prepare_projection(connection, projection)
        before = checkpoints.read(connection, projection.name)
        checkpoints.move(connection, projection.name, events)
    return before is not None and before.position == events


def forget(store: Store, projection: Projection) -> None:
    """Leave the log as it was found."""
    with store.write() as connection:
        projection.table.drop(connection)
        connection.execute(checkpoint_rows.delete().where(checkpoint_rows.c.subscription == projection.name))


def main() -> None:
    chosen = given()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    store = Store(chosen["url"], patience_seconds=PATIENCE_SECONDS)
    log = open_house(chosen["url"], cards.language).log
    projection = PROJECTIONS[chosen["projection"]]()
    if not made_level(store, projection, chosen["events"]):
        rebuild(store, log, projection, accept_difference=True)
    wait_for_start()
    began = time.perf_counter()
    report = rebuild(store, log, projection)
    seconds = time.perf_counter() - began
    if (report.differences, report.failed, report.position) != (0, 0, chosen["events"]):
        raise NotHonestError(str(report))
    with store.read() as connection:
        # The founding is an event too, and none of a card.
        table = projection.table
        counted = table.c.events if "events" in table.c else 1
        rows = connection.scalar(select(func.sum(counted)).select_from(table))
    if rows != chosen["events"] - 1:
        raise NotHonestError(f"the rows tell of {rows} events")
    forget(store, projection)
    tell(per_second=chosen["events"] / seconds, memory_mb=resident_bytes_peak() / 1e6)
    store.close()


if __name__ == "__main__":
    main()
