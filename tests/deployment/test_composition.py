"""What docker-compose.yml says is accepted, names no secret and no registry, and treats services alike."""

import json
import re
import subprocess

import pytest

from shared.log.store import WRITERS_MOST
from shared.runtime.opening import CONNECTIONS
from shared.runtime.process_settings import ProcessSettings
from tests.architecture.tree import ROOT
from tests.deployment.composition import COMPOSITION, DEPLOY, SERVICES, composition

WRITTEN = [COMPOSITION, ROOT / "Dockerfile", *sorted(each for each in DEPLOY.iterdir() if each.is_file())]


def test_docker_compose_accepts_the_file() -> None:
    done = subprocess.run(
        ["docker-compose", "-f", str(COMPOSITION), "config", "--quiet"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_every_service_is_prepared_once_and_then_run_by_its_own_command() -> None:
    services = composition()["services"]
    for name in SERVICES:
        assert services[name]["command"] == ["gonghui", "run", name]
        assert services[f"migrate-{name}"]["command"] == ["gonghui", "migrate", name, "--role", name]
        assert services[name]["depends_on"] == {
            f"migrate-{name}": {"condition": "service_completed_successfully"},
            "rabbitmq": {"condition": "service_healthy"},
        }


def test_nothing_keeps_a_service_from_running_several_times() -> None:
    for name, service in composition()["services"].items():
        assert not {"container_name", "ports"} & service.keys(), name


def test_the_database_takes_all_connections_of_all_services_and_of_two_more_instances() -> None:
    process = ProcessSettings()
    of_an_instance = process.connections + WRITERS_MOST + CONNECTIONS + WRITERS_MOST
    words = composition()["services"]["postgresql"]["command"]
    (connections_max,) = re.findall(r"max_connections=(\d+)", " ".join(words))

    assert int(connections_max) >= of_an_instance * (len(SERVICES) + 2) + CONNECTIONS
    # Nothing in the file asks for more than the defaults that were counted.
    assert "RPC_WORKERS:" not in COMPOSITION.read_text(encoding="utf-8")


def test_a_service_is_handed_its_own_secrets_only() -> None:
    for name in SERVICES:
        for each in (name, f"migrate-{name}"):
            service = composition()["services"][each]
            assert all(secret.startswith(f"{name}_") for secret in service["secrets"])
        # Who owns the schema could take the triggers off the log: the running service is not that role.
        assert f"{name}_owner_password" not in composition()["services"][name]["secrets"]


def test_services_differ_in_nothing_but_their_names() -> None:
    def neutral(name: str) -> str:
        service = json.dumps([composition()["services"][each] for each in (name, f"migrate-{name}")])
        return service.replace(name.upper(), "NAME").replace(name, "name")

    assert len({neutral(name) for name in SERVICES}) == 1


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_no_password_and_no_registry_address_stands_in_what_is_deployed(path: object) -> None:
    text = path.read_text(encoding="utf-8")  # type: ignore[attr-defined]
    addresses = [
        each
        for each in re.findall(r"[a-z+]+://[^\s\"']+", text)
        if not each.startswith(("amqp://", "postgresql+psycopg://"))
    ]
    assert addresses == []
    assert re.findall(r"://[^\s/@]+:[^\s/@]+@", text) == []


def test_the_image_installs_what_the_tests_ran_with() -> None:
    """A lock without the tools of tests, with the same versions."""
    pinned = re.compile(r"^([a-z0-9._-]+(?:\[[a-z]+\])?==\S+)", re.MULTILINE)
    everything = set(pinned.findall((ROOT / "requirements.lock").read_text()))
    running = set(pinned.findall((DEPLOY / "requirements.lock").read_text()))
    assert running < everything
    assert not [each for each in running if each.startswith(("pytest", "mypy", "ruff", "hypothesis"))]


def test_the_image_runs_as_nobody_in_particular() -> None:
    assert "USER 10001:10001" in (ROOT / "Dockerfile").read_text()


def test_the_patterns_of_all_services_are_the_same_but_for_their_names() -> None:
    definitions = json.loads((DEPLOY / "rabbitmq-definitions.json").read_text())
    events = f"({'|'.join(each['user'] for each in definitions['permissions'])})\\\\.events"
    for kind in ("permissions", "topic_permissions"):
        told = {
            json.dumps(each).replace(events, "EVENTS").replace(each["user"], "name")
            for each in definitions[kind]
        }
        assert len(told) == 1
        assert sorted(each["user"] for each in definitions[kind]) == SERVICES
