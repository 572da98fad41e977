"""A measured process: a batch is built, approved, released, written, paid, answered and posted."""

import time

# The same order as in a service's process: psycopg's wait function, eventlet's patch, then all else.
if __name__ == "__main__":
    from shared.runtime.green import patch

    patch()

from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.processes import given, tell, wait_for_start
from demo.bank_double import BankDouble, result_file
from services.assistance.aggregates import language
from services.assistance.imports.bank_results import results_in
from services.assistance.projections.bank_file import bank_file
from services.assistance.projections.ledger import trial_balance
from shared.log.entry import Answer
from tests.assistance.town import DISTRICT, Town
from tests.log.house import open_house


class Clock:
    """The seconds of each step."""

    def __init__(self) -> None:
        self.told: dict[str, float] = {}
        self._began = self._last = time.perf_counter()

    def step(self, name: str) -> None:
        now = time.perf_counter()
        self.told[name] = now - self._last
        self._last = now

    def all(self) -> float:
        return self._last - self._began


def answer(folder: Path, batch_id: str, text: str) -> str:
    """The bank pays all lines and answers. It is not measured how long a bank takes, but here it counts."""
    with closing(BankDouble(folder / "books.sqlite")) as bank:
        bank.pay(text, {})
        return result_file(batch_id, bank.results(batch_id))


def main() -> None:
    chosen = given()
    lines, batch_id, campaign_id = chosen["lines"], chosen["batch_id"], chosen["campaign_id"]
    with closing(open_house(chosen["url"], language)) as house, TemporaryDirectory() as folder:
        town = Town(house)
        town.follow()  # what was prepared is not part of what is measured
        wait_for_start()
        clock = Clock()
        town.open_batch(batch_id, range(1, lines + 1), campaign_id)
        clock.step("built")
        town.approve_batch(batch_id)
        clock.step("approved")
        outcome = town.release_batch(batch_id)
        if not isinstance(outcome, Answer):
            raise outcome
        clock.step("released")
        text = bank_file(house.log, batch_id, DISTRICT).text
        clock.step("written")
        results, _ = results_in(answer(Path(folder), batch_id, text), batch_id)
        clock.step("paid")
        town.record(batch_id, *results)
        clock.step("answered")
        town.follow()
        clock.step("posted")
        with house.store.read() as connection:
            told = trial_balance(connection)
        spent_fen = -next(each["balance_fen"] for each in told["accounts"] if each["account"] == "fund_spent")
        tell(**clock.told, all=clock.all(), difference_fen=told["difference_fen"], spent_fen=spent_fen)


if __name__ == "__main__":
    main()
