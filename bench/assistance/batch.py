"""Paying in bulk: a batch of 10,000 lines from its first line to its last posting, on both stores."""

import tempfile
from contextlib import closing
from pathlib import Path

from bench.log.appends import plain_url
from bench.log.honest import NotHonestError
from bench.measure import Row, machine, medians_of_three, postgresql
from bench.processes import ROOT, run_process
from tests.assistance.town import AMOUNT_FEN, CAMPAIGNS, found_town
from tests.servers.postgresql import PostgreSQL

TITLE = "A payment batch: built, approved, released, written, paid by the bank double, answered, posted"
STEPS = ("built", "approved", "released", "written", "paid", "answered", "posted")


def measure(*, quick: bool = False) -> tuple[str, list[Row]]:
    """A row for each store."""
    lines = 500 if quick else 10_000
    with closing(PostgreSQL()) as server, tempfile.TemporaryDirectory(dir=ROOT / "var" / "bench") as folder:
        server.start()
        database = server.create_database()
        here = machine(postgresql(plain_url(database)), "SQLite (WAL, synchronous=FULL)")
        return here, [
            paid("PostgreSQL", database.owner_url, lines),
            paid("SQLite", f"sqlite:///{Path(folder) / 'batch.sqlite'}", lines),
        ]


def paid(store_name: str, url: str, lines: int) -> Row:
    """The row of one store. Raises NotHonestError unless the books balance and hold every line."""
    town = found_town(url)
    batches = iter(CAMPAIGNS)
    spent_fen = 0
    with closing(town.house):
        households = range(1, lines + 1)
        town.settle(households)
        for campaign_id in CAMPAIGNS:
            town.grant(households, campaign_id)

    def run() -> dict[str, float]:
        nonlocal spent_fen
        campaign_id = next(batches)
        told = run_process(
            "bench.assistance.paying", url=url, lines=lines, batch_id=campaign_id, campaign_id=campaign_id
        )
        spent_fen += lines * AMOUNT_FEN
        if (told.pop("difference_fen"), told.pop("spent_fen")) != (0, spent_fen):
            raise NotHonestError("the books do not hold what was paid")
        return told

    found = medians_of_three(run)
    return Row(
        what=f"{store_name}: {lines:,} lines, seconds",
        must="≤ 60 on PostgreSQL",
        measured=str(found["all"]),
        beside=", ".join(f"{step} {found[step]}" for step in STEPS),
    )
