"""A process killed at any step between command and acknowledgement loses nothing and does nothing twice.

Each test has the process stand still at the step (a table that it needs is locked, or the broker falls
silent), kills it there, starts it again, and sends the command again as a caller without an answer does.
"""

from collections.abc import Iterator
from typing import Any

import eventlet
import pytest

from demo.district import register
from demo.typed import typed
from shared.bus.connecting import reader_queue
from tests.runtime.suite import await_true
from tests.servers.postgresql import PostgreSQL
from tests.servers.proxy import Proxy
from tests.servers.rabbitmq import RabbitMQ
from tests.suite.deployment import STEP_SECONDS_MAX, Deployment, Kind, stalled
from tests.suite.joining import counted, found_district, joining

PEOPLE = 10
Proxies = dict[tuple[str, Kind], Proxy]


class Office:
    """Membership and reporting in production's processes, of which one is killed now and then.

    Args:
        deployment: of both services; nothing is started yet.
        proxies: through which those speak whose words to and from the broker are to be lost.
    """

    def __init__(self, deployment: Deployment, proxies: Proxies) -> None:
        self.deployment = deployment
        self.membership = deployment.databases["membership"]
        self.reporting = deployment.databases["reporting"]
        self.proxies = proxies
        self.joined: list[int] = []
        self.start("membership", "interface")
        self.start("membership", "worker")
        self.start("reporting", "interface")
        self.start("reporting", "worker")
        deployment.await_ready()
        with deployment.caller() as caller:
            found_district(caller)
            # So that joining is one event, and one message.
            rows = [typed(register(index, ""), "person_id") for index in range(PEOPLE)]
            answers = caller.membership.register_person_many(rows=rows)
        # Level, so that who stands still at a step does so with what the test itself sends.
        await_true(lambda: replicated(self) == answers[-1]["position"], STEP_SECONDS_MAX)

    def start(self, service: str, kind: Kind) -> None:
        self.deployment.start(service, kind, self.proxies.get((service, kind)))

    def join(self, *indexes: int) -> list[dict[str, Any]]:
        """Have people join in one batch; the answers."""
        with self.deployment.caller() as caller:
            answers = caller.membership.join_member_many(rows=[joining(index) for index in indexes])
        assert not any("refused" in answer for answer in answers)
        self.joined = sorted({*self.joined, *indexes})
        return list(answers)

    def kill(self, service: str, kind: Kind) -> None:
        self.deployment.kill(service, kind)

    def restart(self, service: str, kind: Kind) -> None:
        self.start(service, kind)
        self.deployment.await_ready()

    def recorded(self, index: int) -> int:
        """How often a person's joining stands in the log of commands."""
        query = f"SELECT 1 FROM commands WHERE id = 'joining-{index}'"
        return len(self.deployment.rows("membership", query))

    def check(self, *indexes: int) -> list[dict[str, Any]]:
        """Send again, and see that everything was done, and done once; the answers."""
        answers = self.join(*indexes)
        with self.deployment.caller() as caller:
            assert counted(caller, answers[-1]) == len(self.joined)
        log = self.deployment.rows("membership", "SELECT position, leaf, public FROM events ORDER BY 1")
        replica = self.deployment.rows(
            "reporting",
            "SELECT position, leaf, public FROM replica_events WHERE source = 'membership' ORDER BY 1",
        )
        assert replica == log
        events = "SELECT count(*) FROM events WHERE type = 'MemberJoined'"
        assert self.deployment.rows("membership", events) == [(len(self.joined),)]
        assert self.deployment.rows("reporting", "SELECT count(*) FROM memberships") == [(len(self.joined),)]
        assert [self.recorded(index) for index in indexes] == [1] * len(indexes)
        return answers


@pytest.fixture(scope="module")
def office(
    postgresql: PostgreSQL, rabbitmq: RabbitMQ, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    deployment = Deployment(postgresql, rabbitmq, folder, "office", ["membership", "reporting"])
    proxies: Proxies = {
        ("membership", "interface"): Proxy(deployment.broker_port),
        ("reporting", "worker"): Proxy(deployment.broker_port),
    }
    try:
        yield Office(deployment, proxies)
    finally:
        deployment.close()
        for proxy in proxies.values():
            proxy.close()


@pytest.fixture
def waiting() -> Iterator[list[Any]]:
    """Callers whose answer may never come; they are ended with the test."""
    callers: list[Any] = []
    yield callers
    for caller in callers:
        caller.kill()


def test_the_interface_is_killed_before_it_has_stored_the_command(office: Office, waiting: list[Any]) -> None:
    with stalled(office.membership, "commands", reading_too=True) as stall:
        waiting.append(eventlet.spawn(office.join, 1))
        stall.await_parked()
        office.kill("membership", "interface")
    assert office.recorded(1) == 0
    office.restart("membership", "interface")

    office.check(1)


def test_the_interface_is_killed_after_the_commit_and_before_the_answer(
    office: Office, waiting: list[Any]
) -> None:
    proxy = office.proxies["membership", "interface"]
    with stalled(office.membership, "commands", reading_too=True) as stall:
        waiting.append(eventlet.spawn(office.join, 2))
        stall.await_parked()
        proxy.fall_silent()
    await_true(lambda: office.recorded(2) == 1, STEP_SECONDS_MAX)
    office.kill("membership", "interface")
    proxy.pass_again()
    office.restart("membership", "interface")

    (answer,) = office.check(2)

    assert answer["repeated"] is True


def test_the_relay_is_killed_before_it_has_published_the_event(office: Office) -> None:
    with stalled(office.membership, "checkpoints", reading_too=True) as stall:
        stall.await_parked()
        (answer,) = office.join(3)
        office.kill("membership", "worker")
    assert replicated(office) < answer["position"]
    office.restart("membership", "worker")

    office.check(3)


def test_the_relay_is_killed_after_publishing_and_before_its_checkpoint(office: Office) -> None:
    before = checkpoint(office, "membership", "relay")
    with stalled(office.membership, "checkpoints") as stall:
        (answer,) = office.join(4)
        stall.await_parked()
        await_true(lambda: replicated(office) == answer["position"], STEP_SECONDS_MAX)
        office.kill("membership", "worker")
    assert checkpoint(office, "membership", "relay") == before
    office.restart("membership", "worker")

    office.check(4)


def test_the_reader_is_killed_before_it_has_appended_to_the_replica(office: Office) -> None:
    with stalled(office.reporting, "replica_events") as stall:
        (answer,) = office.join(5)
        stall.await_parked()
        office.kill("reporting", "worker")
    assert replicated(office) < answer["position"]
    office.restart("reporting", "worker")

    office.check(5)


def test_the_reader_is_killed_after_appending_and_before_it_acknowledges(office: Office) -> None:
    proxy = office.proxies["reporting", "worker"]
    with stalled(office.reporting, "replica_events") as stall:
        (answer,) = office.join(6)
        stall.await_parked()
        proxy.fall_silent()
    await_true(lambda: replicated(office) == answer["position"], STEP_SECONDS_MAX)
    assert office.deployment.waiting_messages(reader_queue("membership", "reporting").name) == 1
    office.kill("reporting", "worker")
    proxy.pass_again()
    office.restart("reporting", "worker")

    office.check(6)


def test_the_projection_is_killed_in_the_middle_of_a_page(office: Office) -> None:
    before = checkpoint(office, "reporting", "memberships")
    with stalled(office.reporting, "memberships") as stall:
        office.join(7, 8, 9)
        stall.await_parked()
        office.kill("reporting", "worker")
    assert checkpoint(office, "reporting", "memberships") == before
    office.restart("reporting", "worker")

    office.check(7, 8, 9)


def replicated(office: Office) -> int:
    """The last position that reporting's replica of membership holds."""
    ((position,),) = office.deployment.rows(
        "reporting", "SELECT coalesce(max(position), 0) FROM replica_events"
    )
    return int(position)


def checkpoint(office: Office, service: str, subscription: str) -> int:
    query = f"SELECT position FROM checkpoints WHERE subscription = '{subscription}'"
    ((position,),) = office.deployment.rows(service, query)
    return int(position)
