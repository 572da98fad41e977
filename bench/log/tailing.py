"""What a reader loses who tails the log of a crowd of processes, some held, stopped and killed."""

from contextlib import closing

from bench.log.appends import plain_url
from bench.log.honest import NotHonestError, check_log
from bench.measure import Row, figure, machine, postgresql
from shared.log.store import Store
from tests.log.crowd import crowd
from tests.servers.postgresql import PostgreSQL

TITLE = "Events lost to a reader who tails the log"
EVENTS, EVENTS_QUICK = 500_000, 10_000
PROCESSES, CALLERS = 4, 16
HOLD_EVERY, HOLD_SECONDS = 5_000, 0.2
STOPS, KILLS = 6, 6
SEED = 20260301


def measure(*, quick: bool = False) -> tuple[str, list[Row]]:
    """One row, of one run: a loss in it would be a fault and no deviation."""
    events = EVENTS_QUICK if quick else EVENTS
    with closing(PostgreSQL()) as server:
        server.start()
        database = server.create_database()
        here = machine(postgresql(plain_url(database)))
        result = crowd(
            database.owner_url, PROCESSES, CALLERS, events, HOLD_EVERY, HOLD_SECONDS, STOPS, KILLS, SEED
        )
        with closing(Store(database.owner_url)) as store:
            check_log(store, result.events)
    if result.findings:
        raise NotHonestError(f"the crowd found: {result.findings[:5]}")
    return here, [
        Row(
            what=f"{PROCESSES} processes with {CALLERS} callers each append {figure(events)} events; "
            f"the commit of each {HOLD_EVERY:,}th position is held for {HOLD_SECONDS * 1000:.0f} ms",
            must="0 lost; positions dense",
            measured=f"0 lost of {figure(result.events)}; dense; verified",
            beside=f"{result.stops} times a process stopped, {result.kills} times killed; "
            f"{figure(result.commits)} commits, {figure(result.events / result.seconds)} events/s; "
            f"longest silence {result.longest_silence_seconds:.1f} s",
        )
    ]
