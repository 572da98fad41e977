"""Rebuilds from a million events on one core, beside the rival library's runner in the same run."""

from contextlib import closing

from bench.log.appends import plain_url
from bench.log.honest import check_durable
from bench.log.million import MILLION, copy_log, million
from bench.measure import Row, figure, machine, medians_of_three, postgresql
from bench.peer.environment import peer_run
from bench.processes import run_process
from shared.log.migrations import migrate
from shared.log.store import Store
from tests.servers.postgresql import PostgreSQL

TITLE = "Rebuild of a projection, its process on one core"
PEER_EVENTS, PEER_EVENTS_QUICK = 20_000, 2_000


def measure(*, quick: bool = False) -> tuple[str, list[Row]]:
    """Rows for a counting projection and for one with a row per event, each on both stores."""
    events, peer_events = (20_000, PEER_EVENTS_QUICK) if quick else (MILLION, PEER_EVENTS)
    file_url = million(events)
    with closing(PostgreSQL()) as server:
        server.start()
        database, peer_database = server.create_database(), server.create_database()
        here = machine(
            postgresql(plain_url(database)), "SQLite (WAL, synchronous=FULL)", "eventsourcing 9.5.6"
        )
        with closing(Store(database.owner_url)) as copied, closing(Store(file_url)) as source:
            migrate(copied)
            copy_log(source, copied)
            check_durable(copied)

        def run() -> dict[str, float]:
            told = {"peer": peer_rebuild(plain_url(peer_database), peer_events)}
            for store_name, url in (("PostgreSQL", database.owner_url), ("SQLite", file_url)):
                for name in ("counting", "row_per_event"):
                    made = run_process(
                        "bench.projections.rebuilding", url=url, projection=name, events=events
                    )
                    told |= {f"{store_name} {name} {key}": value for key, value in made.items()}
                told[f"{store_name} ratio"] = told[f"{store_name} counting per_second"] / told["peer"]
            return told

        found = medians_of_three(run)
    rows = []
    for store_name in ("PostgreSQL", "SQLite"):
        rows += [
            Row(
                what=f"{store_name}: a counting projection from {figure(events)} events, events/s",
                must="≥ 150,000, and ≥ 50 × eventsourcing's ProjectionRunner",
                measured=f"{found[f'{store_name} counting per_second']}; {found[f'{store_name} ratio']} ×",
                beside=f"eventsourcing, {figure(peer_events)} events: {found['peer']}; "
                f"{figure(found[f'{store_name} counting memory_mb'].highest)} MB",
            ),
            Row(
                what=f"{store_name}: one with a row per event from {figure(events)} events, events/s",
                must="≥ 90,000; < 500 MB",
                measured=f"{found[f'{store_name} row_per_event per_second']}; "
                f"{figure(found[f'{store_name} row_per_event memory_mb'].highest)} MB",
                beside="compared with the live rows, of which none differs, and swapped in",
            ),
        ]
    return here, rows


def peer_rebuild(database_url: str, events: int) -> float:
    """The rival library's events a second; it checks its own count."""
    return float(peer_run("rebuild", database_url, "--events", str(events))["events_per_second"])
