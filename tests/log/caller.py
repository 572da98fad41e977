"""A process full of callers that append to a log of funds until told to stop; it may be killed at any moment.

Before sending a command it writes down the id, afterwards the answer. Whoever replaces it sends again
what was left without an answer: a command follows from its id alone.
"""

import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

# The same order as in a service's process: psycopg's wait function, eventlet's patch, then all else.
if __name__ == "__main__":
    from shared.runtime.green import patch

    patch()

import eventlet

from shared.log.entry import Answer, Unavailable
from shared.rules.refusal import Refused
from tests.log.fund import Add, GiveLabel, Move, Spend
from tests.log.house import House, open_house

FUNDS, LABELS = 40, 25
ASKED_AGAIN_ONE_IN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a process stands among the others.

    Args:
        slot: its place; a replacement takes the same one.
        life: how many processes had the place before it.
        folder: where all write what they sent and what they were answered.
    """

    database_url: str
    slot: int
    life: int
    callers: int
    seed: int
    folder: str

    def file(self, name: str) -> Path:
        return Path(self.folder) / f"{self.slot}.{name}"

    @property
    def stop(self) -> Path:
        return Path(self.folder) / "stop"

    def as_argument(self) -> str:
        return json.dumps(asdict(self))


def command_of(command_id: str) -> Any:
    """The command that bears an id: mostly money put into one of a few funds that all callers share."""
    chance = Random(command_id)
    fund_id, other = (f"fund-{chance.randrange(FUNDS)}" for _ in range(2))
    kind = chance.random()
    if kind < 0.75:
        return Add(fund_id=fund_id, amount_fen=chance.randrange(1, 100))
    if kind < 0.85:
        return Spend(fund_id=fund_id, amount_fen=chance.randrange(1, 100))
    if kind < 0.95:
        return Move(fund_id=fund_id, to_fund_id=other, amount_fen=chance.randrange(1, 100))
    return GiveLabel(fund_id=fund_id, label=f"label-{chance.randrange(LABELS)}")


class Caller:
    """The callers of one process: they share its log, and the files that they write to."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.house: House = open_house(place.database_url)
        self._files = {
            name: os.open(place.file(name), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            for name in ("sent", "answered", "refused", "findings")
        }

    def note(self, name: str, line: str) -> None:
        os.write(self._files[name], f"{line}\n".encode())

    def settle(self, command_id: str) -> None:
        """Send a command until the log says what became of it."""
        while True:
            try:
                answer = self.house.send(command_of(command_id), command_id)
            except Unavailable:
                continue
            except Refused as refused:
                self.note("refused", f"{command_id} {refused.code}")
                return
            self.note("answered", f"{command_id} {answer.position}")
            if Random(f"again {command_id}").randrange(ASKED_AGAIN_ONE_IN) == 0:
                self._ask_again(command_id, answer)
            return

    def _ask_again(self, command_id: str, first: Answer) -> None:
        try:
            again = self.house.send(command_of(command_id), command_id)
        except Unavailable:
            return
        if (again.first_position, again.position, again.streams, again.repeated) != (
            first.first_position,
            first.position,
            first.streams,
            True,
        ):
            self.note("findings", f"{command_id} was answered {first}, then {again}")

    def call(self, number: int) -> None:
        """What one caller does until the file ``stop`` appears."""
        try:
            sent = 0
            while not self.place.stop.exists():
                sent += 1
                place = self.place
                command_id = f"{place.seed}-{place.slot}-{place.life}-{number}-{sent}"
                self.note("sent", command_id)
                self.settle(command_id)
        except Exception as error:  # noqa: BLE001 - told to the one who looks at the end
            self.note("findings", f"caller {number} of process {self.place.slot} ended with {error!r}")

    def settle_what_was_left(self) -> None:
        for command_id in left_without_answer(self.place):
            self.settle(command_id)


def left_without_answer(place: Place) -> list[str]:
    """The ids that this place's processes sent and for which none wrote down an answer."""
    told = {line.split()[0] for name in ("answered", "refused") for line in lines(place.file(name))}
    return [command_id for command_id in lines(place.file("sent")) if command_id not in told]


def lines(path: Path) -> list[str]:
    """The whole lines of a file; a kill may have cut the last."""
    return path.read_text().split("\n")[:-1] if path.exists() else []


def main() -> None:
    place = Place(**json.loads(sys.argv[1]))
    caller = Caller(place)
    try:
        caller.settle_what_was_left()
    except Exception as error:  # noqa: BLE001 - told to the one who looks at the end
        caller.note("findings", f"a replacement in process {place.slot} ended with {error!r}")
    pool = eventlet.GreenPool(place.callers)
    for number in range(place.callers):
        pool.spawn_n(caller.call, number)
    pool.waitall()


if __name__ == "__main__":
    main()
