"""Bulk: 1,000 commands a call, from JSON data to the durable log, on a log of 100,000, on both stores."""

import tempfile
from contextlib import closing
from pathlib import Path

from bench.log.appends import plain_url
from bench.log.honest import check_log
from bench.log.importing import A_CALL
from bench.measure import Row, machine, medians_of_three, postgresql
from bench.processes import ROOT, run_process
from tests.log.house import found_membership, join, register
from tests.servers.postgresql import PostgreSQL

TITLE = "Bulk: 1,000 commands a call, each validated, decided, sealed, recorded, with a unique key"
FOUNDED = 4
"""Events of the founding: epoch, parameter, federation, union."""


def measure(*, quick: bool = False) -> tuple[str, list[Row]]:
    """Two rows: members join on PostgreSQL and on SQLite; beside them what they hang on."""
    base, calls = (10_000, 2) if quick else (100_000, 10)
    with closing(PostgreSQL()) as server, tempfile.TemporaryDirectory(dir=ROOT / "var" / "bench") as folder:
        server.start()
        database = server.create_database()
        here = machine(postgresql(plain_url(database)), "SQLite (WAL, synchronous=FULL)")
        return here, [
            bulk("PostgreSQL", database.owner_url, base, calls),
            bulk("SQLite", f"sqlite:///{Path(folder) / 'bulk.sqlite'}", base, calls),
        ]


def bulk(store_name: str, url: str, base: int, calls: int) -> Row:
    """The row of one store. Raises NotHonestError."""
    with closing(found_membership(url)) as house:
        # Four in five are registered only: those of them who join later are not in the process's memory.
        registered = base * 4 // 5
        for start in range(0, registered, A_CALL):
            house.send_many(*(register(index) for index in range(start, start + A_CALL)))
        for start in range(0, base - registered, A_CALL):
            house.send_many(*(join(index) for index in range(start, start + A_CALL)))
        recorded = FOUNDED + base
        check_log(house.store, recorded)
        next_new, next_registered = registered, base - registered

        def run() -> dict[str, float]:
            nonlocal recorded, next_new, next_registered
            told = run_process(
                "bench.log.importing", url=url, calls=calls, new=next_new, registered=next_registered
            )
            next_new += calls * A_CALL
            next_registered += calls * A_CALL
            recorded += int(told.pop("recorded"))
            return told

        found = medians_of_three(run)
        check_log(house.store, recorded)
    return Row(
        what=f"{store_name}: members join (three sealed fields, a unique key, three more states), events/s",
        must="≥ 8,000",
        measured=str(found["joined"]),
        beside=f"persons register (a personal unique key): {found['registered']}; members join whose person "
        f"the process does not remember: {found['joined_from_store']}",
    )
