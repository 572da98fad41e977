"""A replica takes what follows, passes over what it knows, and stops loudly at another history."""

import json
import random
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, update

from shared.bus.catch_up import SourceDown, head_heard, page_after, pull
from shared.bus.cloud_event import PublicEvent, event_of_text
from shared.bus.replica import Replica, ReplicaStopped, SourceHead, restart_replica
from shared.bus.tables import replica_events
from shared.log.envelope import Envelope
from shared.log.log import read_events
from shared.log.store import Store
from shared.runtime.founding import found
from tests.bus.district import (
    AskedSource,
    SendingSource,
    add,
    fresh_house,
    fresh_replica,
    held,
    is_copy,
    mixed,
    told,
)
from tests.log.fund import Add, GiveLabel
from tests.log.house import House, found_house, open_house


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    founded = fresh_house(f"sqlite:///{tmp_path / 'log.sqlite'}")
    yield founded
    founded.close()


@pytest.fixture
def replica(house: House, store_url: str) -> Iterator[Replica]:
    """An empty replica of the house's log; on both stores."""
    made = fresh_replica(store_url, house.log.source)
    yield made
    made.store.close()


def head(house: House) -> SourceHead:
    return head_heard(page_after(house.log, 0, 1)["head"])


def in_order(house: House, folder: Path) -> list[tuple[object, ...]]:
    """What a replica holds that was told each event once, in order."""
    plain = fresh_replica(f"sqlite:///{folder / 'in-order.sqlite'}", house.log.source)
    plain.receive(told(house), head(house))
    rows = held(plain)
    plain.store.close()
    return rows


def test_events_in_order_are_taken_and_verified_against_the_root(house: House, replica: Replica) -> None:
    add(house, 30)
    events = told(house)

    first = replica.receive(events[:10])
    second = replica.receive(events[10:], head(house))

    assert (first.position, first.appended, first.gap) == (10, 10, False)
    assert (second.position, second.appended, second.known) == (31, 21, 0)
    assert is_copy(replica, house)


def test_doubled_shuffled_and_missing_events_end_as_those_in_order(
    house: House, replica: Replica, tmp_path: Path
) -> None:
    add(house, 3_000)
    source, chance = SendingSource(house.log), random.Random(7)
    arriving = mixed(told(house), chance)
    by_message = pulls = 0

    for start in range(0, len(arriving), 100):
        batch = arriving[start : start + 100]
        source.send(max(position for position, _ in batch))
        received = replica.receive([event for _, event in batch])
        by_message += received.appended
        if received.gap:
            pulls += 1
            pull(replica, source, lambda *_: True)
    source.send(house.log.head().position)
    pull(replica, source, lambda *_: True)

    assert 1_000 < by_message < 2_900
    assert pulls > 10
    assert held(replica) == in_order(house, tmp_path)


def test_what_lies_beyond_a_gap_is_not_taken(house: House, replica: Replica) -> None:
    add(house, 10)
    events = told(house)

    received = replica.receive(events[:4] + events[6:])

    assert (received.position, received.gap) == (4, True)
    assert not replica.receive(events[4:6]).gap
    assert replica.receive(events).position == 11


def test_a_reader_of_the_feed_sees_no_sealed_part(house: House, replica: Replica) -> None:
    replica.receive(told(house))

    with replica.store.read() as connection:
        (envelope,) = replica.page(connection, 0, 10)
        assert replica.position(connection) == 1
    assert envelope.sealed == "{}"
    assert envelope.facts.type == "EpochBegan"


def test_a_page_of_some_types_ends_at_the_same_position_as_one_of_all(house: House, replica: Replica) -> None:
    add(house, 10)
    replica.receive(told(house))

    for feed, store in ((house.log, house.store), (replica, replica.store)):
        with store.read() as connection:
            added = feed.page(connection, 0, 4, {"Added"})
            assert [each.position for each in added] == [2, 3, 4]
            assert added == feed.page(connection, 0, 4)[1:]
            assert feed.page(connection, 0, 1, {"Added"}) == []


def other(event: PublicEvent, **changes: object) -> PublicEvent:
    return event._replace(leaf=b"x" * 32)._replace(**changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "position", "said"),
    [
        ({}, 3, "known with another hash"),
        ({"log_id": "other"}, 6, "it has the log other"),
        ({"epoch": 0}, 6, "epoch at 6 is 0 after 1"),
        ({"epoch": 2}, 6, "epoch at 6 is 2 after 1"),
        ({"recorded_at": "2000-01-01T00:00:00.000000Z"}, 6, "recorded before"),
        ({"version": 9}, 6, "version at 6 does not follow"),
    ],
)
def test_another_history_stops_it_until_an_operator_restarts_it(
    house: House, replica: Replica, changes: dict[str, object], position: int, said: str
) -> None:
    add(house, 20)
    events = told(house)
    replica.receive(events[:5])
    # Versions are compared within what this process has seen.
    stream = {"stream": events[3].stream} if "version" in changes else {}

    with pytest.raises(ReplicaStopped, match=said):
        replica.receive([other(events[position - 1], **stream, **changes)])
    with pytest.raises(ReplicaStopped, match=said):
        replica.receive(events[5:])
    assert len(held(replica)) == 5 + 1

    restart_replica(replica.store, replica.source, [])
    assert replica.stopped() is None
    pull(replica, AskedSource(house.log), lambda *_: True)
    assert is_copy(replica, house)


def test_who_saw_the_history_before_a_restart_measures_the_new_one_by_itself(
    house: House, replica: Replica, tmp_path: Path
) -> None:
    add(house, 20)
    replica.receive(told(house)[:6])
    restart_replica(replica.store, replica.source, [])
    since = found_house(f"sqlite:///{tmp_path / 'since.sqlite'}", house.log.language)
    since.send_many(*(Add(fund_id="f1", amount_fen=n + 1) for n in range(10)))
    another = Replica(replica.store, replica.source)
    another.receive(told(since)[:6])

    replica.receive(told(since))

    assert is_copy(replica, since)
    since.close()


def test_two_tellings_of_one_position_at_once_stop_it(house: House, replica: Replica) -> None:
    events = told(house)

    with pytest.raises(ReplicaStopped, match="told twice"):
        replica.receive([events[0], other(events[0])])


def test_a_root_that_does_not_follow_stops_it(house: House, replica: Replica) -> None:
    add(house, 5)
    events = told(house)

    with pytest.raises(ReplicaStopped, match="root at 6 does not follow"):
        replica.receive([*events[:5], other(events[5])], head(house))


def test_a_changed_row_is_noticed_when_its_event_comes_again(house: House, replica: Replica) -> None:
    events = told(house)
    replica.receive(events)
    with replica.store.write() as connection:
        connection.execute(update(replica_events).values(leaf=b"y" * 32))

    with pytest.raises(ReplicaStopped, match="known with another hash"):
        replica.receive(events)


def test_a_transaction_that_fails_leaves_nothing_behind(
    house: House, replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(house, 10)
    events = told(house)
    replica.receive(events[:3])

    with monkeypatch.context() as patch:
        patch.setattr("shared.bus.replica.insert_rows", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            replica.receive(events[3:8])

    assert replica.receive(events[3:], head(house)).position == 11


@pytest.mark.parametrize("new_events", [1, 40])
def test_a_source_restored_from_an_old_backup_is_noticed(
    house: House, replica: Replica, tmp_path: Path, new_events: int
) -> None:
    add(house, 10)
    with house.store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(tmp_path / "log.sqlite", tmp_path / "backup.sqlite")
    add(house, 10)
    pull(replica, AskedSource(house.log), lambda *_: True)
    before = held(replica)[:-1]

    restored = open_house(f"sqlite:///{tmp_path / 'backup.sqlite'}", house.log.language)
    assert found(restored.log, restored=True).epoch == 2
    add(restored, new_events)

    with pytest.raises(ReplicaStopped):
        pull(replica, AskedSource(restored.log), lambda *_: True)
    assert held(replica)[:-1] == before
    later = Replica(replica.store, replica.source)
    with pytest.raises(ReplicaStopped):
        later.receive(told(restored)[11:])
    restored.close()


def test_a_new_epoch_of_the_same_history_goes_on(house: House, replica: Replica) -> None:
    add(house, 10)
    pull(replica, AskedSource(house.log), lambda *_: True)
    found(house.log, restored=True)
    add(house, 10)

    replica.receive(told(house), head(house))

    assert is_copy(replica, house)


def test_two_processes_fill_one_replica_in_turns(house: House, replica: Replica) -> None:
    add(house, 40)
    events = told(house)
    another = Replica(Store(replica.store.url.render_as_string(hide_password=False)), replica.source)

    for start in range(0, 41, 10):
        replica.receive(events[start : start + 10])
        another.receive(events[start : start + 15])
        another.receive(events[start + 5 : start + 12])
    another.store.close()

    assert is_copy(replica, house)


def test_pages_are_bounded_by_number_and_by_size(
    house: House, replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(house, 600)
    monkeypatch.setattr("shared.bus.catch_up.PAGE", 100)
    assert len(page_after(house.log, 0, 5)["events"]) == 5
    assert len(page_after(house.log, 0, 1_000)["events"]) == 100

    monkeypatch.setattr("shared.bus.catch_up.PAGE_BYTES_MAX", 1)
    assert len(page_after(house.log, 0, 1_000)["events"]) == 2
    pull(replica, AskedSource(house.log), lambda *_: True)

    assert is_copy(replica, house)
    assert replace(head(house), position=601) == head(house)


def test_a_page_is_measured_as_it_is_sent(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A quotation mark is one character in the log and four bytes within the answer's JSON."""
    house.send_many(
        *(GiveLabel(fund_id=f"f{number}", label=f"{number}" + '"工' * 100_000) for number in range(20))
    )
    most = 4_000_000
    read: list[int] = []

    def reading(connection: Connection, after: int, limit: int) -> list[Envelope]:
        found = read_events(connection, after, limit)
        read.append(len(found))
        return found

    monkeypatch.setattr("shared.bus.catch_up.read_events", reading)
    page = page_after(house.log, 0, 1_000)

    assert 0.7 * most < len(json.dumps(page, ensure_ascii=False).encode()) < most + 1_000
    assert sum(read) <= len(page["events"]) + 10


def test_a_page_whose_events_another_instance_appended_meanwhile_leads_on(
    house: House, replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(house, 300)
    monkeypatch.setattr("shared.bus.catch_up.PAGE", 100)
    another = Replica(Store(replica.store.url.render_as_string(hide_password=False)), replica.source)

    class Outrun(AskedSource):
        def events_after(self, position: int, limit: int) -> dict[str, Any]:
            page = super().events_after(position, limit)
            another.receive([event_of_text(public, sealed_hash) for public, sealed_hash in page["events"]])
            return page

    assert pull(replica, Outrun(house.log), lambda *_: True)
    another.store.close()
    assert is_copy(replica, house)


@pytest.mark.parametrize(
    "page",
    [
        None,
        [],
        {"events": []},
        {"events": [], "head": {"log_id": None}},
        {"events": [["{}", "no hash"]], "head": {}},
        {"events": [[1, 2]], "head": {}},
        {"events": [["{}", "00"]], "head": {}},
        {"events": [], "head": {"root": "no root"}},
        {"events": [], "head": {"position": "1"}},
    ],
    ids=str,
)
def test_a_source_that_answers_with_no_page_counts_as_one_that_is_down(
    house: House, replica: Replica, page: Any
) -> None:
    class Astray(AskedSource):
        def events_after(self, position: int, limit: int) -> dict[str, Any]:
            told = super().events_after(position, limit)
            if isinstance(page, dict) and "head" in page:
                return page | {"head": told["head"] | page["head"]}
            return page  # type: ignore[no-any-return]

    with pytest.raises(SourceDown):
        pull(replica, Astray(house.log), lambda *_: True)
    assert replica.stopped() is None
