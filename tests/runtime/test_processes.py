"""Processes wait for what is not there, say so, are started again when they die, and stop when told to."""

import errno
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from services.membership.aggregates import language
from shared.log.migrations import migrate
from shared.log.store import Store
from shared.runtime import start, supervisor
from shared.runtime.opening import make_master_key, prepare
from shared.runtime.settings import embedded_settings
from shared.runtime.signing_keys import make_signing_key
from shared.runtime.stopping import Stop
from tests.runtime.process import START_SECONDS_MAX, Process, readiness
from tests.runtime.suite import await_true, calling, person_given
from tests.servers.postgresql import PostgreSQL
from tests.servers.process import free_port
from tests.servers.rabbitmq import RabbitMQ

STOP_SECONDS_MAX = 10


@pytest.fixture
def processes() -> Iterator[list[Process]]:
    """Processes put here are ended with the test."""
    started: list[Process] = []
    yield started
    for process in started:
        process.kill()


def test_processes_started_before_database_and_broker_wait_and_become_ready(
    rabbitmq: RabbitMQ, processes: list[Process], tmp_path: Path
) -> None:
    rabbitmq.stop()
    postgresql = PostgreSQL()
    url = f"postgresql+psycopg://late_owner:late_owner@127.0.0.1:{postgresql.port}/late"
    settings = replace(embedded_settings("membership", tmp_path), database_url=url)
    make_master_key(settings.master_key_file)
    make_signing_key(settings)
    ports = {"interface": (port := free_port()), "worker": port + 1}
    processes += [
        Process(
            tmp_path,
            kind,
            "membership",
            GONGHUI_BUS_URL=rabbitmq.url("membership"),
            GONGHUI_MEMBERSHIP_DATABASE_URL=url,
            GONGHUI_MEMBERSHIP_HEALTH_PORT=str(port),
        )
        for kind in ports
    ]

    def await_readiness(status: int, reason: str | None = None) -> None:
        for each in ports.values():
            await_true(
                lambda each=each: (
                    (found := readiness(each))[0] == status  # type: ignore[misc]
                    and (reason is None or found[1] == [reason])
                ),
                START_SECONDS_MAX,
            )

    await_readiness(503, "database.unreachable")
    postgresql.start()
    postgresql.create_database("late")
    await_readiness(503, "database.not_migrated")
    store = Store(url)
    migrate(store)
    store.close()
    await_readiness(503, "database.not_founded")
    prepare(settings, language)
    await_readiness(503, "broker.unreachable")
    postgresql.stop()
    await_readiness(503, "database.unreachable")
    rabbitmq.start()
    postgresql.start()
    await_readiness(200)

    with calling(rabbitmq.url("membership"), tmp_path) as proxy:
        assert proxy.membership.register_person(**person_given(1))["position"] == 2
    for process in processes:
        code, seconds = process.stop()
        assert code == 0, process.log.read_text()
        assert seconds < STOP_SECONDS_MAX
    postgresql.close()


def test_all_services_together_wait_for_a_database_that_is_away(
    processes: list[Process], tmp_path: Path
) -> None:
    postgresql, port = PostgreSQL(), free_port()
    url = f"postgresql+psycopg://late_owner:late_owner@127.0.0.1:{postgresql.port}/late"
    settings = replace(embedded_settings("membership", tmp_path), database_url=url)
    make_master_key(settings.master_key_file)
    make_signing_key(settings)
    environment = {"GONGHUI_MEMBERSHIP_DATABASE_URL": url, "GONGHUI_SUITE_HEALTH_PORT": str(port)}
    processes.append(Process(tmp_path, "together", "membership", **environment))

    await_true(lambda: readiness(port) == (503, ["database.unreachable"]), START_SECONDS_MAX)
    postgresql.start()
    postgresql.create_database("late")
    prepare(settings, language)
    await_true(lambda: readiness(port) == (200, []), START_SECONDS_MAX)

    assert processes[-1].stop()[0] == 0, processes[-1].log.read_text()
    postgresql.close()


def test_processes_stop_when_told_to_while_the_broker_is_away(
    rabbitmq: RabbitMQ, processes: list[Process], tmp_path: Path
) -> None:
    prepare(embedded_settings("membership", tmp_path), language)
    environment = {
        "GONGHUI_BUS_URL": rabbitmq.url("membership"),
        "GONGHUI_MEMBERSHIP_HEALTH_PORT": str(port := free_port()),
    }
    processes += [Process(tmp_path, kind, "membership", **environment) for kind in ("interface", "worker")]
    for each in (port, port + 1):
        await_true(lambda each=each: readiness(each) == (200, []), START_SECONDS_MAX)  # type: ignore[misc]

    rabbitmq.kill()
    for each in (port, port + 1):
        await_true(lambda each=each: readiness(each)[0] == 503, START_SECONDS_MAX)  # type: ignore[misc]
    stopped = [process.stop() for process in processes]
    rabbitmq.start()

    assert [code for code, _ in stopped] == [0, 0], processes[0].log.read_text()
    assert all(seconds < STOP_SECONDS_MAX for _, seconds in stopped)


def test_a_killed_child_is_started_again_and_all_stop_with_their_supervisor(
    rabbitmq: RabbitMQ, processes: list[Process], tmp_path: Path
) -> None:
    prepare(embedded_settings("membership", tmp_path), language)
    port = free_port()
    supervisor = Process(
        tmp_path,
        "supervise",
        "membership",
        GONGHUI_BUS_URL=rabbitmq.url("membership"),
        GONGHUI_MEMBERSHIP_HEALTH_PORT=str(port),
    )
    processes.append(supervisor)

    def both_are_ready() -> bool:
        return readiness(port) == readiness(port + 1) == (200, [])

    await_true(both_are_ready, START_SECONDS_MAX)
    before = supervisor.children()
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    await_true(lambda: len(supervisor.children().keys() & before.keys()) == 2, START_SECONDS_MAX)
    await_true(both_are_ready, START_SECONDS_MAX)

    after = supervisor.children()
    assert not set(before.values()) & set(after.values())
    code, seconds = supervisor.stop()
    assert code == 0, supervisor.log.read_text()
    assert seconds < STOP_SECONDS_MAX
    assert not any(Path(f"/proc/{pid}").exists() for pid in after.values())


def test_a_process_ends_when_the_supervisor_that_started_it_is_gone(
    processes: list[Process], tmp_path: Path
) -> None:
    prepare(embedded_settings("membership", tmp_path), language)
    elsewhere = "amqp://127.0.0.1:1/"

    processes.append(
        Process(tmp_path, "worker", "membership", GONGHUI_BUS_URL=elsewhere, GONGHUI_SUPERVISOR="1")
    )

    assert processes[-1].wait() == 0


def test_wrong_settings_end_a_process_at_once_and_never_with_zero(
    processes: list[Process], tmp_path: Path
) -> None:
    processes.append(Process(tmp_path, "interface", "membership", GONGHUI_BUS_URL="amqp://"))
    assert processes[-1].wait() != 0
    assert "GONGHUI_BUS_URL" in processes[-1].log.read_text()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("GONGHUI_GRACE_SECONDS", "abc"),
        ("GONGHUI_MEMBERSHIP_GRACE_SECONDS", "0"),
        ("GONGHUI_RPC_WORKERS", "0"),
        ("GONGHUI_BUS_URL", "amqp://"),
        ("GONGHUI_HEALTH_HOST", "203.0.113.7"),
    ],
)
def test_a_supervisor_starts_no_process_again_that_is_set_wrongly(
    variable: str, value: str, processes: list[Process], tmp_path: Path
) -> None:
    given = {"GONGHUI_BUS_URL": "amqp://127.0.0.1:1/", "GONGHUI_MEMBERSHIP_HEALTH_PORT": str(free_port())}
    processes.append(Process(tmp_path, "supervise", "membership", **given | {variable: value}))

    assert processes[-1].wait() == 2
    said = processes[-1].log.read_text()
    assert f"{variable}: " in said
    assert "Traceback" not in said
    assert "started again" not in said


def test_a_supervisor_outlives_a_machine_that_starts_no_process_for_a_while(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(supervisor, "RESTART_SECONDS_MIN", 0.0)

    def refuse(*_: object, **__: object) -> None:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    child = supervisor.Child("worker of membership", ["true"])
    with monkeypatch.context() as full:
        full.setattr(subprocess, "Popen", refuse)
        child.look()
    assert "worker of membership cannot be started: Resource temporarily unavailable" in caplog.text

    child.look()
    assert child.process is not None
    assert child.stopped(5)


def test_a_side_port_that_is_taken_is_named_and_tried_again_by_a_supervisor(
    processes: list[Process], tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        processes.append(
            Process(tmp_path, "interface", "membership", GONGHUI_MEMBERSHIP_HEALTH_PORT=str(port))
        )
        assert processes[-1].wait() == 1
    assert f"_HEALTH_PORT: 端口{port}" in processes[-1].log.read_text()


def test_a_supervisor_waits_as_long_as_its_own_service_may_take(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    def supervise(commands: object, stop: object, grace_seconds: float) -> int:
        waited.append(grace_seconds)
        return 0

    monkeypatch.setattr(supervisor, "supervise", supervise)
    monkeypatch.setenv("GONGHUI_GRACE_SECONDS", "20")
    monkeypatch.setenv("GONGHUI_MEMBERSHIP_GRACE_SECONDS", "90")

    for names in (["membership"], ["staffing"], ["membership", "staffing"]):
        assert start.supervise_all(names, Stop()) == 0
    assert [each - start.GRACE_MORE_SECONDS for each in waited] == [90, 20, 90]


def test_all_services_together_hold_their_folder_and_stop_cleanly(
    processes: list[Process], tmp_path: Path
) -> None:
    port = free_port()
    names = ("membership", "assistance", "staffing", "reporting")
    first = Process(tmp_path, "together", *names, GONGHUI_SUITE_HEALTH_PORT=str(port))
    processes.append(first)
    await_true(lambda: readiness(port) == (200, []), START_SECONDS_MAX)

    second = Process(tmp_path, "together", *names)
    processes.append(second)

    assert second.wait() != 0
    assert "gonghui.lock" in second.log.read_text()
    assert resident_megabytes(first.pid) < 200
    os.kill(first.pid, signal.SIGINT)
    assert first.wait() == 0
    assert all((tmp_path / f"{name}.sqlite").stat().st_mode & 0o077 == 0 for name in names)


def resident_megabytes(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1_024
