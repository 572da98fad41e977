"""The page of the README for other systems, run word by word with the rights of such a system, and nameko."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.tree import ROOT
from tests.deployment.composition import Deployment
from tests.runtime.suite import await_true
from tests.servers.process import spawn

PASSWORD = "correct horse battery"
WAIT_SECONDS_MAX = 30


def page() -> str:
    """The section of the README for integrators."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return text.partition("## Call and listen from another system")[2].partition("\n## ")[0]


def blocks(language: str) -> list[str]:
    """The page's blocks of code in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page(), re.MULTILINE | re.DOTALL)


@pytest.fixture
def broker(running: Deployment, calling: Callable[..., Any]) -> str:
    """The broker's address for the other system, of which staffing has a login named city."""
    with calling("li", "administrator") as administrator:
        staffing = administrator.staffing
        opened = staffing.open_login(person_id="system:city", name="city")
        login_id = next(iter(opened["streams"])).partition("/")[2]
        staffing.set_password(login_id=login_id, password=PASSWORD)
        staffing.grant_role(login_id=login_id, role="clerk", begins_on="2020-01-01")
    return running.bus_of_system("city")


def test_the_page_s_own_words_call_and_listen(broker: str, tmp_path: Path) -> None:
    for code in blocks("python"):
        (tmp_path / code.partition("\n")[0].removeprefix("# ")).write_text(code, encoding="utf-8")
    (script,) = blocks("sh")
    given, listen, call = (each.partition("#")[0].strip() for each in script.splitlines())
    assert re.findall(r"([A-Z]+)=", given) == ["BROKER", "NAME", "PASSWORD"]
    environment = {
        "BROKER": broker,
        "NAME": "city",
        "PASSWORD": PASSWORD,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONWARNINGS": "ignore",
    }
    heard, answered = tmp_path / "heard.log", tmp_path / "answered.log"

    listener = spawn(["bash", "-c", f"cd {tmp_path}; exec {listen}"], log=heard, environment=environment)
    try:
        await_true(lambda: listener.poll() is not None or "listening" in heard.read_text(), WAIT_SECONDS_MAX)
        assert listener.poll() is None, heard.read_text()
        caller = spawn(["bash", "-c", f"cd {tmp_path}; exec {call}"], log=answered, environment=environment)
        await_true(lambda: caller.poll() is not None, WAIT_SECONDS_MAX)
        assert caller.returncode == 0, answered.read_text()
        await_true(lambda: "永定河区总工会" in heard.read_text(), WAIT_SECONDS_MAX)
    finally:
        end(listener)

    told = answered.read_text().splitlines()
    assert [each.split()[0] for each in told] == ["recorded", "repeated", "refused"]
    assert told[1:] == ["repeated True", "refused input.invalid is not a known field"]
    position = told[0].split()[1]
    assert re.search(rf"^heard {position} 永定河区总工会$", heard.read_text(), re.MULTILINE)


def end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
