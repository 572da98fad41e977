"""A reader comes to hold what its source recorded, whatever the bus does meanwhile."""

import shutil
from pathlib import Path

import pytest

from shared.bus.replica import restart_replica
from shared.runtime.founding import found
from tests.bus.district import AskedSource, District, add, eventually, is_copy, running
from tests.log.house import House, open_house


def test_what_a_source_records_is_soon_in_the_replica(district: District) -> None:
    district.declare()
    with running(district.relay, district.reader):
        add(district.house, 600)
        district.relay.wake()
        eventually(district.is_level)

    assert is_copy(district.replica, district.house)
    assert district.progress
    assert district.reader.facts.malformed == 0
    assert district.relay.facts.confirmed == district.house.log.head().position


def test_a_reader_that_comes_late_pulls_what_it_missed(district: District) -> None:
    with running(district.relay):
        add(district.house, 2_500)
        district.relay.wake()
        eventually(lambda: district.relay.facts.confirmed == district.house.log.head().position)

    with running(district.reader):
        eventually(district.is_level)

    assert is_copy(district.replica, district.house)


def restored(house: House, copy: Path) -> House:
    """The house as it comes back from a copy, in a new epoch."""
    brought_back = open_house(f"sqlite:///{copy}", house.log.language)
    found(brought_back.log, restored=True)
    return brought_back


def test_messages_of_a_history_that_is_no_more_do_not_stop_a_replica_that_was_restarted(
    district: District, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.bus.reader.STOPPED_SECONDS", 0.2)
    house, replica, copy = district.house, district.replica, tmp_path / "copy.sqlite"
    with running(district.relay, district.reader):
        add(house, 80)
        eventually(lambda: district.is_level() and district.relay.facts.lag == 0)
    with house.store.write():  # nothing is written while it is copied
        shutil.copy(str(house.store.url.database), copy)
        shutil.copy(f"{house.store.url.database}-wal", f"{copy}-wal")
    with running(district.relay):
        add(house, 20)
        eventually(lambda: district.relay.facts.confirmed == house.log.head().position)

    since = restored(house, copy)
    district.read_from(AskedSource(since.log))
    with running(district.reader):
        eventually(lambda: district.reader.facts.stopped)
        restart_replica(replica.store, replica.source, [])
        eventually(lambda: is_copy(replica, since) and district.reader.facts.connected)
        eventually(lambda: not district.reader.facts.behind)

    assert replica.stopped() is None
    since.close()
