"""What stands outside a log is set against it: other services, their figures, and the bank's books."""

import csv
import io
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from services.reporting.indicators import INDICATORS
from services.reporting.projections.payments import table as payments
from shared.cli import witnessing
from shared.projections.tables import checkpoints
from shared.runtime import auditing, replaying
from shared.runtime.commands import CommandHandler
from shared.runtime.finding import service_class
from shared.runtime.opening import prepare
from shared.runtime.settings import embedded_settings
from shared.runtime.worker import prepare_followers
from tests.architecture.tree import ROOT
from tests.assistance.town import AMOUNT_FEN, Town
from tests.audit.district import budget, follow, follow_all, opened, pay
from tests.audit.planting import planting
from tests.audit.replayed import change, findings, gonghui, rebuilt, verified
from tests.log.house import House as Opened


def test_the_last_events_cut_off_are_missed_by_nobody_but_the_other_services(folder: Path) -> None:
    with planting(folder) as planted:
        last = planted.event("BudgetAllocated", budget_id="frost")
        planted.cut_off(last)
        planted.seal_again()
        planted.connection.execute(update(checkpoints).values(position=last - 1))
    rebuilt(folder)

    assert verified(folder)
    assert findings() == [
        ("witness.cut_off", f"reporting knows {last} events, the log holds {last - 1}"),
    ]


def test_a_figure_that_was_changed(folder: Path) -> None:
    change(
        folder, "reporting", "UPDATE payments SET amount_fen = amount_fen + 100 WHERE grant_id = 'grant-1'"
    )

    assert findings() == [("projection.differs", "reporting payments: 1 rows")]


def test_figures_that_count_otherwise_than_the_replay(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of_winter = next(each for each in INDICATORS if each.code == "relief.amount")
    monkeypatch.setitem(vars(of_winter), "where", (payments.c.grant_id != "grant-1",))

    assert findings() == [
        ("total.differs", f"relief.amount: replay {3 * AMOUNT_FEN}, figures {2 * AMOUNT_FEN}"),
    ]


def test_figures_are_compared_as_of_the_last_event_that_was_replayed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the services run, reporting knows more by the time that it is asked."""
    replayed = replaying.replay
    went_on = []

    def replay_and_go_on(*arguments: Any) -> Any:
        done = replayed(*arguments)
        with opened(folder, "assistance") as house:
            town = Town(Opened(house.store, house.log, CommandHandler(house.log)))
            town.settle([5])
            town.grant([5])
            pay(town, "late", paid=("grant-5.1",))
            follow(folder, house.log)
            went_on.append(house.log.head().position)
        return done

    monkeypatch.setattr(auditing, "replay", replay_and_go_on)
    status, told = gonghui("audit", "replay")

    assert (status, told["findings"]) == (0, [])
    assert told["events"] < went_on[0]


def test_a_service_that_counts_and_is_behind_is_waited_for_and_then_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(witnessing, "BEHIND_SECONDS_MAX", 0.2)
    with opened(folder, "assistance") as house:
        town = Town(Opened(house.store, house.log, CommandHandler(house.log)))
        known = house.log.head().position
        town.each("sun", [replace(budget("snow"), year=2026)])
        follow_all(house)

    assert findings() == [("total.behind", f"reporting: event {known} of {known + 1}")]


def test_a_log_is_not_clean_when_those_who_could_witness_are_away(folder: Path) -> None:
    (folder / "reporting.sqlite").unlink()
    with planting(folder) as planted:
        last = planted.event("BudgetAllocated", budget_id="frost")
        planted.cut_off(last)
        planted.seal_again()
        planted.connection.execute(update(checkpoints).values(position=last - 1))
    rebuilt(folder)

    status, told = gonghui("audit", "replay")
    assert status == 2
    assert "--without-witnesses" in told["error"]["hint_en"]
    status, told = gonghui("audit", "replay", "--without-witnesses")
    assert (status, told["witnesses"], told["figures_compared"]) == (0, [], False)


def test_a_witness_that_was_made_anew_is_silent_and_that_is_a_finding(folder: Path) -> None:
    (folder / "reporting.sqlite").unlink()
    prepare(embedded_settings("reporting", folder), service_class("reporting").language)
    with opened(folder, "reporting") as house:
        prepare_followers(service_class("reporting"), house)

    assert ("witness.silent", "reporting: no event of assistance") in findings()


BOOKED = ("grant-1.1", "grant-2.2", "grant-3.1", "grant-4.1")


def books(folder: Path, *lines: tuple[str, int]) -> str:
    file = folder / "books.csv"
    file.write_text("line_id,amount_fen\n" + "".join(f"{line},{fen}\n" for line, fen in lines))
    return str(file)


def test_bank_books_that_agree(folder: Path) -> None:
    agreeing = books(folder, *((each, AMOUNT_FEN) for each in BOOKED))

    status, told = gonghui("audit", "replay", "--bank-books", agreeing)
    assert (status, told["findings"]) == (0, [])


def test_the_books_that_the_bank_double_shows_are_those_that_the_replay_takes(folder: Path) -> None:
    bank_file = io.StringIO()
    rows = csv.writer(bank_file, lineterminator="\n")
    rows.writerow(("batch", "first", len(BOOKED), f"{len(BOOKED) * AMOUNT_FEN // 100}.00", "digest"))
    rows.writerow(("line_id", "holder_name", "account_number", "amount_yuan", "purpose"))
    rows.writerows((line, "张小明", "62000000000001", f"{AMOUNT_FEN // 100}.00", "") for line in BOOKED)
    (folder / "bank.csv").write_text(bank_file.getvalue())
    bank = [sys.executable, "-m", "demo.bank_double"]
    kept, shown = str(folder / "books.db"), str(folder / "shown.csv")
    run = partial(subprocess.run, cwd=ROOT, check=True)

    run([*bank, "pay", kept, str(folder / "bank.csv"), str(folder / "results.csv")])
    run([*bank, "books", kept, shown])
    assert gonghui("audit", "replay", "--bank-books", shown)[0] == 0
    run([*bank, "say", kept, "first", str(folder / "results.csv"), "grant-1.1=paid"])
    run([*bank, "books", kept, shown])
    assert ("bank.paid_twice", "line grant-1.1: 2 times") in findings("--bank-books", shown)


def test_bank_books_that_differ(folder: Path) -> None:
    differing = books(folder, *((each, AMOUNT_FEN) for each in BOOKED[1:]), ("grant-9.1", 5))

    assert findings("--bank-books", differing) == [
        ("bank.differs", f"line grant-1.1: bank 0 fen, log {AMOUNT_FEN} fen"),
        ("bank.differs", "line grant-9.1: bank 5 fen, log 0 fen"),
    ]


def test_bank_books_that_paid_a_line_twice(folder: Path) -> None:
    twice = books(folder, *((each, AMOUNT_FEN) for each in (*BOOKED, "grant-1.1")))

    assert findings("--bank-books", twice) == [
        ("bank.paid_twice", "line grant-1.1: 2 times"),
        ("bank.differs", f"line grant-1.1: bank {2 * AMOUNT_FEN} fen, log {AMOUNT_FEN} fen"),
    ]


def test_bank_books_that_cannot_be_read_are_a_mistake_and_no_finding(folder: Path) -> None:
    (folder / "books.csv").write_text("line,fen\n")

    assert gonghui("audit", "replay", "--bank-books", str(folder / "books.csv"))[0] == 2
