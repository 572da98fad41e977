"""docker-compose.yml as data, and its commands and settings as they run on this machine's private servers."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from shared.runtime.finding import service_names
from tests.architecture.tree import ROOT
from tests.servers.postgresql import PostgreSQL
from tests.servers.rabbitmq import RabbitMQ

COMPOSITION = ROOT / "docker-compose.yml"
DEPLOY = ROOT / "deploy"
SERVICES = service_names()


def composition() -> dict[str, Any]:
    """The file, with what it refers to put in place."""
    read: dict[str, Any] = yaml.safe_load(COMPOSITION.read_text(encoding="utf-8"))
    return read


class Deployment:
    """The file's programs with its settings; only addresses, the secrets' folder and the port differ.

    Args:
        folder: holds ``secrets`` as ``deploy/make-secrets.sh`` makes them.
    """

    def __init__(self, folder: Path, postgresql: PostgreSQL, rabbitmq: RabbitMQ) -> None:
        self.secrets = folder / "secrets"
        self.files = folder / "files"
        self.broker = rabbitmq
        self.probes: list[list[str]] = []
        self._places = {
            "/run/secrets": str(self.secrets),
            "/run/public_keys": str(self.secrets / "public_keys"),
            "/tmp/gonghui": str(folder / "tmp"),
            "/var/lib/gonghui": str(self.files),
            "@postgresql/": f"@127.0.0.1:{postgresql.port}/",
            "@rabbitmq/": f"@127.0.0.1:{rabbitmq.port}/",
            "0.0.0.0": "127.0.0.1",
        }

    def make_secrets(self, *arguments: str) -> None:
        """Run ``deploy/make-secrets.sh``."""
        environment = os.environ | {"SECRETS": str(self.secrets)}
        subprocess.run([DEPLOY / "make-secrets.sh", *arguments], env=environment, check=True)

    def bus_of_system(self, name: str) -> str:
        """The broker's address for another system, whose user ``make-secrets.sh --system`` has made."""
        password = (self.secrets / "systems" / name).read_text().strip()
        return f"amqp://{name}:{password}@127.0.0.1:{self.broker.port}/gonghui"

    def environment(self, name: str, **others: str) -> dict[str, str]:
        """The variables of one of the file's services, those of this machine's tests kept out."""
        given: Mapping[str, str] = composition()["services"][name]["environment"]
        ours = {key: value for key, value in os.environ.items() if not key.startswith("GONGHUI_")}
        return ours | {key: self._here(str(value)) for key, value in given.items()} | others

    def command(self, name: str) -> list[str]:
        """What the file has one of its services execute."""
        program, *arguments = composition()["services"][name]["command"]
        return [str(Path(sys.executable).with_name(program)), *arguments]

    def probe(self, name: str, port: int) -> list[str]:
        """The file's check of health, with the port at which a service listens on this machine."""
        kind, python, *words = composition()["services"][name]["healthcheck"]["test"]
        assert (kind, python) == ("CMD", "python")
        first = int(composition()["services"][name]["environment"][f"GONGHUI_{name.upper()}_HEALTH_PORT"])
        here = {str(first + each): str(port + each) for each in (0, 1)}
        return [sys.executable, *(here.get(word, word) for word in words)]

    def is_healthy(self) -> bool:
        """Whether every running service is, by its own check."""
        return all(subprocess.run(each, check=False).returncode == 0 for each in self.probes)

    def run(self, name: str, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Execute a service that ends by itself, or other words of the program where a service runs."""
        program = str(Path(sys.executable).with_name("gonghui"))
        return subprocess.run(
            [program, *arguments] if arguments else self.command(name),
            input=typed,
            env=self.environment(name),
            cwd=self.secrets,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def _here(self, value: str) -> str:
        if value.startswith("${"):
            value = value.partition(":-")[2].removesuffix("}")
        for there, here in self._places.items():
            value = value.replace(there, here)
        return value
