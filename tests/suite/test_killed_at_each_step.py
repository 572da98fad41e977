"""A process killed at any step between command and acknowledgement loses nothing and does nothing twice.

Each service is killed at each step that it has: it stands still there (a table that it needs is locked, or
the broker falls silent), is killed, and starts again; then the command is sent again, as a caller without an
answer does. The step between an act of a reaction and its checkpoint: ``test_killed_while_reacting``.
"""

import json
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import eventlet
import pytest
from kombu import Connection, Queue

from demo.district import FEDERATION
from services.assistance.parameters import MINUTES_OVER_FEN
from services.membership.parameters import JOINING_AGE_YEARS
from shared.bus.connecting import event_exchange, reader_queue
from shared.bus.relay import SUBSCRIPTION as RELAY
from shared.runtime.finding import service_class, service_names
from shared.runtime.status import sources_of
from tests.runtime.suite import await_true
from tests.servers.postgresql import PostgreSQL
from tests.servers.proxy import Proxy
from tests.servers.rabbitmq import RabbitMQ
from tests.suite.deployment import STEP_SECONDS_MAX, Deployment, Kind, stalled
from tests.suite.joining import found_district

KINDS: tuple[Kind, ...] = ("interface", "worker")
PARAMETERS = {"assistance": MINUTES_OVER_FEN}
"""What may be set in a service; those that ask for no parameter take any."""
SAVED_SECONDS = 1.0
"""By then a relay has saved its checkpoint, if it may."""


class Ears:
    """Another system that listens to all services, and writes down which positions it hears."""

    def __init__(self, url: str) -> None:
        self._connection = Connection(url)
        channel = self._connection.default_channel
        self._queues = {}
        for service in service_names():
            exchange = event_exchange(service)(channel)
            exchange.declare()
            queue = Queue(f"ears-{service}", exchange, routing_key="#", channel=channel)
            queue.declare()
            self._queues[service] = queue
        self._heard: dict[str, Counter[int]] = {service: Counter() for service in service_names()}

    def heard(self, service: str, position: int) -> int:
        """How often the event at a position has been heard by now."""
        while (message := self._queues[service].get(no_ack=True)) is not None:
            self._heard[service][int(json.loads(message.body)["sequence"])] += 1
        return self._heard[service][position]

    def close(self) -> None:
        self._connection.release()


class Office:
    """All services in production's processes, of which one is killed now and then.

    Args:
        deployment: nothing is started yet.
        proxies: through which all processes speak with the broker.
    """

    def __init__(self, deployment: Deployment, proxies: dict[tuple[str, Kind], Proxy]) -> None:
        self.deployment, self.proxies = deployment, proxies
        self.databases = deployment.databases
        self.ears = Ears(deployment.bus_url())
        for service, kind in proxies:
            self.start(service, kind)
        deployment.await_ready()
        with deployment.caller() as caller:
            found_district(caller)

    def start(self, service: str, kind: Kind) -> None:
        self.deployment.start(service, kind, self.proxies[service, kind])

    def kill(self, service: str, kind: Kind) -> None:
        self.deployment.kill(service, kind)

    def restart(self, service: str, kind: Kind) -> None:
        self.start(service, kind)
        self.deployment.await_ready()

    def set_parameter(self, service: str, step: str) -> dict[str, Any]:
        """A command that all services take, and of which one event becomes; sent again it is the same."""
        own = PARAMETERS.get(service, JOINING_AGE_YEARS)
        with self.deployment.caller() as caller:
            answer: dict[str, Any] = getattr(caller, service).set_parameter(
                command_id=f"{step}-{service}",
                key=own.key,
                value=own.shipped[0].value,
                unit=own.unit,
                region="CN",
                effective_from="2015-01-01",
                document_no=step,
                sureness="sample",
            )
        return answer

    def found(self, organisation_id: str) -> int:
        """Found an organisation, of which all services keep a row; its position."""
        with self.deployment.caller() as caller:
            answer = caller.membership.found_organisation(
                organisation_id=organisation_id,
                parent_id=FEDERATION,
                name=organisation_id,
                kind="basic_union_federation",
                level=5,
                founded_on="2003-05-01",
                basis="门工组〔2003〕1号",
            )
        return int(answer["position"])

    def recorded(self, service: str, step: str) -> int:
        """How often a command stands in the log."""
        return len(self.deployment.rows(service, f"SELECT 1 FROM commands WHERE id = '{step}-{service}'"))

    def replicated(self, service: str, source: str) -> int:
        """The last position that a service's replica of a source holds."""
        query = f"SELECT coalesce(max(position), 0) FROM replica_events WHERE source = '{source}'"
        return self._number(service, query)

    def checkpoint(self, service: str, subscription: str) -> int:
        query = f"SELECT position FROM checkpoints WHERE subscription = '{subscription}'"
        return self._number(service, query)

    def _number(self, service: str, query: str) -> int:
        ((number,),) = self.deployment.rows(service, query)
        return int(number)

    def check(self, service: str, step: str) -> dict[str, Any]:
        """Send again, and see that it was done, done once, and told to all who listen; the answer."""
        answer = self.set_parameter(service, step)
        assert self.recorded(service, step) == 1
        made = f'"command_id":"{step}-{service}"'
        events = f"SELECT count(*) FROM events WHERE public LIKE '%{made}%'"
        assert self._number(service, events) == 1
        await_true(lambda: self.ears.heard(service, answer["position"]) > 0, STEP_SECONDS_MAX)
        log = self.deployment.rows(service, "SELECT position, leaf, public FROM events ORDER BY 1")
        for reader in readers_of(service):
            await_true(lambda of=reader: self.replicated(of, service) == len(log), STEP_SECONDS_MAX)  # type: ignore[misc]
            query = f"SELECT position, leaf, public FROM replica_events WHERE source = '{service}' ORDER BY 1"
            assert self.deployment.rows(reader, query) == log
        return answer


def readers_of(source: str) -> list[str]:
    """The services that follow a service's events."""
    return [service for service in service_names() if source in sources_of(service_class(service))]


def source_of(service: str) -> str:
    """One whose events a service reads."""
    return "staffing" if service == "membership" else "membership"


@pytest.fixture(scope="module")
def office(
    postgresql: PostgreSQL, rabbitmq: RabbitMQ, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    services = service_names()
    deployment = Deployment(postgresql, rabbitmq, tmp_path_factory.mktemp("office"), "office", services)
    proxies = {(service, kind): Proxy(deployment.broker_port) for service in services for kind in KINDS}
    try:
        office = Office(deployment, proxies)
        yield office
        office.ears.close()
    finally:
        deployment.close()
        for proxy in proxies.values():
            proxy.close()


@pytest.fixture(params=service_names())
def service(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def waiting() -> Iterator[list[Any]]:
    """Callers whose answer may never come; they are ended with the test."""
    callers: list[Any] = []
    yield callers
    for caller in callers:
        caller.kill()


def test_the_interface_is_killed_before_it_has_stored_the_command(
    office: Office, service: str, waiting: list[Any]
) -> None:
    with stalled(office.databases[service], "commands", reading_too=True) as stall:
        waiting.append(eventlet.spawn(office.set_parameter, service, "storing"))
        stall.await_parked()
        office.kill(service, "interface")
    assert office.recorded(service, "storing") == 0
    office.restart(service, "interface")

    office.check(service, "storing")


def test_the_interface_is_killed_after_the_commit_and_before_the_answer(
    office: Office, service: str, waiting: list[Any]
) -> None:
    proxy = office.proxies[service, "interface"]
    with stalled(office.databases[service], "commands", reading_too=True) as stall:
        waiting.append(eventlet.spawn(office.set_parameter, service, "answering"))
        stall.await_parked()
        proxy.fall_silent()
    await_true(lambda: office.recorded(service, "answering") == 1, STEP_SECONDS_MAX)
    office.kill(service, "interface")
    proxy.pass_again()
    office.restart(service, "interface")

    assert office.check(service, "answering")["repeated"] is True


def test_the_relay_is_killed_before_it_has_published_the_event(office: Office, service: str) -> None:
    proxy = office.proxies[service, "worker"]
    proxy.fall_silent()
    answer = office.set_parameter(service, "publishing")
    office.kill(service, "worker")
    proxy.pass_again()
    assert office.ears.heard(service, answer["position"]) == 0
    office.restart(service, "worker")

    office.check(service, "publishing")


def test_the_relay_is_killed_after_publishing_and_before_the_broker_confirms(
    office: Office, service: str
) -> None:
    proxy = office.proxies[service, "worker"]
    proxy.hold_answers()
    answer = office.set_parameter(service, "confirming")
    await_true(lambda: office.ears.heard(service, answer["position"]) == 1, STEP_SECONDS_MAX)
    time.sleep(SAVED_SECONDS)
    assert office.checkpoint(service, RELAY) < answer["position"]
    office.kill(service, "worker")
    proxy.pass_again()
    office.restart(service, "worker")

    office.check(service, "confirming")
    await_true(lambda: office.ears.heard(service, answer["position"]) == 2, STEP_SECONDS_MAX)


def test_the_relay_is_killed_after_the_confirm_and_before_its_checkpoint(
    office: Office, service: str
) -> None:
    before = office.checkpoint(service, RELAY)
    with stalled(office.databases[service], "checkpoints") as stall:
        answer = office.set_parameter(service, "saving")
        stall.await_parked()
        await_true(lambda: office.ears.heard(service, answer["position"]) == 1, STEP_SECONDS_MAX)
        office.kill(service, "worker")
    assert office.checkpoint(service, RELAY) == before
    office.restart(service, "worker")

    office.check(service, "saving")
    await_true(lambda: office.ears.heard(service, answer["position"]) == 2, STEP_SECONDS_MAX)


def test_the_reader_is_killed_before_it_has_appended_to_the_replica(office: Office, service: str) -> None:
    source, step = source_of(service), f"appending.{service}"
    with stalled(office.databases[service], "replica_events") as stall:
        answer = office.set_parameter(source, step)
        stall.await_parked()
        office.kill(service, "worker")
    assert office.replicated(service, source) < answer["position"]
    office.restart(service, "worker")

    office.check(source, step)


def test_the_reader_is_killed_after_appending_and_before_it_acknowledges(
    office: Office, service: str
) -> None:
    source, step, proxy = source_of(service), f"hearing.{service}", office.proxies[service, "worker"]
    with stalled(office.databases[service], "replica_events") as stall:
        answer = office.set_parameter(source, step)
        stall.await_parked()
        proxy.fall_silent()
    await_true(lambda: office.replicated(service, source) == answer["position"], STEP_SECONDS_MAX)
    queue = reader_queue(source, service).name
    await_true(lambda: office.deployment.waiting_messages(queue) == 1, STEP_SECONDS_MAX)
    office.kill(service, "worker")
    proxy.pass_again()
    office.restart(service, "worker")

    office.check(source, step)


def test_the_projection_is_killed_in_the_middle_of_a_page(office: Office, service: str) -> None:
    rows = "organisation_names" if service == "membership" else "organisation_parents"
    organisation_id = f"of-{service}"
    with stalled(office.databases[service], rows) as stall:
        position = office.found(organisation_id)
        stall.await_parked()
        office.kill(service, "worker")
    assert office.checkpoint(service, rows) < position
    office.restart(service, "worker")

    await_true(lambda: office.checkpoint(service, rows) >= position, STEP_SECONDS_MAX)
    query = f"SELECT 1 FROM {rows} WHERE organisation_id = '{organisation_id}'"
    assert office.deployment.rows(service, query) == [(1,)]
