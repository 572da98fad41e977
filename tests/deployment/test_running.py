"""The composition's own commands, rights and settings let a member join and be counted, and no more."""

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import kombu
import psycopg
import pytest
from amqp.exceptions import AccessRefused
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from kombu import Connection
from nameko.standalone.rpc import ClusterRpcProxy
from psycopg import errors
from sqlalchemy.engine import make_url

from shared.bus.connecting import event_exchange
from shared.runtime.access import ROLES
from shared.runtime.probe import ready
from shared.runtime.settings import read_settings
from shared.runtime.signing_keys import PublicKey, PublicKeys, key_id_of, read_signing_key
from shared.runtime.tokens import Grant, sign
from tests.deployment.composition import DEPLOY, SERVICES, Deployment
from tests.runtime.suite import await_true, person_given
from tests.servers.process import free_port, spawn

START_SECONDS_MAX = 60


@pytest.fixture(scope="module")
def migrated(deployment: Deployment) -> Deployment:
    """Every service's store, prepared as the composition does before it runs the service."""
    for name in SERVICES:
        done = deployment.run(f"migrate-{name}")
        assert done.returncode == 0, done.stdout + done.stderr
    return deployment


@pytest.fixture(scope="module")
def running(migrated: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Membership and reporting, each by its own command."""
    folder: Path = tmp_path_factory.mktemp("running")
    processes = []
    ports = []
    for name in ("membership", "reporting"):
        port = free_port()
        environment = migrated.environment(name, **{f"GONGHUI_{name.upper()}_HEALTH_PORT": str(port)})
        processes.append(spawn(migrated.command(name), log=folder / f"{name}.log", environment=environment))
        ports += [str(port), str(port + 1)]
    try:
        await_true(lambda: ready(ports), START_SECONDS_MAX)
    except AssertionError as late:
        raise AssertionError("\n".join(log.read_text() for log in folder.iterdir())) from late
    yield migrated
    for process in processes:
        process.terminate()
    assert [process.wait(timeout=30) for process in processes] == [0, 0]


def url_of(deployment: Deployment, name: str, monkeypatch: pytest.MonkeyPatch, variable: str) -> str:
    """An address with its password, as the service itself puts it together."""
    for key, value in deployment.environment(name).items():
        if key.startswith("GONGHUI_"):
            monkeypatch.setenv(key, value)
    return str(getattr(read_settings(name.removeprefix("migrate-")), variable))


@pytest.fixture
def bus_of(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    return lambda name: url_of(deployment, name, monkeypatch, "bus_url")


@pytest.fixture
def database_of(migrated: Deployment, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    def connect(name: str, database: str | None = None) -> Any:
        url = make_url(url_of(migrated, name, monkeypatch, "database_url"))
        return psycopg.connect(
            host=url.host,
            port=url.port,
            user=url.username,
            password=url.password,
            dbname=database or url.database,
            autocommit=True,
        )

    return connect


def token_of_wang(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> str:
    """What staffing, which does not run here, would sign for somebody who may do everything."""
    for key, value in deployment.environment("staffing").items():
        if key.startswith("GONGHUI_"):
            monkeypatch.setenv(key, value)
    staffing = read_settings("staffing")
    grants = [Grant(role, None) for role in sorted(ROLES)]
    return sign(staffing, read_signing_key(staffing), person_id="wang", grants=grants)


def test_a_member_who_joins_is_counted(
    running: Deployment, bus_of: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bus_url = bus_of("membership")
    with ClusterRpcProxy(
        {"AMQP_URI": bus_url}, context_data={"auth_token": token_of_wang(running, monkeypatch)}, timeout=10
    ) as caller:
        federation = {"organisation_id": "federation-1", "kind": "federation", "level": 4}
        union = {"organisation_id": "union-1", "kind": "basic_union", "level": 7, "parent_id": "federation-1"}
        for given in (federation, union):
            caller.membership.found_organisation(
                **given, name="永定机械厂工会", founded_on="2001-01-01", basis="批复1号"
            )
        caller.membership.set_parameter(
            key="member.joining_age_years",
            value=16,
            unit="years",
            region="CN",
            effective_from="1995-01-01",
            document_no="劳动法第十五条",
            sureness="sample",
        )
        someone = person_given(1)
        caller.membership.join_member(
            identity_number=someone["identity_number"],
            name=someone["name"],
            organisation_id="union-1",
            mobile="13800138000",
            employment_status="on_post",
            occupation_group="none",
            migrant_worker=False,
            consent_version="1",
            joined_on="2016-01-01",
        )
        deadline = time.monotonic() + 20
        while "'members': 1" not in str(caller.reporting.member_count()):
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_preparing_a_store_again_after_its_service_ran_changes_nothing(running: Deployment) -> None:
    for name in ("membership", "reporting"):
        done = running.run(f"migrate-{name}")
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_first_administrator_is_made_where_staffing_runs(running: Deployment) -> None:
    done = running.run("staffing", "bootstrap", "wang", "--person-id", "person-1", "--generate")
    assert done.returncode == 0, done.stdout + done.stderr


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
    def bind(channel: Any) -> None:
        channel.queue_declare("rpc.reply-spy", exclusive=True)
        channel.queue_bind("rpc.reply-spy", "nameko-rpc", key)

    refused(bus_of("assistance"), bind)


def test_another_system_listens_with_rights_over_its_own_queues_only(deployment: Deployment) -> None:
    """The patterns are those of deploy/README.md; nameko names a handler's queue like this."""
    ctl = deployment.broker.ctl
    ctl("add_user", "city", "city")
    patterns = re.findall(r"^    (\^\S+)$", (DEPLOY / "README.md").read_text(), re.MULTILINE)
    ctl("set_permissions", "--vhost", "gonghui", "city", *(each.replace("NAME", "city") for each in patterns))
    queue = kombu.Queue(
        "evt-membership-MemberJoined--city.count", event_exchange("membership"), routing_key="MemberJoined"
    )
    url = f"amqp://city:city@127.0.0.1:{deployment.broker.port}/gonghui"

    with Connection(url) as connection:
        queue(connection.default_channel).declare()
        assert queue(connection.default_channel).get() is None
    for other in (
        "rpc-membership",
        "replica.v1.membership.reporting",
        "evt-membership-MemberJoined--other.x",
    ):
        refused(url, lambda channel, other=other: channel.queue_declare(other, durable=True))  # type: ignore[misc]
    refused(url, publish("membership.events", "MemberJoined"))
    refused(url, publish("nameko-rpc", "membership.join_member"))


def test_there_is_no_guest_and_no_wrong_password(
    deployment: Deployment, bus_of: Callable[[str], str]
) -> None:
    for stranger in ("guest:guest", "membership:wrong", "membership:"):
        url = f"amqp://{stranger}@{bus_of('membership').rpartition('@')[2]}"
        with pytest.raises(AccessRefused), kombu.Connection(url, connect_timeout=4) as connection:
            connection.connect()


def test_the_public_half_of_each_signing_key_is_found_by_its_id(deployment: Deployment) -> None:
    keys = PublicKeys(deployment.secrets / "public_keys")
    for name in SERVICES:
        private = load_pem_private_key((deployment.secrets / f"{name}_signing_key").read_bytes(), None)
        assert isinstance(private, Ed25519PrivateKey)
        assert keys.find(key_id_of(private.public_key())) == PublicKey(name, private.public_key())


def test_secrets_are_made_once_and_read_by_nobody_outside(deployment: Deployment) -> None:
    before = {path.name: path.read_bytes() for path in deployment.secrets.iterdir() if path.is_file()}
    subprocess.run([DEPLOY / "make-secrets.sh", deployment.secrets], check=True)

    assert {path.name: path.read_bytes() for path in deployment.secrets.iterdir() if path.is_file()} == before
    assert deployment.secrets.stat().st_mode & 0o077 == 0
