"""A server that does not answer: every caller hears in time, and learns the truth by asking later."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import eventlet
import pytest
from sqlalchemy import text

from shared.log.entry import Unavailable
from shared.log.log import lock_head
from tests.log.fund import Add
from tests.log.house import House, once
from tests.servers.postgresql import PostgreSQL
from tests.servers.proxy import Proxy

CALLERS = 8
UNAVAILABLE_SECONDS_MAX = 16.0


def test_callers_who_wait_behind_others_hear_in_time_too(
    postgresql_house: House, postgresql: PostgreSQL, caplog: pytest.LogCaptureFixture
) -> None:
    house = postgresql_house

    def call(number: int) -> float:
        eventlet.sleep(number * 0.5)
        began = time.monotonic()
        with pytest.raises(Unavailable):
            house.send(Add(fund_id="a", amount_fen=5), f"{number}")
        return time.monotonic() - began

    with closing(house.another()) as frozen, frozen.store.engine.connect() as connection:
        lock_head(connection)
        backend: int = connection.scalar(text("SELECT pg_backend_pid()")) or 0
        with postgresql.frozen_backend(backend):
            waited = list(eventlet.GreenPool().imap(call, range(CALLERS)))
        connection.invalidate()

    assert max(waited) < UNAVAILABLE_SECONDS_MAX, waited
    assert "a batch was not recorded in time: LockNotAvailable 55P03" in caplog.text


def ask_in_vain(house: House) -> float:
    """Send a command as ``1`` that is to fail; how long its caller waited, in seconds."""
    began = time.monotonic()
    with eventlet.Timeout(60), pytest.raises(Unavailable):
        house.send(Add(fund_id="a", amount_fen=5), "1")
    return time.monotonic() - began


def settled(house: House) -> bool:
    """Whether the command ``1`` can be settled by its id now: told of truly, and recorded once in the end."""
    told = house.log.command("1")
    answer = house.send(Add(fund_id="a", amount_fen=5), "1")
    return answer.repeated == (told is not None) and once(house, "1", answer)


def test_callers_hear_in_time_that_the_server_is_out_of_reach_and_learn_the_truth_later(
    far_house: House, proxy: Proxy
) -> None:
    far_house.send(Add(fund_id="a", amount_fen=1))
    proxy.fall_silent()

    waited = ask_in_vain(far_house)

    proxy.pass_again()
    assert waited < UNAVAILABLE_SECONDS_MAX
    assert settled(far_house)


def test_callers_hear_in_time_that_the_server_is_gone_and_learn_the_truth_later(
    postgresql_house: House, postgresql: PostgreSQL
) -> None:
    postgresql_house.send(Add(fund_id="a", amount_fen=1))
    postgresql.stop()

    try:
        waited = ask_in_vain(postgresql_house)
    finally:
        postgresql.start()

    assert waited < UNAVAILABLE_SECONDS_MAX
    assert settled(postgresql_house)


def test_callers_hear_in_time_that_the_server_is_frozen_and_learn_the_truth_later(
    postgresql_house: House, postgresql: PostgreSQL
) -> None:
    postgresql_house.send(Add(fund_id="a", amount_fen=1))

    with frozen(postgresql):
        waited = ask_in_vain(postgresql_house)

    assert waited < UNAVAILABLE_SECONDS_MAX
    with closing(postgresql_house.another()) as other:
        assert settled(other)
    assert settled(postgresql_house)


@contextmanager
def frozen(postgresql: PostgreSQL) -> Iterator[None]:
    """Hold still the server and all its backends."""
    server = int((postgresql.folder / "data" / "postmaster.pid").read_text().split()[0])
    children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    stopped = [server, *map(int, children)]
    for process_id in stopped:
        os.kill(process_id, signal.SIGSTOP)
    try:
        yield
    finally:
        for process_id in stopped:
            os.kill(process_id, signal.SIGCONT)
