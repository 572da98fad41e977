"""What docker-compose.yml says is accepted, names no secret and no registry, and treats services alike."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from shared.log.store import WRITERS_MOST
from shared.runtime.opening import CONNECTIONS
from shared.runtime.process_settings import ProcessSettings
from tests.architecture.tree import ROOT
from tests.deployment.composition import COMPOSITION, DEPLOY, SERVICES, composition

LOCKS = [ROOT / "requirements.lock", DEPLOY / "requirements.lock", ROOT / "bench/peer/requirements.lock"]
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
    for name in SERVICES:
        assert not {"container_name", "ports"} & composition()["services"][name].keys(), name


def test_only_the_broker_is_reached_from_outside_and_by_default_from_this_machine_alone() -> None:
    ports = {name: each["ports"] for name, each in composition()["services"].items() if "ports" in each}
    assert ports == {"rabbitmq": ["${GONGHUI_BROKER_ADDRESS:-127.0.0.1}:5672:5672"]}


def test_what_is_written_lies_in_memory_or_in_a_volume() -> None:
    """The root of a container is read-only."""
    image = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    for name in (*SERVICES, "shell"):
        service = composition()["services"][name]
        kept = [each.split(":")[1] for each in service["volumes"] if not each.startswith(".")]
        assert (service["read_only"], service["tmpfs"]) == (True, ["/tmp"])
        assert service["environment"]["GONGHUI_FOLDER"].startswith("/tmp/")
        files = service["environment"].get(f"GONGHUI_{name.upper()}_FILES")
        assert kept == ([files] if files else [])
        for each in kept:
            # A fresh volume takes owner and rights of the image's folder at its place.
            assert f"install --directory --owner 10001 --group 10001 --mode 700 {each}\n" in image


def test_the_bank_s_files_are_kept_for_all_instances() -> None:
    assert "bank" in composition()["volumes"]
    assert "bank:/var/lib/gonghui" in composition()["services"]["assistance"]["volumes"]


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


def test_services_differ_in_nothing_but_their_names_and_the_bank_s_files() -> None:
    def neutral(name: str) -> str:
        services = [composition()["services"][each] for each in (name, f"migrate-{name}")]
        services[0]["environment"].pop("GONGHUI_ASSISTANCE_FILES", None)
        services[0]["volumes"] = [each for each in services[0]["volumes"] if not each.startswith("bank:")]
        service = json.dumps(services)
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


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_lock_names_no_place_from_which_packages_come(lock: Path) -> None:
    """Neither an address nor an option of the installer: the reader's own settings decide."""
    lines = lock.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if "://" in line or line.startswith("-")] == []


def test_no_dependency_may_become_another_major_version_by_itself() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
    asked += [each for extra in project["project"]["optional-dependencies"].values() for each in extra]
    assert [each for each in asked if "<" not in each and "==" not in each] == []


def test_the_image_runs_as_nobody_in_particular() -> None:
    assert "USER 10001:10001" in (ROOT / "Dockerfile").read_text()


def test_the_patterns_of_all_services_are_the_same_but_for_their_names() -> None:
    definitions = json.loads((DEPLOY / "rabbitmq-definitions.json").read_text())
    for kind in ("permissions", "topic_permissions"):
        users = {each["user"]: each for each in definitions[kind]}
        assert sorted(users) == sorted([*SERVICES, "operator"])
        told = {
            re.sub(r"\([a-z|]+\)\\\\.events", "READ", json.dumps(users[name])).replace(name, "name")
            for name in SERVICES
        }
        assert len(told) == 1
