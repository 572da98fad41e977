"""A batch goes out to the bank double and comes back: paid once, booked twice, equal to the fen."""

import csv
import subprocess
import sys
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from demo.bank_double import BankDouble
from services.assistance.aggregates.budget import AllocateBudget
from services.assistance.imports.bank_results import results_in
from services.assistance.projections.bank_file import (
    HOLDER_ERASED,
    NOT_RELEASED,
    OTHER_DIGEST,
    bank_file,
)
from services.assistance.projections.journal import journal_page
from services.assistance.projections.ledger import trial_balance
from services.assistance.projections.payment_batches import grants_not_payable, payment_batch
from shared.log.entry import Answer
from shared.rules.refusal import Refused
from tests.architecture.tree import ROOT
from tests.assistance.town import (
    AMOUNT_FEN,
    APPROVED_ON,
    DISTRICT,
    PAID_ON,
    Town,
    account,
    campaign,
)

ALLOCATED_FEN = 10_000_000_000


@dataclass(frozen=True)
class Bank:
    """The bank double as a process of its own, with its folder."""

    folder: Path

    @property
    def books(self) -> Path:
        return self.folder / "books.sqlite"

    def pay(self, batch_id: str, text: str, *more: str) -> str:
        """Hand in a bank file; the result file that comes back. Raises CalledProcessError when refused."""
        (self.folder / f"{batch_id}.csv").write_text(text)
        self._run("pay", self.books, self.folder / f"{batch_id}.csv", self.folder / "result.csv", *more)
        return (self.folder / "result.csv").read_text()

    def say(self, batch_id: str, *outcomes: str) -> str:
        self._run("say", self.books, batch_id, self.folder / "result.csv", *outcomes)
        return (self.folder / "result.csv").read_text()

    def paid(self) -> Counter[str]:
        """How often each account was paid, by the bank's own books."""
        with closing(BankDouble(self.books)) as books:
            return Counter(account_number for _, account_number, _ in books.paid())

    def _run(self, *arguments: object) -> None:
        words = [str(each) for each in arguments]
        subprocess.run([sys.executable, "-m", "demo.bank_double", *words], cwd=ROOT, check=True)


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    return Bank(tmp_path)


def sent(town: Town, batch_id: str, numbers: list[int], campaign_id: str = "winter") -> str:
    """A batch of these households' grants is released; its bank file."""
    town.open_batch(batch_id, numbers, campaign_id)
    town.approve_batch(batch_id)
    outcome = town.release_batch(batch_id)
    assert isinstance(outcome, Answer), outcome
    return bank_file(town.house.log, batch_id, DISTRICT).text


def answered(town: Town, batch_id: str, result_file: str) -> None:
    results, unreadable = results_in(result_file, batch_id)
    assert not unreadable
    town.record(batch_id, *results)


def balances(town: Town) -> dict[str, int]:
    """The balance of each account that has one, in fen, by the read model."""
    town.follow()
    with town.house.store.read() as connection:
        told = trial_balance(connection)
        assert trial_balance(connection, until=PAID_ON) == told
    assert told["difference_fen"] == 0
    return {each["account"]: each["balance_fen"] for each in told["accounts"] if each["balance_fen"]}


def journal(town: Town) -> str:
    text, after = "", 0
    with town.house.store.read() as connection:
        while (page := journal_page(connection, after=after, limit=7))["text"]:
            text, after = text + page["text"], page["after"]
    return text


def test_a_batch_with_failures_is_paid_once_and_the_journal_passes_the_strict_check(
    each_town: Town, bank: Bank, tmp_path: Path
) -> None:
    each_town.settle(range(1, 7), without_account=(6,))
    each_town.grant(range(1, 7))
    first = bank.pay(
        "first", sent(each_town, "first", [1, 2, 3, 4, 5, 6]), "--fail", "grant-2.1=account_closed"
    )
    answered(each_town, "first", first)
    answered(each_town, "first", first)

    assert balances(each_town) == {
        "aid_expense": 5 * AMOUNT_FEN,
        "bank": ALLOCATED_FEN - 4 * AMOUNT_FEN,
        "fund_available": -(ALLOCATED_FEN - 6 * AMOUNT_FEN),
        "fund_committed": -2 * AMOUNT_FEN,
        "fund_spent": -4 * AMOUNT_FEN,
        "returned_payments": -AMOUNT_FEN,
    }

    # The failed line is issued again, with the one who now has an account.
    each_town.each("wang", [account(6), account(2, 99)])
    answered(each_town, "second", bank.pay("second", sent(each_town, "second", [2, 6])))
    told = balances(each_town)

    assert bank.paid() == Counter(f"62{digits:014}" for digits in (1, 3, 4, 5, 99, 6))
    assert told == {
        "aid_expense": 6 * AMOUNT_FEN,
        "bank": ALLOCATED_FEN - 6 * AMOUNT_FEN,
        "fund_available": -(ALLOCATED_FEN - 6 * AMOUNT_FEN),
        "fund_spent": -6 * AMOUNT_FEN,
    }
    file = tmp_path / "journal"
    file.write_text(journal(each_town))
    subprocess.run(["hledger", "-f", file, "check", "-s"], check=True)
    listed = subprocess.run(
        ["hledger", "-f", file, "balance", "-N", "-O", "csv"], check=True, capture_output=True, text=True
    ).stdout
    rows = list(csv.reader(listed.splitlines()))[1:]
    assert {name: int(Decimal(amount.split()[0]) * 100) for name, amount in rows} == told


def test_who_has_no_account_is_listed_until_there_is_one(town: Town) -> None:
    town.settle([1, 2], without_account=(2,))
    town.grant([1, 2])
    town.open_batch("first", [1, 2])
    town.follow()
    with town.house.store.read() as connection:
        (listed,) = grants_not_payable(connection, organisation_id=DISTRICT)
        told = payment_batch(connection, batch_id="first", organisation_id=DISTRICT)
    town.each("wang", [account(2)])
    town.open_batch("second", [2])
    town.follow()
    with town.house.store.read() as connection:
        rest = grants_not_payable(connection, organisation_id=DISTRICT)

    assert (listed["grant_id"], listed["reason"]) == ("grant-2", "account_missing")
    assert told is not None
    assert (told["line_count"], told["amount_fen"]) == (1, AMOUNT_FEN)
    assert rest == []


def test_after_a_crash_between_release_and_bank_file_the_same_file_is_made_again(
    town: Town, bank: Bank
) -> None:
    town.settle([1, 2])
    town.grant([1, 2])
    text = sent(town, "first", [1, 2])
    with closing(town.house.another()) as after_restart:
        again = bank_file(after_restart.log, "first", DISTRICT).text
    first, second = bank.pay("first", text), bank.pay("first", again)

    assert again == text
    assert second == first
    assert bank.paid() == Counter(f"62{number:014}" for number in (1, 2))


def test_the_bank_refuses_other_lines_under_a_batch_it_has_taken(town: Town, bank: Bank) -> None:
    town.settle([1])
    town.grant([1])
    text = sent(town, "first", [1])
    bank.pay("first", text)

    with pytest.raises(subprocess.CalledProcessError):
        bank.pay("first", text.replace("6200000000000001", "6200000000000002"))
    assert bank.paid() == Counter(["6200000000000001"])


def test_there_is_no_bank_file_before_the_release(town: Town) -> None:
    town.settle([1])
    town.grant([1])
    town.open_batch("first", [1])
    town.approve_batch("first")

    with pytest.raises(Refused) as refused:
        bank_file(town.house.log, "first", DISTRICT)
    assert refused.value.refusal is NOT_RELEASED


def test_a_bank_file_says_what_each_payment_is_for(town: Town) -> None:
    town.settle([1])
    town.grant([1])
    town.settle([2], stage="senior_secondary")
    town.each("sun", student_aid())
    town.grant([2], "autumn")

    relief = sent(town, "first", [1])
    studies = sent(town, "second", [2], "autumn")

    assert [text.splitlines()[2].split(",")[-1] for text in (relief, studies)] == [
        "工会帮扶慰问",
        "工会金秋助学",
    ]


def student_aid() -> list[Any]:
    """A budget and a campaign."""
    allocation = AllocateBudget(
        budget_id="autumn",
        organisation_id=DISTRICT,
        fund_source="union_funds",
        programme="autumn_student_aid",
        year=2024,
        document_no="3",
        amount_fen=ALLOCATED_FEN,
        allocated_on=APPROVED_ON,
    )
    opening = replace(campaign("autumn"), budget_id="autumn", programme="autumn_student_aid", amount_fen=None)
    return [allocation, opening]


def test_a_bank_file_pays_the_account_that_was_approved_though_another_was_recorded_since(town: Town) -> None:
    town.settle([1])
    town.grant([1])
    text = sent(town, "first", [1])
    town.each("wang", [account(1, 7)])

    assert bank_file(town.house.log, "first", DISTRICT).text == text


def test_whose_data_was_erased_cannot_be_paid_any_more_and_the_line_is_named(town: Town) -> None:
    town.settle([1])
    town.grant([1])
    sent(town, "first", [1])
    town.house.forget("person-1")

    with pytest.raises(Refused) as refused:
        bank_file(town.house.log, "first", DISTRICT)
    assert refused.value.refusal is HOLDER_ERASED
    assert refused.value.values == {"line_id": "grant-1.1"}


def test_a_bank_file_that_is_not_the_released_one_is_not_made(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.settle([1])
    town.grant([1])
    sent(town, "first", [1])
    monkeypatch.setattr("services.assistance.projections.bank_file.digest_of_file", lambda *_: "other")

    with pytest.raises(Refused) as refused:
        bank_file(town.house.log, "first", DISTRICT)
    assert refused.value.refusal is OTHER_DIGEST


def test_one_grant_in_two_batches_is_a_line_of_the_first_only(town: Town) -> None:
    town.settle([1])
    town.grant([1])
    town.open_batch("first", [1])
    town.open_batch("second", [1])

    assert town.count("PaymentPrepared") == 1


def test_a_line_reported_failed_that_is_paid_after_all_is_found_before_it_is_paid_twice(
    town: Town, bank: Bank
) -> None:
    town.settle([1])
    town.grant([1])
    answered(town, "first", bank.pay("first", sent(town, "first", [1]), "--fail", "grant-1.1=frozen"))
    answered(town, "first", bank.say("first", "grant-1.1=paid"))
    town.open_batch("second", [1])

    assert (town.count("PaymentContradicted"), town.count("PaymentConfirmed")) == (1, 0)
    # As long as the bank contradicts itself the grant goes into no other batch.
    assert town.count("PaymentPrepared") == 1
    assert bank.paid() == Counter(["6200000000000001"])
