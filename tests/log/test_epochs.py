"""Epochs: founding begins the first, every restore a new one, and founding at once makes one log."""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from shared.log.log import found_log
from shared.log.migrations import migrate
from shared.rules.refusal import Refused
from shared.runtime.founding import found
from tests.log.fund import Add, Spend
from tests.log.house import House, found_house, open_house
from tests.servers.postgresql import Database, PostgreSQL

REPOSITORY = Path(__file__).parents[2]
FOUND = """
import sys
from shared.runtime.founding import found
from tests.log.house import open_house
print(found(open_house(sys.argv[1]).log).log_id)
"""


def copy_of(house: House, copy: Path) -> str:
    """The address of a copy of an SQLite store, as a backup makes it."""
    with closing(sqlite3.connect(str(house.store.url.database))) as connection:
        connection.execute(f"VACUUM INTO '{copy}'")
    return f"sqlite:///{copy}"


def test_a_founded_log_is_in_its_first_epoch(house: House) -> None:
    (began,) = house.events()

    assert house.log.head().epoch == began.facts.epoch == 1
    assert (began.stream, began.type) == (f"log/{house.log.head().log_id}", "EpochBegan")
    assert began.facts.data["occasion"] == "founded"


def test_founding_again_changes_nothing(house: House) -> None:
    before = house.log.head()

    assert found(house.log) == before
    with closing(house.another()) as other:
        assert found(other.log) == before


def test_a_log_restored_from_a_copy_is_in_a_new_epoch(tmp_path: Path) -> None:
    house = found_house(f"sqlite:///{tmp_path / 'store.sqlite'}")
    house.send(Add(fund_id="a", amount_fen=1))
    address = copy_of(house, tmp_path / "copy.sqlite")
    house.send(Add(fund_id="a", amount_fen=2))
    lost = house.log.head()
    house.close()

    restored = open_house(address)
    after = found(restored.log, restored=True)
    restored.send(Add(fund_id="a", amount_fen=3))

    began, added = restored.events()[2:]
    assert (after.log_id, after.epoch, after.position) == (lost.log_id, 2, 3)
    assert began.facts.data == {
        "log_id": lost.log_id, "service": "fund", "occasion": "restored", "epoch": 2
    }  # fmt: skip
    assert [each.facts.epoch for each in restored.events()] == [1, 1, 2, 2]
    assert added.id == f"{lost.log_id}/2/4"
    assert restored.log.head().epoch == 2
    assert after.root != lost.root
    restored.close()


def test_a_position_taken_again_after_a_restore_has_another_identity(tmp_path: Path) -> None:
    house = found_house(f"sqlite:///{tmp_path / 'store.sqlite'}")
    address = copy_of(house, tmp_path / "copy.sqlite")
    house.send(Add(fund_id="a", amount_fen=1))
    restored = open_house(address)
    found(restored.log, restored=True)

    (before,), (after,) = house.log.read(1, 10), restored.log.read(1, 10)

    assert before.position == after.position
    assert before.id != after.id
    assert before.leaf != after.leaf
    house.close()
    restored.close()


def test_a_log_restored_on_postgresql_is_in_a_new_epoch(postgresql: PostgreSQL) -> None:
    original = postgresql.create_database()
    house = found_house(original.owner_url)
    house.send(Add(fund_id="a", amount_fen=1))
    house.close()
    copy = postgresql.create_database(template=original.name)
    restored = open_house(copy.superuser_url)

    assert found(restored.log, restored=True).epoch == 2

    assert [each.facts.epoch for each in restored.events()] == [1, 1, 2]
    restored.close()
    postgresql.drop_database(copy)
    postgresql.drop_database(original)


@pytest.fixture
def migrated(store_url: str) -> Iterator[House]:
    """A store with its tables and without a log."""
    house = open_house(store_url)
    migrate(house.store)
    yield house
    house.close()


def test_two_processes_that_found_at_once_make_one_log(migrated: House, store_url: str) -> None:
    processes = [start_founding(store_url) for _ in range(2)]

    told = [process.communicate(timeout=60) for process in processes]

    assert [process.returncode for process in processes] == [0, 0], told
    assert {identity.strip() for identity, _ in told} == {migrated.log.head().log_id}
    assert [each.facts.data["occasion"] for each in migrated.events()] == ["founded"]


def test_who_founds_while_another_is_about_to_finds_the_others_log(database: Database) -> None:
    with closing(open_house(database.owner_url)) as house:
        migrate(house.store)
        with house.store.write() as connection:
            found_log(connection)
            process = start_founding(database.owner_url)
            wait_until_somebody_waits(connection)
        told, complaint = process.communicate(timeout=60)

        assert process.returncode == 0, complaint
        assert told.strip() == house.log.head().log_id


def wait_until_somebody_waits(connection: Connection) -> None:
    """Return when another session waits for a lock (the store lets nobody wait over 5 s)."""
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    while not connection.scalar(waiting):
        connection.execute(text("SELECT pg_stat_clear_snapshot()"))
        time.sleep(0.02)


def start_founding(url: str) -> subprocess.Popen[str]:
    """A process that founds the log of a migrated store and prints the log's identity."""
    return subprocess.Popen(
        [sys.executable, "-c", FOUND, url],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_process_that_lives_through_a_restore_decides_on_what_was_restored(tmp_path: Path) -> None:
    file = tmp_path / "store.sqlite"
    house = found_house(f"sqlite:///{file}")
    house.send(Add(fund_id="a", amount_fen=10))
    address = copy_of(house, tmp_path / "copy.sqlite")
    house.send(Add(fund_id="a", amount_fen=1_000))
    restored = open_house(address)
    found(restored.log, restored=True)
    restored.send(Spend(fund_id="a", amount_fen=5))
    restored.close()

    house.close()  # lets go of the file and remembers what it held
    (tmp_path / "copy.sqlite").replace(file)

    with pytest.raises(Refused, match="overdrawn"):
        house.send(Spend(fund_id="a", amount_fen=900))
    house.send(Spend(fund_id="a", amount_fen=5))
    house.close()
