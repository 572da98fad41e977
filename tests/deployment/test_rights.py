"""Nobody reaches more than the composition's own rights say: databases, queues, exchanges, answers."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import uuid4

import kombu
import psycopg
import pytest
from amqp.exceptions import AccessRefused
from kombu import Connection
from psycopg import errors

from shared.bus.connecting import event_exchange
from shared.runtime.finding import service_class
from tests.deployment.composition import DEPLOY, SERVICES, Deployment
from tests.runtime.suite import await_true

UNKNOWN = "00000000-0000-4000-8000-000000000000"
"""Where an answer to somebody else might be waited for."""
HEALTHY_SECONDS_MAX = 90


@pytest.mark.parametrize(
    "statement", ["UPDATE events SET public = ''", "DELETE FROM events", "TRUNCATE events"]
)
@pytest.mark.parametrize("name", SERVICES)
def test_a_service_cannot_change_what_is_written_once(
    name: str, statement: str, database_of: Callable[[str], Any]
) -> None:
    for table in ("events", "commands"):
        with database_of(name) as connection, pytest.raises(errors.InsufficientPrivilege):
            connection.execute(statement.replace("events", table))


def test_a_service_cannot_take_the_triggers_off(database_of: Callable[[str], Any]) -> None:
    with database_of("membership") as connection:
        for statement in (
            "ALTER TABLE events DISABLE TRIGGER ALL",
            "DROP TABLE events",
            "SET session_replication_role = replica",
            "SET ROLE membership_owner",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(statement)


@pytest.mark.parametrize("role", ["membership", "migrate-membership"])
@pytest.mark.parametrize("database", ["assistance", "staffing", "reporting", "postgres", "template1"])
def test_a_service_reaches_no_database_but_its_own(
    role: str, database: str, database_of: Callable[..., Any]
) -> None:
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        database_of(role, database)


def refused(url: str, act: Callable[[Any], object]) -> None:
    """The broker refuses an act of a user for want of rights."""
    with Connection(url) as connection:
        channel = connection.channel()
        with pytest.raises(AccessRefused):
            act(channel)
        with suppress(Exception):
            channel.close()


def publish(exchange: str, key: str) -> Callable[[Any], object]:
    """Publish with a confirm, so that a refusal is heard."""

    def act(channel: Any) -> None:
        channel.confirm_select()
        channel.basic_publish_confirm(channel.prepare_message(b"{}"), exchange, key)

    return act


@contextmanager
def own_queue(url: str) -> Iterator[str]:
    """A queue in which a user may wait for answers."""
    name = f"rpc.reply-replica-membership-{uuid4()}"
    with Connection(url) as connection:
        connection.default_channel.queue_declare(name, exclusive=False, auto_delete=False)
        yield name
        connection.default_channel.queue_delete(name)


def cannot_bind(url: str, exchange: str, key: str) -> None:
    """A user cannot have an exchange's messages copied to its own queue."""
    with own_queue(url) as queue:
        refused(url, lambda channel: channel.queue_bind(queue, exchange, key))


OTHERS = ("assistance", "staffing", "reporting")


@pytest.mark.parametrize("other", OTHERS)
def test_a_service_cannot_publish_anothers_events(other: str, bus_of: Callable[[str], str]) -> None:
    """Source: faults.md S-10."""
    refused(bus_of("membership"), publish(f"{other}.events", "MemberJoined"))


def test_a_service_cannot_put_a_message_straight_into_a_queue(bus_of: Callable[[str], str]) -> None:
    refused(bus_of("assistance"), publish("", "rpc-membership"))


@pytest.mark.parametrize(
    "queue", ["rpc-membership", "replica.v1.membership.reporting", "dead.v1.reporting", "evt-x--y.z"]
)
def test_a_service_can_neither_read_nor_delete_anothers_queue(
    queue: str, running: Deployment, bus_of: Callable[[str], str]
) -> None:
    url = bus_of("assistance")
    refused(url, lambda channel: channel.basic_get(queue))
    refused(url, lambda channel: channel.queue_delete(queue))
    refused(url, lambda channel: channel.queue_declare(queue, durable=True))


@pytest.mark.parametrize("key", ["#", "membership.*", "membership.join_member", "*.*", "*"])
def test_a_service_cannot_have_anothers_requests_copied_to_a_queue_of_its_own(
    key: str, running: Deployment, bus_of: Callable[[str], str]
) -> None:
    cannot_bind(bus_of("assistance"), "nameko-rpc", key)


@pytest.mark.parametrize("key", [UNKNOWN, "*", "#"])
def test_a_service_cannot_have_answers_to_a_caller_copied_to_a_queue_of_its_own(
    key: str, deployment: Deployment, bus_of: Callable[[str], str]
) -> None:
    """A caller of several services tells each of them where it waits, under the same name for all."""
    cannot_bind(bus_of("assistance"), "nameko-rpc", key)


def test_a_callers_answers_are_read_and_deleted_by_nobody_else(
    deployment: Deployment, bus_of: Callable[[str], str]
) -> None:
    deployment.broker.ctl("list_queues", "--vhost", "gonghui")  # the vhost is there
    name = f"rpc.reply-standalone_rpc_proxy-{uuid4()}"
    with Connection(deployment.bus_of_system("city")) as caller:
        waiting = kombu.Queue(name, kombu.Exchange("nameko-rpc", "topic"), name.partition("proxy-")[2])
        waiting(caller.default_channel).declare()
        for user in (*SERVICES, "operator"):
            url = bus_of("shell" if user == "operator" else user)
            refused(url, lambda channel: channel.basic_get(name))
            refused(url, lambda channel: channel.queue_delete(name))
            refused(url, lambda channel: channel.queue_bind(name, "nameko-rpc", "#"))
        waiting(caller.default_channel).delete()


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_may_touch_the_exchanges_of_its_sources_and_of_no_other(
    name: str, deployment: Deployment, bus_of: Callable[[str], str]
) -> None:
    """Whoever declares an exchange may also delete it, and nameko and our readers declare what they read."""
    service = service_class(name)
    sources = {each.source for each in service.projections} | {each.source for each in service.reactions}
    sources |= {name}
    for other in set(SERVICES) - sources:
        refused(bus_of(name), lambda channel, other=other: channel.exchange_delete(f"{other}.events"))  # type: ignore[misc]
        cannot_bind(bus_of(name), f"{other}.events", "#")
    with Connection(bus_of(name)) as connection:
        for source in sources:
            event_exchange(source)(connection.default_channel).declare()


def test_dead_letters_are_their_readers_alone(deployment: Deployment, bus_of: Callable[[str], str]) -> None:
    url = bus_of("assistance")
    refused(url, publish("dead.v1.reporting", "reporting"))
    refused(url, lambda channel: channel.exchange_delete("dead.v1.reporting"))
    cannot_bind(url, "dead.v1.reporting", "reporting")


def test_the_operator_calls_and_neither_listens_nor_answers(
    running: Deployment, bus_of: Callable[[str], str]
) -> None:
    url = bus_of("shell")
    refused(url, publish("membership.events", "MemberJoined"))
    refused(url, publish("nameko-rpc", UNKNOWN))
    refused(url, lambda channel: channel.basic_get("rpc-membership"))
    refused(url, lambda channel: channel.queue_declare("evt-membership-MemberJoined--operator.x"))
    cannot_bind(url, "membership.events", "#")
    cannot_bind(url, "nameko-rpc", "membership.*")


def test_another_system_listens_and_calls_by_queues_of_its_own_only(deployment: Deployment) -> None:
    """nameko names a handler's queue like this."""
    queue = kombu.Queue(
        "evt-membership-MemberJoined--city.count", event_exchange("membership"), routing_key="MemberJoined"
    )
    url = deployment.bus_of_system("city")

    with Connection(url) as connection:
        queue(connection.default_channel).declare()
        assert queue(connection.default_channel).get() is None
        publish("nameko-rpc", "membership.join_member")(connection.default_channel)
    for other in (
        "rpc-membership",
        "replica.v1.membership.reporting",
        "evt-membership-MemberJoined--other.x",
    ):
        refused(url, lambda channel, other=other: channel.queue_declare(other, durable=True))  # type: ignore[misc]
    refused(url, publish("membership.events", "MemberJoined"))
    # To answer in a service's place, or to hear what others ask.
    refused(url, publish("nameko-rpc", UNKNOWN))
    for key in ("membership.*", "#", "*"):
        refused(
            url,
            lambda channel, key=key: channel.queue_bind(queue.name, "nameko-rpc", key),  # type: ignore[misc]
        )


def test_there_is_no_guest_and_no_wrong_password(
    deployment: Deployment, bus_of: Callable[[str], str]
) -> None:
    for stranger in ("guest:guest", "membership:wrong", "membership:"):
        url = f"amqp://{stranger}@{bus_of('membership').rpartition('@')[2]}"
        with pytest.raises(AccessRefused), kombu.Connection(url, connect_timeout=4) as connection:
            connection.connect()


def test_a_broker_that_lost_everything_has_its_users_and_rights_again_and_the_suite_goes_on(
    running: Deployment, bus_of: Callable[[str], str]
) -> None:
    """Source: faults.md S-10; users and rights come from the definitions at each start."""
    ctl = running.broker.ctl
    told = ("list_permissions", "--vhost", "gonghui"), ("list_topic_permissions", "--vhost", "gonghui")
    before = [sorted(ctl(*each).splitlines()) for each in told]

    running.broker.reset()

    assert [sorted(ctl(*each).splitlines()) for each in told] == before
    users = [
        each["user"] for each in json.loads((DEPLOY / "rabbitmq-definitions.json").read_text())["permissions"]
    ]
    assert len(before[0]) == len(users) + 1 + 1  # a heading, and the other system
    refused(bus_of("membership"), publish("reporting.events", "MemberJoined"))
    await_true(running.is_healthy, HEALTHY_SECONDS_MAX)
