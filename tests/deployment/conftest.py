"""Servers of these tests alone, made by the very files that the composition mounts into its servers."""

import os
import subprocess
from collections.abc import Iterator

import pytest

from tests.deployment.composition import DEPLOY, Deployment
from tests.servers.postgresql import PostgreSQL
from tests.servers.rabbitmq import RabbitMQ


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Secrets, databases with their roles, and a broker with the services' users and rights."""
    folder = tmp_path_factory.mktemp("deployment")
    folder.chmod(0o755)
    postgresql, broker = PostgreSQL(), RabbitMQ()
    made = Deployment(folder, postgresql, broker)
    subprocess.run([DEPLOY / "make-secrets.sh", made.secrets], check=True)
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


def _define(made: Deployment, broker: RabbitMQ) -> None:
    """Have the broker start with the definitions and the configuration that the composition gives it."""
    definitions = broker.folder / "definitions.json"
    places = {
        "SECRETS": str(made.secrets),
        "DEFINITIONS": str(DEPLOY / "rabbitmq-definitions.json"),
        "RENDERED": str(definitions),
    }
    subprocess.run([DEPLOY / "rabbitmq-start.sh", "true"], env=os.environ | places, check=True, timeout=60)
    ours = (DEPLOY / "rabbitmq.conf").read_text().replace("/tmp/gonghui-definitions.json", str(definitions))
    with (broker.folder / "rabbitmq.conf").open("a") as configuration:
        configuration.writelines(
            line + "\n"
            for line in ours.splitlines()
            # The tests' own limits fit this machine.
            if not line.startswith(("#", "vm_memory", "disk_free", "load_definitions"))
        )
