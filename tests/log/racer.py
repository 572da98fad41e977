"""Real processes that race: each opens the log, waits for the start, sends commands, tells outcomes."""

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# The same order as in a service's process: psycopg's wait function, eventlet's patch, then all else.
if __name__ == "__main__":
    from shared.runtime.green import patch

    patch()

from shared.log.log import lock_head
from shared.rules.personal import Personal
from shared.rules.refusal import Refused
from tests.log import fund
from tests.log.house import CLERK, House, open_house
from tests.servers.process import ONE_OF_MANY, spawn, wait_until_ready

RACE_SECONDS_MAX = 60.0
Sent = tuple[str, dict[str, Any], str]
"""A command's name, its fields (personal ones as plain text) and its id."""


def race(url: str, folder: Path, *racers: Sequence[Sent]) -> list[list[Any]]:
    """Have as many processes as there are lists send their commands at the same time.

    Returns:
        For each process its outcomes: the position of an answer, or the code of a refusal.
    """
    go = folder / "go"
    processes = []
    for number, commands in enumerate(racers):
        argument = json.dumps({"url": url, "folder": str(folder), "number": number, "commands": commands})
        processes.append(start(argument, folder / f"{number}.output"))
    for number, process in enumerate(processes):
        ready = folder / f"{number}.ready"
        wait_until_ready(process, ready.exists, log=folder / f"{number}.output", seconds=RACE_SECONDS_MAX)
    go.touch()
    for number, process in enumerate(processes):
        code = process.wait(RACE_SECONDS_MAX)
        assert code == 0, (folder / f"{number}.output").read_text()[-2000:]
    return [json.loads((folder / f"{number}.outcomes").read_text()) for number in range(len(racers))]


def start(argument: str, output: Path) -> Any:
    """A process of this module."""
    module = [sys.executable, "-m", "tests.log.racer", argument]
    return spawn(module, log=output, environment=ONE_OF_MANY)


def run(house: House, given: dict[str, Any]) -> None:
    folder, number = Path(given["folder"]), given["number"]
    house.log.head()
    (folder / f"{number}.ready").touch()
    while not (folder / "go").exists():
        time.sleep(0.001)
    outcomes: list[Any] = []
    for name, fields, command_id in given["commands"]:
        try:
            outcomes.append(house.send(made(name, fields), command_id, CLERK).position)
        except Refused as refused:
            outcomes.append(refused.code)
    (folder / f"{number}.outcomes").write_text(json.dumps(outcomes))


def made(name: str, fields: dict[str, Any]) -> Any:
    """A command of the language of funds."""
    personal = {field: Personal(fields[field]) for field in ("account", "name") if field in fields}
    return getattr(fund, name)(**fields | personal)


def hold_head(house: House, held: Path) -> None:
    """Take the head's lock and keep it, as a process does that stands still within an append."""
    with house.store.write() as connection:
        lock_head(connection)
        held.touch()
        time.sleep(RACE_SECONDS_MAX)


def main() -> None:
    given = json.loads(sys.argv[1])
    house = open_house(given["url"])
    if "hold" in given:
        hold_head(house, Path(given["hold"]))
    else:
        run(house, given)


if __name__ == "__main__":
    main()
