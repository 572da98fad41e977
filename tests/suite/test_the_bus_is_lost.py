"""All four services as in production: what the broker loses is no loss, and nothing personal stays there."""

import json
from collections.abc import Iterator
from typing import Any

import eventlet
import pytest

from demo.people import person
from shared.runtime.calls import RefusedCall
from shared.runtime.finding import service_class, service_names
from shared.runtime.status import sources_of
from tests.runtime.suite import await_true
from tests.servers.postgresql import PostgreSQL
from tests.servers.rabbitmq import RabbitMQ
from tests.suite.deployment import Deployment
from tests.suite.joining import counted, found_district, joining

JOURNAL = "journal.jif"
CONVERGED_SECONDS_MAX = 60
JOINING_SECONDS_MAX = 60


class District:
    """All services of a district, in which people join all the time."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.joined = 0
        for service in service_names():
            deployment.start(service, "supervise")
        deployment.await_ready()
        with deployment.caller() as caller:
            found_district(caller)

    def join(self, people: int) -> dict[str, Any]:
        """Have so many people join, each as often as it takes to get an answer; the last answer."""
        answers: list[dict[str, Any]] = []
        for _ in range(people):
            self.joined += 1
            await_true(lambda: self._joined(answers), JOINING_SECONDS_MAX)
        return answers[-1]

    def _joined(self, answers: list[dict[str, Any]]) -> bool:
        try:
            with eventlet.Timeout(5), self.deployment.caller() as caller:
                answers.append(caller.membership.join_member(**joining(self.joined)))
        except RefusedCall:
            raise
        except (Exception, eventlet.Timeout):  # noqa: BLE001 - whatever befell the caller, it asks again
            return False
        return True

    def is_copied(self) -> bool:
        """Whether each replica holds exactly what its source has recorded."""
        rows = "SELECT position, leaf, public FROM"
        logs = {each: self.deployment.rows(each, f"{rows} events ORDER BY 1") for each in service_names()}
        return all(
            self.deployment.rows(reader, f"{rows} replica_events WHERE source = '{source}' ORDER BY 1")
            == logs[source]
            for reader in service_names()
            for source in sources_of(service_class(reader))
        )

    def check(self) -> None:
        """Let all come to rest, and see that nothing is missing and nothing doubled."""
        answer = self.join(1)
        await_true(self.is_copied, CONVERGED_SECONDS_MAX)
        self.deployment.await_ready()
        with self.deployment.caller() as caller:
            assert counted(caller, answer, CONVERGED_SECONDS_MAX) == self.joined
        joinings = "SELECT count(*) FROM events WHERE type = 'MemberJoined'"
        assert self.deployment.rows("membership", joinings) == [(self.joined,)]


@pytest.fixture(scope="module")
def district(
    postgresql: PostgreSQL, rabbitmq: RabbitMQ, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[District]:
    folder = tmp_path_factory.mktemp("district")
    deployment = Deployment(postgresql, rabbitmq, folder, "lost", service_names())
    try:
        yield District(deployment)
    finally:
        deployment.close()


def queues_of_services(district: District) -> set[str]:
    """All queues but those for answers, which come and go with whoever asks."""
    names = (each["name"] for each in district.deployment.queues())
    return {name for name in names if not name.startswith("rpc.reply")}


def test_every_queue_is_durable_or_exclusive_and_none_uses_what_newer_brokers_refuse(
    district: District,
) -> None:
    """Source: faults.md 1.7."""
    queues = {each["name"]: each for each in district.deployment.queues()}

    wanted = {f"rpc-{each}" for each in service_names()} | {f"dead.v1.{each}" for each in service_names()}
    assert wanted <= queues.keys()
    for name, queue in queues.items():
        assert queue["durable"] or queue["exclusive"], name
        assert "x-queue-mode" not in str(queue["arguments"]), name


def test_queues_that_are_all_deleted_while_people_join_cost_time_and_nothing_else(district: District) -> None:
    """Source: faults.md section 0, 6."""
    lost = queues_of_services(district)
    working = eventlet.spawn(district.join, 10)
    district.deployment.delete_queues()
    working.wait()

    district.check()
    assert queues_of_services(district) == lost


def test_a_broker_that_loses_everything_while_people_join_costs_time_and_nothing_else(
    district: District,
) -> None:
    """Source: faults.md F-09, G5."""
    working = eventlet.spawn(district.join, 5)
    district.deployment.wipe_broker()
    working.wait()

    district.check()


def test_nothing_personal_stays_at_the_broker_in_a_replica_or_in_what_processes_write(
    district: District, rabbitmq: RabbitMQ
) -> None:
    """Source: faults.md S-12. Whoever joins is told to membership by name and number, over the broker.

    The journal of a queue of requests is the broker's own: it is written over, and nobody reads it.
    """
    district.join(3)
    district.check()
    people = [person(index) for index in range(1, district.joined + 1)]
    canaries = [text for each in people for text in (str(each.identity_number), str(each.name))]
    canaries += [json.dumps(text)[1:-1] for text in canaries]  # as kombu writes it

    assert {each["name"]: each["messages"] for each in district.deployment.queues() if each["messages"]} == {}
    replicas = [
        district.deployment.rows(each, "SELECT public FROM replica_events") for each in service_names()
    ]
    rabbitmq.stop()
    at_the_broker = {
        path: path.read_bytes()
        for path in rabbitmq.folder.rglob("*")
        if path.is_file() and path.name != JOURNAL
    }
    rabbitmq.start()
    written = next(iter(district.deployment.processes.values())).log.read_text()

    assert any(b"MemberJoined" in content for content in at_the_broker.values())
    assert "MemberJoined" in str(replicas)
    for canary in canaries:
        assert canary not in written
        assert canary not in str(replicas)
        found = [str(path) for path, content in at_the_broker.items() if canary.encode() in content]
        assert found == [], canary
