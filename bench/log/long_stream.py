"""A command on a stream with 100,000 events against one with 10, and the first one after a restart."""

import tempfile
from contextlib import closing
from pathlib import Path

from bench.log.appends import plain_url
from bench.log.honest import check_log
from bench.measure import Row, figure, machine, medians_of_three, postgresql
from bench.processes import ROOT, run_process
from tests.log.fund import Add
from tests.log.house import found_house
from tests.servers.postgresql import PostgreSQL

TITLE = "A command on a stream with 100,000 events"
SHORT, LONG = "short", "long"
SHORT_EVENTS, TAIL = 10, 400
"""A snapshot is due every 500 events: a long stream is measured with most of that behind its last one."""
A_CALL = 1_000


def measure(*, quick: bool = False) -> tuple[str, list[Row]]:
    """Two rows for each store."""
    events, commands = (5_000, 20) if quick else (100_000, 200)
    with closing(PostgreSQL()) as server, tempfile.TemporaryDirectory(dir=ROOT / "var" / "bench") as folder:
        server.start()
        database = server.create_database()
        here = machine(postgresql(plain_url(database)), "SQLite (WAL, synchronous=FULL)")
        return here, [
            *rows("PostgreSQL", database.owner_url, events, commands),
            *rows("SQLite", f"sqlite:///{Path(folder) / 'long.sqlite'}", events, commands),
        ]


def rows(store_name: str, url: str, events: int, commands: int) -> list[Row]:
    """The rows of one store. Raises NotHonestError."""
    with closing(found_house(url)) as house:
        house.send_many(*[Add(fund_id=SHORT, amount_fen=1_000_000)] * SHORT_EVENTS)
        for _ in range(events // A_CALL):
            house.send_many(*[Add(fund_id=LONG, amount_fen=1_000_000)] * A_CALL)
        house.send_many(*[Add(fund_id=LONG, amount_fen=1_000_000)] * TAIL)
        check_log(house.store, 1 + SHORT_EVENTS + events + TAIL)
        found = medians_of_three(lambda: run(url, commands))
    return [
        Row(
            what=f"{store_name}: a command on {figure(events)} events, against one on {SHORT_EVENTS}",
            must="≤ 1.2 ×",
            measured=f"{found['ratio']} ×",
            beside=f"{found['long_ms']} ms and {found['short_ms']} ms; when another process wrote to the "
            f"stream in between: {found['after_another_ratio']} ×, {found['after_another_ms']} ms",
        ),
        Row(
            what=f"{store_name}: the first command after a restart on {figure(events)} events, s",
            must="≤ 1",
            measured=str(found["first_seconds"]),
            beside=f"on {SHORT_EVENTS} events: {found['first_short_seconds']}",
        ),
    ]


def run(url: str, commands: int) -> dict[str, float]:
    """One restart for each stream."""
    first_short = run_process("bench.log.restarted", url=url, funds=[SHORT, LONG], commands=1)
    told = run_process("bench.log.restarted", url=url, funds=[LONG, SHORT], commands=commands)
    long, short = told["following_seconds"]
    long_after_another, short_after_another = told["after_another_seconds"]
    return {
        "ratio": long / short,
        "long_ms": long * 1000,
        "short_ms": short * 1000,
        "after_another_ratio": long_after_another / short_after_another,
        "after_another_ms": long_after_another * 1000,
        "first_seconds": told["first_seconds"],
        "first_short_seconds": first_short["first_seconds"],
    }
