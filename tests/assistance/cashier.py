"""The cashier Feng as the bank's files see her; as a process of her own she can be killed at her work."""

import signal
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from services.assistance.aggregates import language
from services.assistance.projections.bank_file import write_bank_file
from shared.rules.context import Actor
from shared.runtime.calls import Call
from shared.runtime.commands import CommandHandler
from shared.runtime.house import House, open_house
from shared.runtime.settings import embedded_settings
from tests.assistance.town import DISTRICT, Town
from tests.log.house import House as Opened

OF: dict[str, Any] = {"batch_id": "first", "organisation_id": DISTRICT}
HALTED = "halted"


@dataclass
class Feng:
    """A call of the cashier's, as far as these operations see it."""

    house: House
    actor: Actor = field(default_factory=lambda: Actor("feng", ("cashier",), DISTRICT))
    seen: list[tuple[str, Sequence[str]]] = field(default_factory=list)

    def looks(self, method: str, looked_at: Sequence[tuple[str, Sequence[str]]]) -> None:
        assert method == "write_bank_file"
        self.seen += looked_at

    @property
    def town(self) -> Town:
        return Town(Opened(self.house.store, self.house.log, CommandHandler(self.house.log)))


def release_and_write(folder: Path, *, halts_at: str = "") -> None:
    """Release the first batch and write its bank file, in a folder that holds an approved one.

    Args:
        halts_at: ``released`` waits for ever when the release is recorded; ``drafted`` when the file has
            been written but does not appear yet.
    """
    with closing(open_house(embedded_settings("assistance", folder), language)) as house:
        feng = Feng(house)
        feng.town.release_batch("first")
        if halts_at == "released":
            halt()
        if halts_at == "drafted":
            Path.replace = halt  # type: ignore[method-assign, assignment]
        write_bank_file(cast("Call", feng), **OF)


def halt(*_: Any) -> None:
    print(HALTED, flush=True)  # noqa: T201 - whoever is to kill this process waits for it
    while True:
        signal.pause()


if __name__ == "__main__":
    release_and_write(Path(sys.argv[1]), halts_at=sys.argv[2])
