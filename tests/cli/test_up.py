"""``gonghui up`` holds its folder alone, listens for its owner only, takes over what a killed one left."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from shared.cli.main import app
from shared.runtime.door import SOCKET_FILE
from shared.runtime.finding import service_names
from tests.runtime.process import START_SECONDS_MAX, Process, readiness
from tests.runtime.suite import await_true
from tests.servers.process import free_port

ROOT = Path(__file__).resolve().parents[2]
HEARING_CTRL_C = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
"""A process that a shell has in its background, and all that it starts, is deaf to it otherwise."""


def started(folder: Path) -> Process:
    """All services in a process of their own, ready."""
    port = free_port()
    process = Process(folder, "together", *service_names(), GONGHUI_SUITE_HEALTH_PORT=str(port))
    await_true(lambda: readiness(port) == (200, []), START_SECONDS_MAX)
    return process


def test_a_second_one_is_told_so_and_a_killed_one_is_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("GONGHUI_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GONGHUI_FOLDER", str(tmp_path))
    first = started(tmp_path)
    try:
        mode = (tmp_path / SOCKET_FILE).stat().st_mode & 0o777
        second = CliRunner().invoke(app, ["up"])
        running = CliRunner().invoke(app, ["status", "--json"])
    finally:
        first.kill()
    left = (tmp_path / SOCKET_FILE).exists()
    dead = CliRunner().invoke(app, ["status", "--json"])
    call = CliRunner().invoke(app, ["call", "membership.log_head"])
    third = started(tmp_path)
    try:
        again = CliRunner().invoke(app, ["status", "--json"])
        refused = said_at(tmp_path / SOCKET_FILE, b'{"service": "membership", "method": "__init__"}\n')
    finally:
        code, _ = third.stop()
        third.kill()

    assert mode == 0o600
    assert second.exit_code == 2
    assert str(tmp_path) in second.stderr
    assert running.exit_code in (0, 1), running.output
    assert all(each["running"] for each in json.loads(running.stdout)["services"])
    assert left
    assert dead.exit_code == 1
    assert all(each["reasons"] == ["not_running"] for each in json.loads(dead.stdout)["services"])
    assert call.exit_code == 2
    assert "gonghui up" in call.stderr
    assert again.exit_code in (0, 1), again.output
    assert refused["refused"]["code"] == "call.malformed"
    assert code == 0, third.log.read_text()
    assert not (tmp_path / SOCKET_FILE).exists()


def said_at(door: Path, line: bytes) -> dict[str, dict[str, str]]:
    """What is answered to a line at the door."""
    with socket.socket(socket.AF_UNIX) as speaker:
        speaker.connect(os.path.relpath(door))
        speaker.sendall(line)
        with speaker.makefile("rb") as answers:
            told: dict[str, dict[str, str]] = json.loads(answers.readline())
            return told


def test_ctrl_c_ends_it_without_a_traceback_while_it_still_imports(tmp_path: Path) -> None:
    command = f"{HEARING_CTRL_C}; from shared.cli.main import main; main()"
    # Measured, a process imports coverage before all of ours, and swallows a KeyboardInterrupt meanwhile.
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    process = subprocess.Popen(
        [sys.executable, "-c", command, "up"],
        cwd=ROOT,
        env={**unmeasured, "GONGHUI_FOLDER": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    itself = Path(f"/proc/{process.pid}")
    await_true(lambda: "shared.runtime.start" in (itself / "cmdline").read_text(), 30)
    await_true(lambda: "greenlet" in (itself / "maps").read_text(), 30)  # it imports
    process.send_signal(signal.SIGINT)
    try:
        _, errors = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()

    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("words", "variable"),
    [
        (["up"], "GONGHUI_SUITE_HEALTH_PORT"),
        (["run", "membership"], "GONGHUI_MEMBERSHIP_RPC_WORKERS"),
        (["run", "membership", "--restored"], "GONGHUI_GRACE_SECONDS"),
    ],
)
def test_wrong_settings_are_told_in_a_sentence_before_anything_starts(
    words: list[str], variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GONGHUI_FOLDER", str(tmp_path))
    monkeypatch.setenv(variable, "abc")
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 2
    assert variable in done.stderr
    assert list(tmp_path.iterdir()) == []
