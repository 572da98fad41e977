"""Several instances keep one projection level; one may be killed or frozen in mid-page at any time."""

import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

import pytest
from sqlalchemy import Connection, text

from shared.projections import following
from shared.projections.following import ProjectionFollower
from shared.projections.subscriptions import Subscriptions
from shared.projections.waiting import wait_for
from tests.log.fund import Add
from tests.log.house import House
from tests.projections.balances import balances, expected, prepared, rows_of
from tests.projections.following_process import FUNDS, start

TAKEOVER_SECONDS_MAX = 15


def append(house: House, times: int) -> int:
    """Append movements of some funds; the position reached."""
    adding = [Add(fund_id=str(number % FUNDS), amount_fen=1) for number in range(FUNDS)]
    for _ in range(times):
        house.send_many(*adding)
    return house.log.head().position


@contextmanager
def table_held(house: House) -> Iterator[Connection]:
    """Let nobody write the balances meanwhile; they can be read."""
    with house.store.read() as connection:
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        connection.execute(text("LOCK TABLE balances IN SHARE MODE"))
        yield connection


def wait_until_somebody_waits(holder: Connection) -> None:
    """Until a follower stands in mid-page: it has its checkpoint's lock, and waits for the table's.

    Args:
        holder: who has the table; it asks, since followers end a session that is silent within a transaction.
    """
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'balances'::regclass")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if holder.scalar(waiting):
            return
        time.sleep(0.01)
    raise AssertionError("nobody came to write")


def end(*processes: "Popen[bytes]") -> None:
    for process in processes:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()


@pytest.mark.parametrize("rows_are_there", [False, True])
def test_a_follower_killed_in_mid_page_is_followed_up_and_nothing_counts_twice(
    postgresql_house: House, tmp_path: Path, rows_are_there: bool
) -> None:
    house, projection = postgresql_house, balances()
    prepared(house.store, projection)
    if rows_are_there:
        append(house, 1)
        while ProjectionFollower(house.store, house.log, projection).step():
            pass
    position = append(house, 10)

    with table_held(house) as holder:
        killed = start("follow", house.url, tmp_path, page=50)
        wait_until_somebody_waits(holder)
        end(killed)

    follower = ProjectionFollower(house.store, house.log, projection)
    deadline = time.monotonic() + TAKEOVER_SECONDS_MAX
    while rows_of(house.store, projection) != expected(house.events()):
        assert time.monotonic() < deadline
        follower.step()
    wait_for(house.store, projection.name, position, 0)


@pytest.mark.parametrize("rows_are_there", [False, True])
def test_a_follower_frozen_in_mid_page_is_relieved_and_does_no_harm_when_thawed(
    postgresql_house: House, tmp_path: Path, rows_are_there: bool
) -> None:
    house, projection = postgresql_house, balances()
    prepared(house.store, projection)
    if rows_are_there:
        append(house, 1)
        while ProjectionFollower(house.store, house.log, projection).step():
            pass
    position = append(house, 10)

    with table_held(house) as holder:
        frozen = start("follow", house.url, tmp_path, page=50)
        wait_until_somebody_waits(holder)
        frozen.send_signal(signal.SIGSTOP)
    others = [start("follow", house.url, tmp_path) for _ in range(2)]
    try:
        wait_for(house.store, projection.name, position, TAKEOVER_SECONDS_MAX)
        frozen.send_signal(signal.SIGCONT)
        position = append(house, 20)
        wait_for(house.store, projection.name, position, TAKEOVER_SECONDS_MAX)
        time.sleep(0.5)

        assert rows_of(house.store, projection) == expected(house.events())
        assert frozen.poll() is None
    finally:
        end(frozen, *others)


def test_three_instances_that_are_frozen_and_killed_by_chance_count_nothing_twice(
    postgresql_house: House, tmp_path: Path
) -> None:
    house, projection, chance = postgresql_house, balances(), random.Random(11)
    prepared(house.store, projection)
    instances = [start("follow", house.url, tmp_path, page=7) for _ in range(3)]
    try:
        for _ in range(12):
            append(house, 2)
            struck = chance.randrange(3)
            if chance.random() < 0.3:
                end(instances[struck])
                instances[struck] = start("follow", house.url, tmp_path, page=7)
            else:
                instances[struck].send_signal(signal.SIGSTOP)
                time.sleep(chance.random() / 2)
                instances[struck].send_signal(signal.SIGCONT)
        wait_for(house.store, projection.name, append(house, 1), TAKEOVER_SECONDS_MAX)
        assert [each.poll() for each in instances] == [None] * 3
    finally:
        end(*instances)

    assert rows_of(house.store, projection) == expected(house.events())


def test_threads_of_one_process_share_the_work_and_count_nothing_twice(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "PAGE", 7)
    projection = balances()
    prepared(house.store, projection)
    position = append(house, 20)
    stop = threading.Event()
    instances = [
        Subscriptions(house.store, [ProjectionFollower(house.store, house.log, projection)], 0.01)
        for _ in range(3)
    ]
    threads = [threading.Thread(target=each.run, args=(stop,)) for each in instances]
    for thread in threads:
        thread.start()
    wait_for(house.store, projection.name, position, 30)
    stop.set()
    for thread in threads:
        thread.join()

    assert rows_of(house.store, projection) == expected(house.events())
