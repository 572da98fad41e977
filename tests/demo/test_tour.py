"""The README's tour is walked line by line in a folder that the demonstration has left."""

import json
import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest
from typer.testing import CliRunner

from demo.office import LOGINS
from shared.cli.main import app
from shared.runtime.finding import service_names
from tests.runtime.process import START_SECONDS_MAX, Process, readiness
from tests.runtime.suite import await_true
from tests.servers.process import free_port

ROOT = Path(__file__).resolve().parents[2]

LOOKED_UP = re.compile(r"(?P<name>[A-Z_]+)=\$\((?P<command>gonghui .*?) \| grep -o '\"(?P<field>\w+)\".*\)")


def tour() -> list[str]:
    """The lines of the README's tour."""
    text = (ROOT / "README.md").read_text(encoding="utf-8").partition("## One case, by hand")[2]
    found = re.search(r"```sh\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return [line for line in found[1].splitlines() if line]


class Walker:
    """Does what a shell would do with the tour's lines; the program runs in this process."""

    def __init__(self, folder: Path) -> None:
        self.passwords = dict(line.split() for line in (folder / LOGINS).read_text().splitlines())
        self.variables = {"GONGHUI_FOLDER": str(folder)}
        self.said: list[str] = []

    def walk(self, line: str) -> None:
        for name, value in self.variables.items():
            line = line.replace(f"${name}", value)
        if (looked_up := LOOKED_UP.match(line)) is not None:
            self.variables[looked_up["name"]] = self.looked_up(looked_up["command"], looked_up["field"])
        elif line.startswith("as "):
            role = line.split()[1]
            self.gonghui(f"gonghui login {role}", self.passwords[role])
        elif line.startswith("gonghui "):
            self.gonghui(line)
        else:
            assert line.startswith("python -m demo.bank_double "), line
            subprocess.run([sys.executable, *shlex.split(line)[1:]], cwd=ROOT, check=True)

    def looked_up(self, line: str, field: str) -> str:
        """A field of an answer, which here is asked for sooner than a hand would."""
        deadline = time.monotonic() + START_SECONDS_MAX
        while not (found := find(json.loads(self.gonghui(line)), field)):
            assert time.monotonic() < deadline, line
            time.sleep(0.1)
        return found

    def gonghui(self, line: str, typed: str | None = None) -> str:
        ran = CliRunner().invoke(app, shlex.split(line, comments=True)[1:], input=typed)
        assert ran.exit_code == 0, f"{line}\n{ran.output}"
        self.said.append(ran.stdout)
        return ran.stdout


def find(answer: object, field: str) -> str:
    """A text field wherever it stands in an answer."""
    match answer:
        case {**fields} if field in fields:
            return str(fields[field] or "")
        case {**fields}:
            return next((found for each in fields.values() if (found := find(each, field))), "")
    return ""


def test_one_case_from_the_application_to_the_payment(
    lived: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("GONGHUI_")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "demo"
    copytree(lived[0], folder, ignore=ignore_patterns("*.sock"))
    monkeypatch.setenv("GONGHUI_FOLDER", str(folder))
    monkeypatch.chdir(tmp_path)
    start, up, login, *lines = tour()
    assert start.startswith("export GONGHUI_FOLDER=var/demo")
    assert up.startswith("gonghui up &")
    assert login.startswith("as() ")
    port = free_port()
    suite = Process(folder, "together", *service_names(), GONGHUI_SUITE_HEALTH_PORT=str(port))
    walker = Walker(folder)
    try:
        await_true(lambda: readiness(port) == (200, []), START_SECONDS_MAX)
        for line in lines:
            walker.walk(line)
        before = CliRunner().invoke(app, ["--json", "figures", "--as-of", "2001-01-01"])
        code, _ = suite.stop()
    finally:
        suite.kill()

    *_, figures, figure, story, audit = walker.said
    assert code == 0
    assert "1,000.00" in figures
    assert before.exit_code == 0, before.output
    assert not any(each["value"] for each in json.loads(before.stdout)["answer"])
    assert "case-1" in figure
    assert "银行确认已支付1,000.00元" in story
    assert "审计通过" in audit
    assert "<svg" in (tmp_path / "figures.html").read_text(encoding="utf-8")
