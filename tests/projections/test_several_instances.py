"""Several instances keep one projection level; one may be killed or frozen in mid-page at any time."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

import pytest
from sqlalchemy import text

from shared.projections.following import ProjectionFollower
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
def table_held(house: House) -> Iterator[None]:
    """Let nobody write the balances meanwhile; they can be read."""
    with house.store.read() as connection:
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        connection.execute(text("LOCK TABLE balances IN SHARE MODE"))
        yield


def wait_until_somebody_waits(house: House) -> None:
    """Until a follower stands in mid-page: it has its checkpoint's lock, and waits for the table's."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'balances'::regclass")
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with house.store.read() as connection:
            if connection.scalar(waiting):
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

    with table_held(house):
        killed = start("follow", house.url, tmp_path, page=50)
        wait_until_somebody_waits(house)
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

    with table_held(house):
        frozen = start("follow", house.url, tmp_path, page=50)
        wait_until_somebody_waits(house)
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
