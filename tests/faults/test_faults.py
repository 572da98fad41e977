"""Processes, the broker and the database die at random moments, and every grant is paid exactly once.

The long form (``make faults``) is chosen by ``FAULTS=long``; ``FAULTS_SEED`` repeats the
schedule of a run, whose seed is printed.
"""

import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import SystemRandom

import eventlet
import pytest

from tests.faults.client import Client
from tests.faults.injecting import Injector
from tests.faults.oracle import Oracle
from tests.faults.schedule import LONG, SERVICES, SHORT, schedule
from tests.faults.year import Year, calls_of
from tests.servers.postgresql import PostgreSQL
from tests.servers.rabbitmq import RabbitMQ
from tests.suite.deployment import Deployment

IS_LONG = os.environ.get("FAULTS") == "long"
SIZE = LONG if IS_LONG else SHORT


def tell(line: str) -> None:
    """Print a line: shown when the test fails, or with ``-s``."""
    sys.stderr.write(f"{line}\n")


@pytest.fixture
def servers() -> Iterator[tuple[PostgreSQL, RabbitMQ]]:
    """Servers of this test alone: others' would not survive it."""
    postgresql, rabbitmq = PostgreSQL(), RabbitMQ()
    try:
        booting = eventlet.spawn(rabbitmq.start)
        postgresql.start()
        booting.wait()
        yield postgresql, rabbitmq
    finally:
        rabbitmq.close()
        postgresql.close()


@pytest.fixture
def deployment(
    servers: tuple[PostgreSQL, RabbitMQ], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Deployment]:
    """All services as they run in production, a supervisor with two children each."""
    # What is killed writes no coverage, and measuring doubles the time to start.
    for name in ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    deployment = Deployment(*servers, tmp_path, "faults", list(SERVICES))
    try:
        for service in SERVICES:
            deployment.start(service, "supervise")
        deployment.await_ready()
        yield deployment
    finally:
        deployment.kill_all()


def test_whatever_dies_every_grant_is_paid_exactly_once(
    deployment: Deployment, servers: tuple[PostgreSQL, RabbitMQ], tmp_path: Path
) -> None:
    seed = int(os.environ.get("FAULTS_SEED", SystemRandom().randrange(2**32)))
    tell(f"seed {seed}")
    faults = schedule(seed, SIZE, calls_of(SIZE))
    injector = Injector(deployment, *servers, faults)
    begun = time.monotonic()
    with closing(Client(deployment.bus_url(), tmp_path, injector.next_call)) as client:
        year = Year(client, tmp_path, SIZE)
        with deployment.caller() as caller:
            year.prepare(caller)
        tell(f"prepared after {time.monotonic() - begun:.1f} s")
        injector.start()
        year.live()
        tell(f"lived after {time.monotonic() - begun:.1f} s, {client.calls} calls")
        injector.finish()
        calls = client.calls
        tell(f"faults {dict(injector.come)}, kills {dict(injector.killed)}")
        tell(client.summary())
        with closing(Oracle(deployment, tmp_path, client, year)) as oracle:
            oracle.await_rest()
            tell(f"at rest after {time.monotonic() - begun:.1f} s")
            findings = list(oracle.findings())
    tell(f"looked through after {time.monotonic() - begun:.1f} s")

    assert findings == []
    assert calls == calls_of(SIZE)
    assert injector.come.total() == len(faults)
    assert len(year.granted) == 2 * SIZE.households


def test_the_same_seed_gives_the_same_schedule_and_spreads_the_kills() -> None:
    faults = schedule(7, LONG, calls_of(LONG))

    assert faults == schedule(7, LONG, calls_of(LONG))
    assert faults != schedule(8, LONG, calls_of(LONG))
    killed = Counter((each.service, each.kind) for each in faults if each.what == "process")
    assert killed.total() == LONG.kills >= 100
    for service in SERVICES:
        assert killed[service, "interface"] == killed[service, "worker"] == 10
        assert killed[service, "supervise"] == 5
