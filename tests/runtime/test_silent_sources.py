"""A source that is silent is seen: in the replica's lag, and in why a worker is not ready."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.reporting.service import ReportingService
from shared.bus.levels import note_level
from shared.bus.reader import ReaderFacts
from shared.bus.tables import feed_levels
from shared.runtime.house import House, open_house
from shared.runtime.opening import prepare
from shared.runtime.settings import embedded_settings
from shared.runtime.status import status_of
from shared.runtime.worker import Worker, prepare_followers

SOURCE = "membership"
LEVEL = ReaderFacts(connected=True, position=5, source_position=5, behind=False)
NOT_LEVEL = f"replica.not_level: {SOURCE}"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    settings = embedded_settings("reporting", tmp_path)
    prepare(settings, ReportingService.language)
    opened = open_house(settings, ReportingService.language)
    prepare_followers(ReportingService, opened)
    yield opened
    opened.close()


@pytest.fixture
def worker(house: House) -> Worker:
    """Its reader of membership was level when it last could ask; no thread runs."""
    made = Worker(ReportingService, house)
    made._readers[SOURCE].facts = LEVEL
    return made


@pytest.fixture
def level_was(house: House) -> Callable[[float], None]:
    """Has the replica been seen level so many seconds ago."""

    def note(seconds: float) -> None:
        with house.store.write() as connection:
            note_level(connection, SOURCE)
            connection.execute(feed_levels.update().values(level_at=time.time() - seconds))

    return note


def lag_seconds(worker: Worker) -> float:
    return next(lag.seconds for lag in worker.lags() if (lag.kind, lag.follower) == ("replica", SOURCE))


def test_a_replica_that_was_level_when_its_source_fell_silent_lags_since_then(
    worker: Worker, level_was: Callable[[float], None]
) -> None:
    level_was(3_600)

    assert 3_600 <= lag_seconds(worker) < 3_660


def test_a_replica_that_is_seen_level_as_often_as_it_is_asked_for_has_no_lag(
    worker: Worker, level_was: Callable[[float], None]
) -> None:
    level_was(45)

    assert lag_seconds(worker) == 0


def test_a_worker_that_was_started_while_its_source_is_silent_lags_since_it_was_last_level(
    worker: Worker, level_was: Callable[[float], None]
) -> None:
    level_was(3_600)
    worker._readers[SOURCE].facts = ReaderFacts(connected=True)

    assert lag_seconds(worker) >= 3_600


def test_a_replica_that_never_was_level_lags_since_its_worker_began(worker: Worker) -> None:
    worker._began_at -= 3_600

    assert 3_600 <= lag_seconds(worker) < 3_660


def test_a_worker_whose_source_is_silent_is_not_ready_for_the_reason_that_the_status_tells(
    worker: Worker, house: House, level_was: Callable[[float], None]
) -> None:
    level_was(3_600)

    assert NOT_LEVEL in worker.reasons()
    assert NOT_LEVEL in status_of(ReportingService, house)["reasons"]
    level_was(45)
    assert NOT_LEVEL not in worker.reasons()
    assert NOT_LEVEL not in status_of(ReportingService, house)["reasons"]


def test_a_worker_that_has_never_met_a_source_is_ready_without_it(worker: Worker) -> None:
    """A service stands alone: it begins to work before the others are there."""
    assert NOT_LEVEL not in worker.reasons()
