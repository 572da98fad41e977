"""Running the replay from a test, and what its findings are."""

import json
from pathlib import Path
from typing import Any

from sqlalchemy import text
from typer.testing import CliRunner

from shared.cli.main import app
from shared.log.store import Store


def gonghui(*arguments: str) -> tuple[int, dict[str, Any]]:
    """The exit status of a command, and what it tells."""
    result = CliRunner().invoke(app, ["--json", *arguments])
    return result.exit_code, json.loads(result.stdout) if result.stdout else {}


def findings(*arguments: str) -> list[tuple[str, str]]:
    """Code and place of each that the replay has, which is at least one."""
    status, told = gonghui("audit", "replay", *arguments)
    assert status == 1
    assert not told["clean"]
    return [(each["code"], each["place"]) for each in told["findings"]]


def of_code(code: str, found: list[tuple[str, str]]) -> list[str]:
    return [place for each, place in found if each == code]


def verified(folder: Path) -> bool:
    """Whether the log's own hashes agree with each other."""
    return gonghui("log", "verify", "assistance")[0] == 0


def rebuilt(folder: Path) -> None:
    """The read models are made to fit, too."""
    assert gonghui("projections", "rebuild", "assistance", "--accept-difference")[0] == 0


def change(folder: Path, service: str, statement: str) -> None:
    store = Store(f"sqlite:///{folder / f'{service}.sqlite'}")
    with store.write() as connection:
        assert connection.execute(text(statement)).rowcount >= 1
    store.close()
