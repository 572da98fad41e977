"""A slow database holds up nobody but its own caller, and a process in which it would refuses to start."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import eventlet
import psycopg
import pytest
from sqlalchemy import Connection, text

from services.staffing.aggregates import language
from shared.bus import embedded
from shared.log.store import Store
from shared.runtime.green import check_hub
from shared.runtime.house import open_house
from shared.runtime.interface import Interface
from shared.runtime.methods import query
from shared.runtime.opening import make_master_key, prepare
from shared.runtime.service import Service
from shared.runtime.settings import Settings, embedded_settings
from shared.runtime.stopping import CannotStart
from shared.runtime.together import Soon
from tests.runtime.suite import await_true, calling
from tests.servers.postgresql import Database


def sleep(connection: Connection, *, milliseconds: int) -> list[int]:
    """A query that takes its time."""
    connection.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": milliseconds / 1_000})
    return [milliseconds]


class SlowService(Service):
    """Staffing with a slow query."""

    name = "staffing"
    language = language

    sleep = query(sleep, role="clerk", reads=())


@pytest.fixture
def slow(database: Database, tmp_path: Path) -> Iterator[Settings]:
    """A slow service on PostgreSQL, by its settings."""
    settings = replace(
        embedded_settings("staffing", tmp_path), database_url=database.owner_url, bus_url="embedded://slow"
    )
    make_master_key(settings.master_key_file)
    prepare(settings, language)
    house = open_house(settings, language)
    interface = Interface({SlowService: house}, settings.bus_url, rpc_workers=32)
    interface.start()
    await_true(lambda: interface.reasons() == [])
    yield settings
    assert interface.stop(5)
    house.close()
    embedded.drop("slow")


def test_calls_that_wait_for_the_database_wait_side_by_side_and_others_run_on(slow: Settings) -> None:
    ticks = 0

    def tick() -> None:
        nonlocal ticks
        while True:
            eventlet.sleep(0.02)
            ticks += 1

    def ask(_: int) -> Any:
        with calling(slow.bus_url, slow.folder) as proxy:
            return proxy.staffing.sleep(milliseconds=400)["answer"]

    ticker = eventlet.spawn(tick)
    start = time.monotonic()
    answers = list(eventlet.GreenPool().imap(ask, range(8)))
    seconds = time.monotonic() - start
    ticker.kill()

    assert answers == [[400]] * 8
    assert seconds < 8 * 0.4 / 2
    assert ticks >= 10


def test_more_calls_than_connections_are_all_answered(slow: Settings) -> None:
    """Source: faults.md T-34."""

    def ask(_: int) -> Any:
        with calling(slow.bus_url, slow.folder, seconds_max=20) as proxy:
            proxy.staffing.sleep(milliseconds=50)
            return proxy.staffing.set_parameter(
                key="sample.limit_fen",
                value=1,
                unit="fen",
                region="CN",
                effective_from="2026-01-01",
                document_no="样本〔2026〕1号",
                sureness="sample",
            )["position"]

    assert list(eventlet.GreenPool(48).imap(ask, range(48))) == [2] * 48


def test_a_process_whose_database_driver_stops_the_others_does_not_start(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(database.owner_url)
    check_hub(store)

    blocking = psycopg.waiting.wait_c
    assert blocking is not None
    monkeypatch.setattr(psycopg.waiting, "wait", blocking)

    with pytest.raises(CannotStart, match="stops all greenlets"):
        check_hub(store)
    monkeypatch.undo()
    store.close()


def test_a_burst_of_appends_wakes_followers_once_a_moment_later() -> None:
    woken: list[float] = []
    soon = Soon(lambda: woken.append(time.monotonic()))

    for _ in range(100):
        soon()

    assert woken == []
    await_true(lambda: len(woken) == 1)
    soon()
    await_true(lambda: len(woken) == 2)
