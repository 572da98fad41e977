"""Full verification of a log of a million events, by one process and by two, on both stores."""

from contextlib import closing

from bench.log.appends import plain_url
from bench.log.honest import NotHonestError
from bench.log.million import MILLION, copy_log, million
from bench.measure import Row, figure, machine, medians_of_three, postgresql
from bench.processes import run_process
from shared.log.migrations import migrate
from shared.log.store import Store
from tests.servers.postgresql import PostgreSQL

TITLE = "Full verification: leaves, copied columns, commands and unique keys worked out again, root compared"


def measure(*, quick: bool = False) -> tuple[str, list[Row]]:
    """A row for each store."""
    events = 20_000 if quick else MILLION
    url = million(events)
    with closing(PostgreSQL()) as server:
        server.start()
        database = server.create_database()
        here = machine(postgresql(plain_url(database)), "SQLite (WAL, synchronous=FULL)")
        with closing(Store(database.owner_url)) as copied, closing(Store(url)) as source:
            migrate(copied)
            copy_log(source, copied)
        return here, [
            row("PostgreSQL", database.owner_url, events),
            row("SQLite", url, events),
        ]


def row(store_name: str, url: str, events: int) -> Row:
    """The row of one store, one process and two in turn. Raises NotHonestError."""

    def run() -> dict[str, float]:
        one, two = (verified(url, events, processes) for processes in (1, 2))
        return {
            "one": one["per_second"],
            "two": two["per_second"],
            "ratio": two["per_second"] / one["per_second"],
            "cores_one": one["busy_cores"],
            "cores_two": two["busy_cores"],
            "memory_mb": max(one["memory_mb"], two["memory_mb"]),
        }

    found = medians_of_three(run)
    return Row(
        what=f"{store_name}: a log of {figure(events)} events, events/s",
        must="≥ 90,000 a process, near twice that with two; < 300 MB a process",
        measured=f"{found['one']}; with two {found['two']}, {found['ratio']} ×",
        beside=f"most memory of a process: {figure(found['memory_mb'].highest)} MB; cores that are busy, with"
        f" the server's work: {found['cores_one']}, with two {found['cores_two']}",
    )


def verified(url: str, events: int, processes: int) -> dict[str, float]:
    """One verification. Raises NotHonestError if the log is not whole."""
    told = run_process("bench.log.verifying", url=url, processes=processes)
    if told["findings"] or told["events"] != events:
        raise NotHonestError(f"{told['events']} of {events} events: {told['findings']}")
    return told
