"""Payment batches: handed on by four persons, paid by the bank double, its answers recorded."""

import csv
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from demo.calling import Unexpected, accepted, in_portions
from demo.office import Office
from demo.population import FEDERATION
from services.assistance.aggregates.paying import line_id

ROOT = Path(__file__).resolve().parents[1]
MINUTES = "主席办公会纪要〔2015〕{number}号"


def books_of(folder: Path) -> Path:
    """Where the bank double keeps its books."""
    return folder / "bank" / "books.db"


@dataclass(frozen=True, slots=True)
class Paid:
    """What became of a batch."""

    lines: int
    amount_fen: int
    failed: tuple[str, ...]
    """The grants whose lines came back."""


@dataclass
class Treasury:
    """Pays grants, batch by batch.

    Args:
        folder: where the services live; the bank's files and its books are below it.
    """

    office: Office
    folder: Path
    batches: int = 0

    def pay(self, grant_ids: list[str], on: str, attempt: int = 1, fails_one_in: int | None = None) -> Paid:
        """Make a batch of grants, have it checked, approved and released, and take in what the bank answers.

        Args:
            on: the day on which all of it happens.
            attempt: which attempt it is for every grant.
            fails_one_in: of every so many lines the bank turns one back.
        """
        self.batches += 1
        batch_id = f"batch-{self.batches:03}"
        here = {"batch_id": batch_id, "organisation_id": FEDERATION}
        clerk, reviewer = self.office.clerk.assistance, self.office.reviewer.assistance
        approver, cashier = self.office.approver.assistance, self.office.cashier.assistance
        clerk.open_batch(**here, opened_on=on)
        for portion in in_portions(grant_ids):
            clerk.add_lines(**here, grant_ids=portion, prepared_on=on)
        locked = clerk.lock_batch(**here, locked_on=on)
        known = {name: locked[name] for name in ("source", "epoch", "position")}
        stands = reviewer.payment_batch(**here, at_least=known)["answer"]
        if stands["line_count"] != len(grant_ids):
            raise Unexpected(f"{batch_id} has {stands['line_count']} lines instead of {len(grant_ids)}")
        seen = here | {"digest": stands["digest"]}
        reviewer.check_batch(**seen, checked_on=on)
        approver.approve_batch(**seen, approved_on=on, minutes_no=MINUTES.format(number=self.batches))
        cashier.release_batch(**here, released_on=on)
        name = cashier.write_bank_file(**here)["name"]
        answered = self._bank(name, fails_one_in)
        told = cashier.record_result_file(**here, name=name, answered_on=on)
        if told["rows"] != len(grant_ids):
            raise Unexpected(f"the bank answered {told['rows']} of {len(grant_ids)} lines")
        came_back = {row["line_id"] for row in answered if row["outcome"] != "paid"}
        return Paid(
            lines=len(grant_ids),
            amount_fen=stands["amount_fen"],
            failed=tuple(each for each in grant_ids if line_id(each, attempt) in came_back),
        )

    def _bank(self, name: str, fails_one_in: int | None) -> list[dict[str, str]]:
        """The bank fetches a file, pays it, and puts its answers where they are looked for."""
        answers = self.folder / "bank" / "in" / name
        failing = [] if fails_one_in is None else ["--fail-every", f"{fails_one_in}=account_closed"]
        subprocess.run(
            [
                sys.executable,
                "-m",
                "demo.bank_double",
                "pay",
                str(books_of(self.folder)),
                str(self.folder / "bank" / "out" / name),
                str(answers),
                *failing,
            ],
            cwd=ROOT,
            check=True,
        )
        with answers.open(encoding="utf-8") as read:
            next(read)
            return list(csv.DictReader(read))

    def take_back(self, grant_id: str, organisation_id: str, amount_fen: int, on: str) -> None:
        """Reverse a payment: asked for by the cashier, approved by another person."""
        here = {"grant_id": grant_id, "organisation_id": organisation_id}
        accepted(
            self.office.cashier.assistance.request_reversal_many,
            [here | {"reversed_fen": amount_fen, "reason": "not_entitled", "requested_on": on}],
        )
        accepted(self.office.approver.assistance.approve_reversal_many, [here | {"approved_on": on}])
