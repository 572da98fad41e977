"""Servers of these tests alone, made by the very files that the composition mounts into its servers."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from nameko.standalone.rpc import ClusterRpcProxy
from sqlalchemy.engine import make_url

from shared.runtime.access import ROLES
from shared.runtime.settings import read_settings
from shared.runtime.signing_keys import read_signing_key
from shared.runtime.tokens import Grant, sign
from tests.deployment.composition import DEPLOY, SERVICES, Deployment
from tests.runtime.suite import await_true
from tests.servers.postgresql import PostgreSQL
from tests.servers.process import free_port, spawn
from tests.servers.rabbitmq import RabbitMQ

START_SECONDS_MAX = 120


@pytest.fixture(scope="package")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Secrets, databases with their roles, and a broker with the services' users and rights."""
    folder = tmp_path_factory.mktemp("deployment")
    folder.chmod(0o755)
    postgresql, broker = PostgreSQL(), RabbitMQ()
    made = Deployment(folder, postgresql, broker)
    made.make_secrets()
    made.make_secrets("--system", "city")
    _define(made, broker)
    postgresql.start()
    broker.start()
    subprocess.run(
        [DEPLOY / "postgresql-init.sh"],
        env=os.environ
        | {"SECRETS": str(made.secrets), "PGHOST": "127.0.0.1", "PGPORT": str(postgresql.port)},
        check=True,
        timeout=60,
    )
    yield made
    broker.close()
    postgresql.close()


@pytest.fixture(scope="package")
def migrated(deployment: Deployment) -> Deployment:
    """Every service's store, prepared as the composition does before it runs the service."""
    for name in SERVICES:
        done = deployment.run(f"migrate-{name}")
        assert done.returncode == 0, done.stdout + done.stderr
    return deployment


@pytest.fixture(scope="package")
def running(migrated: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """All four services, each by its own command and found healthy by its own check."""
    folder: Path = tmp_path_factory.mktemp("running")
    processes, probes = [], []
    for name in SERVICES:
        port = free_port()
        environment = migrated.environment(name, **{f"GONGHUI_{name.upper()}_HEALTH_PORT": str(port)})
        processes.append(spawn(migrated.command(name), log=folder / f"{name}.log", environment=environment))
        probes.append(migrated.probe(name, port))
    migrated.probes = probes
    try:
        await_true(migrated.is_healthy, START_SECONDS_MAX)
    except AssertionError as late:
        raise AssertionError("\n".join(log.read_text() for log in folder.iterdir())) from late
    yield migrated
    for process in processes:
        process.terminate()
    assert [process.wait(timeout=30) for process in processes] == [0] * len(SERVICES)


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


@pytest.fixture
def calling(running: Deployment, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Calls as another system makes them, with the rights of such a one."""

    def of(person_id: str, *roles: str) -> Any:
        token = token_of(running, monkeypatch, person_id, *roles)
        broker = {"AMQP_URI": running.bus_of_system("city")}
        return ClusterRpcProxy(broker, context_data={"auth_token": token}, timeout=20)

    return of


def token_of(deployment: Deployment, monkeypatch: pytest.MonkeyPatch, person_id: str, *roles: str) -> str:
    """What staffing would sign for a person with these roles, or with all."""
    for key, value in deployment.environment("staffing").items():
        if key.startswith("GONGHUI_"):
            monkeypatch.setenv(key, value)
    staffing = read_settings("staffing")
    grants = [Grant(role, None) for role in roles or sorted(ROLES)]
    return sign(staffing, read_signing_key(staffing), person_id=person_id, grants=grants)


def _define(made: Deployment, broker: RabbitMQ) -> None:
    """Have the broker start with the definitions and the configuration that the composition gives it."""
    definitions = broker.folder / "definitions"
    places = {
        "SECRETS": str(made.secrets),
        "SYSTEMS": str(made.secrets / "systems"),
        "DEFINITIONS": str(DEPLOY / "rabbitmq-definitions.json"),
        "SYSTEM_DEFINITIONS": str(DEPLOY / "rabbitmq-system.json"),
        "RENDERED": str(definitions),
    }
    subprocess.run([DEPLOY / "rabbitmq-start.sh", "true"], env=os.environ | places, check=True, timeout=60)
    ours = (DEPLOY / "rabbitmq.conf").read_text().replace("/tmp/gonghui-definitions", str(definitions))
    configuration = broker.folder / "rabbitmq.conf"
    of_this_machine = [
        line for line in configuration.read_text().splitlines() if not line.startswith("load_definitions")
    ]
    # The tests' own limits fit this machine.
    theirs = [line for line in ours.splitlines() if not line.startswith(("#", "vm_memory", "disk_free"))]
    configuration.write_text("\n".join([*of_this_machine, *theirs, ""]))
