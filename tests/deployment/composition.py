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
        self.broker = rabbitmq
        self._places = {
            "/run/secrets": str(self.secrets),
            "/run/public_keys": str(self.secrets / "public_keys"),
            "@postgresql/": f"@127.0.0.1:{postgresql.port}/",
            "@rabbitmq/": f"@127.0.0.1:{rabbitmq.port}/",
            "0.0.0.0": "127.0.0.1",
        }

    def environment(self, name: str, **others: str) -> dict[str, str]:
        """The variables of one of the file's services, those of this machine's tests kept out."""
        given: Mapping[str, str] = composition()["services"][name]["environment"]
        ours = {key: value for key, value in os.environ.items() if not key.startswith("GONGHUI_")}
        return ours | {key: self._here(str(value)) for key, value in given.items()} | others

    def command(self, name: str) -> list[str]:
        """What the file has one of its services execute."""
        program, *arguments = composition()["services"][name]["command"]
        return [str(Path(sys.executable).with_name(program)), *arguments]

    def run(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Execute a service that ends by itself, or other words of its program where a service runs."""
        program, *own = self.command(name)
        return subprocess.run(
            [program, *(arguments or own)],
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
