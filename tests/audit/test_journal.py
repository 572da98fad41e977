"""The journal of a whole history passes hledger's strict check, and its balances are right to the fen."""

import csv
import subprocess
from decimal import Decimal
from pathlib import Path

from services.assistance.projections.journal import journal_page
from services.assistance.projections.ledger import trial_balance
from tests.assistance.town import AMOUNT_FEN
from tests.audit.district import opened

ALLOCATED_FEN = 10_000_000_000 + 1_000_000
RICE_FEN = 6_000
BALANCES = {
    # Four grants were paid, one of them came back; ten bags were bought, and two issued.
    "bank": ALLOCATED_FEN - 3 * AMOUNT_FEN - 10 * RICE_FEN,
    "aid_expense": 3 * AMOUNT_FEN,
    "fund_available": -(ALLOCATED_FEN - 4 * AMOUNT_FEN),
    "fund_committed": -AMOUNT_FEN,
    "fund_spent": -3 * AMOUNT_FEN,
    "goods_stock": 8 * RICE_FEN,
    "goods_issued": 2 * RICE_FEN,
}


def test_the_journal_with_a_reissue_a_reversal_and_goods_is_right_to_the_fen(folder: Path) -> None:
    text, after = "", 0
    with opened(folder, "assistance") as house, house.store.read() as connection:
        while (page := journal_page(connection, after=after, limit=10))["text"]:
            text, after = text + page["text"], page["after"]
        told = trial_balance(connection)
    file = folder / "journal"
    file.write_text(text)

    subprocess.run(["hledger", "-f", file, "check", "-s"], check=True)
    listed = subprocess.run(
        ["hledger", "-f", file, "balance", "-N", "-O", "csv"], check=True, capture_output=True, text=True
    ).stdout
    rows = list(csv.reader(listed.splitlines()))[1:]
    assert {name: int(Decimal(amount.split()[0]) * 100) for name, amount in rows} == BALANCES
    assert told["difference_fen"] == 0
    assert {
        each["account"]: each["balance_fen"] for each in told["accounts"] if each["balance_fen"]
    } == BALANCES
