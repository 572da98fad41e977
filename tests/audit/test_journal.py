"""The journal of a whole history passes hledger's strict check, and its balances are right to the fen."""

import csv
import json
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.assistance.projections.journal import journal_page
from services.assistance.projections.ledger import entries_table, trial_balance
from shared.cli import journal
from shared.cli.main import app
from tests.assistance.town import AMOUNT_FEN
from tests.audit.district import follow_all, founded, opened
from tests.runtime.suite import token_of

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


def balances(file: Path) -> dict[str, int]:
    """Each account's balance in fen, after a strict check."""
    subprocess.run(["hledger", "-f", file, "check", "-s"], check=True)
    listed = subprocess.run(
        ["hledger", "-f", file, "balance", "-N", "-O", "csv"], check=True, capture_output=True, text=True
    ).stdout
    rows = list(csv.reader(listed.splitlines()))[1:]
    return {name: int(Decimal(amount.split()[0]) * 100) for name, amount in rows}


def gonghui(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["--lang", "en", "journal", *arguments])


def test_the_journal_with_a_reissue_a_reversal_and_goods_is_right_to_the_fen(folder: Path) -> None:
    text, after = "", 0
    with opened(folder, "assistance") as house, house.store.read() as connection:
        while (page := journal_page(connection, after=after, limit=10))["entries"]:
            text, after = text + page["text"], page["after"]
        told = trial_balance(connection)
    file = folder / "journal"
    file.write_text(text)

    assert balances(file) == BALANCES
    assert told["difference_fen"] == 0
    assert {
        each["account"]: each["balance_fen"] for each in told["accounts"] if each["balance_fen"]
    } == BALANCES


def test_the_command_writes_the_whole_journal_page_by_page(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "EVENTS_A_PAGE", 7)
    (folder / "token").write_text(token_of(folder, "auditor"))
    file = tmp_path / "2024.journal"
    file.write_text("of last year")

    told = gonghui(str(file))
    again = json.loads(gonghui(str(file), "--json").stdout)

    assert told.exit_code == 0, told.output
    assert balances(file) == BALANCES
    with opened(folder, "assistance") as house:
        assert (again["position"], again["complete"]) == (house.log.head().position, True)
    assert again["entries"] == file.read_text().count("  ; ")
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["2024.journal"]


def test_a_ledger_without_entries_is_a_journal_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new = tmp_path / "new"
    new.mkdir()
    with founded(new), opened(new, "assistance") as house:
        follow_all(house)
        with house.store.write() as connection:
            connection.execute(entries_table.delete())
    monkeypatch.setenv("GONGHUI_FOLDER", str(new))
    (new / "token").write_text(token_of(new, "auditor"))

    assert gonghui(str(tmp_path / "empty.journal")).exit_code == 0
    assert balances(tmp_path / "empty.journal") == {}


def test_a_journal_that_cannot_be_written_or_may_not_be_seen_is_a_mistake(
    folder: Path, tmp_path: Path
) -> None:
    (folder / "token").write_text(token_of(folder, "auditor"))
    assert gonghui(str(tmp_path / "nowhere" / "2024.journal")).exit_code == 2
    (folder / "token").write_text(token_of(folder, "clerk"))
    assert gonghui(str(tmp_path / "2024.journal")).exit_code == 2
    assert not (tmp_path / "2024.journal").exists()
