"""Two and three instances of one service share its work, while all but one of them stand still in turn."""

import signal
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

import eventlet
import pytest

from services.assistance.service import AssistanceService
from shared.bus.relay import SUBSCRIPTION as RELAY
from tests.faults.client import Client
from tests.faults.oracle import Oracle
from tests.faults.schedule import SERVICES, Size
from tests.faults.year import Year
from tests.runtime.suite import await_true
from tests.servers.postgresql import PostgreSQL
from tests.servers.rabbitmq import RabbitMQ
from tests.suite.deployment import Deployment, Kind

SERVICE = "assistance"
SIZE = Size(households=24, portion=8, kills=0, broker_kills=0, database_kills=0, wipes=0)
CALL_WAIT_SECONDS = 0.1
"""Between the calls, so that the instances stand still several times before all is done."""
INTERFACE_SECONDS = 6.0
"""Longer than a session may stand still in a transaction (5 s), so that it is ended meanwhile."""
GROWTH_SECONDS_MAX = 60
TAKEOVER_SECONDS_MAX = 15
FOLLOWERS = (
    RELAY,
    *(each.name for each in AssistanceService.projections if each.source == SERVICE),
    *(each.name for each in AssistanceService.reactions),
)


class Freezer:
    """Lets all workers but one stand still, each being left alone in turn, and looks how it does.

    Of the interfaces one stands still, and only for a while: the broker hands it calls all the same, which
    wait there until it goes on or its heartbeat is missed.
    """

    def __init__(self, deployment: Deployment, instances: int) -> None:
        self.deployment, self.instances = deployment, instances
        self.done = False
        self.takeovers: list[float] = []
        self._running = eventlet.spawn(self._run)

    def finish(self) -> None:
        """Let everything go on."""
        self.done = True
        self._running.wait()

    def _run(self) -> None:
        for left in cycle(range(self.instances)):
            if self.done:
                return
            workers: list[tuple[Kind, int]] = [
                ("worker", each) for each in range(self.instances) if each != left
            ]
            with self._frozen(*workers):
                with self._frozen(("interface", (left + 1) % self.instances)):
                    time.sleep(INTERFACE_SECONDS)
                self._await_takeover()
            time.sleep(0.5)

    @contextmanager
    def _frozen(self, *processes: tuple[Kind, int]) -> Iterator[None]:
        for each in processes:
            self.deployment.signal(SERVICE, *each, signal.SIGSTOP)
        try:
            yield
        finally:
            for each in processes:
                self.deployment.signal(SERVICE, *each, signal.SIGCONT)

    def _await_takeover(self) -> None:
        """Until what is recorded from now on is known to all that follow the log."""
        before = self._head()
        await_true(lambda: self.done or self._head() > before, GROWTH_SECONDS_MAX)
        head, begun = self._head(), time.monotonic()
        if head > before:
            await_true(lambda: self._followed() >= head, TAKEOVER_SECONDS_MAX)
            self.takeovers.append(time.monotonic() - begun)

    def _head(self) -> int:
        return self._number("SELECT position FROM head")

    def _followed(self) -> int:
        names = ", ".join(f"'{each}'" for each in FOLLOWERS)
        return self._number(f"SELECT min(position) FROM checkpoints WHERE subscription IN ({names})")

    def _number(self, query: str) -> int:
        ((number,),) = self.deployment.rows(SERVICE, query)
        return int(number)


@pytest.fixture(params=[2, 3])
def instances(request: pytest.FixtureRequest) -> int:
    number: int = request.param
    return number


@pytest.fixture
def deployment(
    instances: int,
    postgresql: PostgreSQL,
    rabbitmq: RabbitMQ,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Deployment]:
    # Measuring doubles the time that so many processes take to start.
    for name in ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    deployment = Deployment(postgresql, rabbitmq, tmp_path, f"instances{instances}", list(SERVICES))
    try:
        for service in SERVICES:
            for instance in range(instances if service == SERVICE else 1):
                deployment.start(service, "interface", instance=instance)
                deployment.start(service, "worker", instance=instance)
        deployment.await_ready()
        yield deployment
    finally:
        deployment.close()


def test_instances_that_stand_still_are_relieved_and_do_no_harm_when_they_go_on(
    deployment: Deployment, instances: int, tmp_path: Path
) -> None:
    def wait(*_: Any) -> None:
        time.sleep(CALL_WAIT_SECONDS)

    with closing(Client(deployment.bus_url(), tmp_path, wait)) as client:
        year = Year(client, tmp_path, SIZE)
        with deployment.caller() as caller:
            year.prepare(caller)
        freezer = Freezer(deployment, instances)
        try:
            year.live()
        finally:
            freezer.finish()
        deployment.await_ready()
        with closing(Oracle(deployment, tmp_path, client, year)) as oracle:
            oracle.await_rest()
            findings = list(oracle.findings())

    assert findings == []
    assert len(freezer.takeovers) >= instances
    assert max(freezer.takeovers) <= TAKEOVER_SECONDS_MAX
