"""A log of a million events, recorded in bulk through the log itself, kept in a file and used again."""

from contextlib import closing
from pathlib import Path

from sqlalchemy import insert, select, text

from bench.log import cards
from bench.processes import ROOT
from shared.log.store import Store, insert_rows
from shared.log.tables import commands, digests, events, head, person_keys, unique_keys
from tests.log.house import House, found_house, open_house

FORMAT = 2
"""Raise it when the log's tables, envelopes or the cards change: a file of another format is not used."""
MILLION = 1_000_000
A_CALL = 1_000
A_COPY = 10_000


def million(events: int = MILLION) -> str:
    """The URL of a SQLite log of so many events, which is completed first if it is not."""
    path = ROOT / "var" / "bench" / f"log-of-{events}-format-{FORMAT}.sqlite"
    path.parent.mkdir(parents=True, exist_ok=True)
    url = f"sqlite:///{path}"
    with closing(_opened(path, url)) as house:
        while (missing := events - house.log.head().position) > 0:
            house.send_many(*(cards.issue_card() for _ in range(min(A_CALL, missing))))
        with house.store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("COMMIT")  # a checkpoint cannot be made within a transaction
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return url


def _opened(path: Path, url: str) -> House:
    return open_house(url, cards.language) if path.exists() else found_house(url, cards.language)


def copy_log(source: Store, target: Store) -> None:
    """Copy every row of a log into a migrated store that holds none; verifying it proves the copy."""
    with source.read() as reading, target.write() as writing:
        writing.execute(insert(head), reading.execute(select(head)).one()._asdict())
        for table in (events, commands, unique_keys, digests, person_keys):
            rows = reading.execute(select(table).execution_options(yield_per=A_COPY))
            for page in rows.partitions(A_COPY):
                insert_rows(writing, table, [tuple(row) for row in page])
            writing.execute(text(f"ANALYZE {table.name}"))
