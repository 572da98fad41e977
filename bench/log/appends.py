"""Single appends with everything, on PostgreSQL, alternating with the rival library's."""

from contextlib import closing

from bench.log import cards
from bench.log.honest import check_log
from bench.measure import Row, figure, machine, medians_of_three, postgresql
from bench.peer.environment import peer_run
from bench.processes import run_processes
from tests.log.house import found_house
from tests.servers.postgresql import Database, PostgreSQL

TITLE = "Single appends with everything: Merkle leaf, three sealed fields, recorded command, a unique key"


def measure(*, quick: bool = False) -> tuple[str, list[Row]]:
    """Rows for 8 and 64 callers in one process, and for 8 processes with one each."""
    seconds = 1.0 if quick else 6.0
    with closing(PostgreSQL()) as server:
        server.start()
        database = server.create_database()
        here = machine(postgresql(plain_url(database)), "eventsourcing 9.5.6 (default mode)")

        def run() -> dict[str, float]:
            told = {}
            told["peer_8"] = peer_appends(database, "appends", "--threads", "8", seconds=seconds)
            told["ours_8"] = appends_per_second(server, 1, 8, seconds)
            told["ratio"] = told["ours_8"] / told["peer_8"]
            told["ours_64"] = appends_per_second(server, 1, 64, seconds)
            told["peer_64"] = peer_appends(database, "appends", "--threads", "64", seconds=seconds)
            told["ours_8x1"] = appends_per_second(server, 8, 1, seconds)
            told["peer_8x1"] = peer_appends(database, "processes", "--processes", "8", seconds=seconds)
            return told

        found = medians_of_three(run)
    return here, [
        Row(
            what="8 waiting callers in one process, appends/s",
            must="≥ 2 × eventsourcing with 8 threads, and ≥ 2,000",
            measured=f"{found['ours_8']}; {found['ratio']} ×",
            beside=f"eventsourcing, 8 threads: {found['peer_8']}",
        ),
        Row(
            what="64 waiting callers in one process, appends/s",
            must="≥ 6,500",
            measured=str(found["ours_64"]),
            beside=f"eventsourcing, 64 threads: {found['peer_64']}",
        ),
        Row(
            what="8 processes with one caller each, appends/s",
            must="printed beside it",
            measured=str(found["ours_8x1"]),
            beside=f"eventsourcing, 8 processes: {found['peer_8x1']}"
            f" ({figure(found['ours_8x1'].median / found['peer_8x1'].median)} ×)",
        ),
    ]


def appends_per_second(server: PostgreSQL, processes: int, callers: int, seconds: float) -> float:
    """Appends a second on a fresh log.

    Raises NotHonestError unless the log holds what was acknowledged, and verifies.
    """
    database = server.create_database()
    with closing(found_house(database.owner_url, cards.language)) as house:
        given = {"url": database.owner_url, "work": "cards", "callers": callers, "seconds": seconds}
        runs = run_processes("bench.log.callers", [given] * processes)
        answered = sum(each["answered"] for each in runs)
        # Besides what is counted: the founding, and the append by which each process opened its connection.
        check_log(house.store, events=1 + processes + answered)
    server.drop_database(database)
    took = max(each["ended"] for each in runs) - min(each["began"] for each in runs)
    appended: float = answered / took
    return appended


def peer_appends(database: Database, script: str, *options: str, seconds: float) -> float:
    """The rival library's appends a second; it checks its own losses."""
    told = peer_run(script, plain_url(database), *options, "--seconds", str(seconds))
    return float(told["appends_per_second"])


def plain_url(database: Database) -> str:
    """The URL as psycopg takes it."""
    return database.owner_url.replace("postgresql+psycopg://", "postgresql://")
