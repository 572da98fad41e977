"""The bank double: a process of its own that pays whatever bank files hand it, and keeps its own books.

It takes a batch id once. It pays every line that it is handed and never looks for duplicates, so that its
books tell honestly whether somebody was paid twice. They are a database file to which rows are only added:

    python -m demo.bank_double pay BOOKS BANK_FILE RESULT_FILE [--fail LINE_ID=CODE] [--fail-every N=CODE]
    python -m demo.bank_double say BOOKS BATCH_ID RESULT_FILE LINE_ID=OUTCOME[:CODE] …
    python -m demo.bank_double books BOOKS FILE.csv      what has left, for gonghui audit replay --bank-books
"""

import argparse
import csv
import io
import os
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import NamedTuple

BOOKS = """
CREATE TABLE IF NOT EXISTS accepted (
    batch_id TEXT PRIMARY KEY, digest TEXT NOT NULL, lines INTEGER NOT NULL, amount_fen INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS booked (
    number INTEGER PRIMARY KEY AUTOINCREMENT, batch_id TEXT NOT NULL, line_id TEXT NOT NULL,
    account_number TEXT NOT NULL, outcome TEXT NOT NULL, amount_fen INTEGER NOT NULL, code TEXT NOT NULL
);
CREATE TRIGGER IF NOT EXISTS accepted_stays BEFORE UPDATE ON accepted BEGIN SELECT RAISE(FAIL, 'stays'); END;
CREATE TRIGGER IF NOT EXISTS accepted_kept BEFORE DELETE ON accepted BEGIN SELECT RAISE(FAIL, 'kept'); END;
CREATE TRIGGER IF NOT EXISTS booked_stays BEFORE UPDATE ON booked BEGIN SELECT RAISE(FAIL, 'stays'); END;
CREATE TRIGGER IF NOT EXISTS booked_kept BEFORE DELETE ON booked BEGIN SELECT RAISE(FAIL, 'kept'); END;
"""
"""``booked``: a row for each line paid, failed or returned; an outcome ``paid`` means that money has left."""


class Line(NamedTuple):
    line_id: str
    account_number: str
    amount_fen: int


class Booked(NamedTuple):
    line_id: str
    outcome: str
    amount_fen: int
    code: str


class RefusedFileError(Exception):
    """The bank does not take this file."""


class BankDouble:
    """The books of the bank.

    Args:
        books: the file that holds them.
    """

    def __init__(self, books: Path) -> None:
        books.parent.mkdir(parents=True, exist_ok=True)
        self._books = sqlite3.connect(books, isolation_level=None)
        self._books.execute("PRAGMA journal_mode = WAL")
        self._books.execute("PRAGMA synchronous = FULL")
        self._books.executescript(BOOKS)

    def close(self) -> None:
        self._books.close()

    def pay(self, bank_file: str, failing: dict[str, str]) -> str:
        """Take a bank file and pay its lines; the batch's id. A batch taken before is not paid again.

        Args:
            failing: codes of the lines that fail.

        Raises:
            RefusedFileError: it is no bank file, its sums do not hold, or its batch was taken with others.
        """
        batch_id, lines = _read(bank_file)
        digest = sha256(bank_file.encode()).hexdigest()
        self._books.execute("BEGIN IMMEDIATE")
        try:
            taken = self._books.execute(
                "SELECT digest FROM accepted WHERE batch_id = ?", (batch_id,)
            ).fetchone()
            if taken is None:
                amount_fen = sum(line.amount_fen for line in lines)
                self._books.execute(
                    "INSERT INTO accepted VALUES (?, ?, ?, ?)", (batch_id, digest, len(lines), amount_fen)
                )
                self._book(
                    batch_id,
                    (
                        (line, "failed" if line.line_id in failing else "paid", failing.get(line.line_id, ""))
                        for line in lines
                    ),
                )
            self._books.execute("COMMIT")
        except BaseException:
            self._books.execute("ROLLBACK")
            raise
        if taken is not None and taken[0] != digest:
            raise RefusedFileError(f"batch {batch_id} was taken before, with other lines")
        return batch_id

    def say(self, batch_id: str, line_id: str, outcome: str, code: str = "") -> None:
        """Let something else become of a line later: a failed one is paid after all, a paid one returned."""
        found = self._books.execute(
            "SELECT account_number, amount_fen FROM booked WHERE batch_id = ? AND line_id = ?",
            (batch_id, line_id),
        ).fetchone()
        if found is None:
            raise RefusedFileError(f"the bank has no line {line_id} in batch {batch_id}")
        self._book(batch_id, [(Line(line_id, found[0], found[1]), outcome, code)])

    def results(self, batch_id: str) -> list[Booked]:
        """All that has become of a batch's lines, in the order of booking."""
        rows = self._books.execute(
            "SELECT line_id, outcome, amount_fen, code FROM booked WHERE batch_id = ? ORDER BY number",
            (batch_id,),
        )
        return [Booked(*row) for row in rows]

    def paid(self) -> list[tuple[str, str, int]]:
        """Every payment that ever left: line, account, amount in fen; returned ones too."""
        return self._books.execute(
            "SELECT line_id, account_number, amount_fen FROM booked WHERE outcome = 'paid' ORDER BY number"
        ).fetchall()

    def _book(self, batch_id: str, rows: Iterable[tuple[Line, str, str]]) -> None:
        self._books.executemany(
            "INSERT INTO booked (batch_id, line_id, account_number, outcome, amount_fen, code)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                (batch_id, line.line_id, line.account_number, outcome, line.amount_fen, code)
                for line, outcome, code in rows
            ),
        )


def _read(bank_file: str) -> tuple[str, list[Line]]:
    rows = list(csv.reader(io.StringIO(bank_file)))
    match rows[:1]:
        case [["batch", batch_id, count, amount, _]]:
            lines = [Line(row[0], row[2], _fen(row[3])) for row in rows[2:]]
        case _:
            raise RefusedFileError("this is no bank file")
    if (len(lines), sum(line.amount_fen for line in lines)) != (int(count), _fen(amount)):
        raise RefusedFileError("count or total in the header do not hold")
    return batch_id, lines


def _fen(yuan: str) -> int:
    whole, _, rest = yuan.partition(".")
    return int(whole) * 100 + int(rest.ljust(2, "0"))


def result_file(batch_id: str, booked: Sequence[Booked]) -> str:
    """What the bank sends back."""
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\n")
    rows.writerow(("results", batch_id, len(booked)))
    rows.writerow(("line_id", "outcome", "amount_yuan", "code"))
    for each in booked:
        yuan, fen = divmod(each.amount_fen, 100)
        rows.writerow((each.line_id, each.outcome, f"{yuan}.{fen:02}", each.code))
    return written.getvalue()


def books_file(paid: Sequence[tuple[str, str, int]]) -> str:
    """What the bank shows an auditor: each payment that ever left, a line each, without the account."""
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\n")
    rows.writerow(("line_id", "amount_fen"))
    rows.writerows((line_id, amount_fen) for line_id, _, amount_fen in paid)
    return written.getvalue()


def write_whole(file: Path, text: str) -> None:
    """Write a file that appears whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{token_hex(4)}")
    with draft.open("w", encoding="utf-8") as writing:
        writing.write(text)
        writing.flush()
        os.fsync(writing.fileno())
    draft.replace(file)


def failing_lines(bank_file: str, named: Sequence[str], every: str | None) -> dict[str, str]:
    """Which lines are to fail, with the code.

    Args:
        named: each ``LINE_ID=CODE``.
        every: ``N=CODE``: each Nth line.
    """
    failing = dict(each.split("=", 1) for each in named)
    if every is not None:
        number, code = every.split("=", 1)
        _, lines = _read(bank_file)
        failing |= {line.line_id: code for line in lines[int(number) - 1 :: int(number)]}
    return failing


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m demo.bank_double", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    pay = commands.add_parser("pay")
    pay.add_argument("books", type=Path)
    pay.add_argument("bank_file", type=Path)
    pay.add_argument("result_file", type=Path)
    pay.add_argument("--fail", action="append", default=[], metavar="LINE_ID=CODE")
    pay.add_argument("--fail-every", metavar="N=CODE")
    say = commands.add_parser("say")
    say.add_argument("books", type=Path)
    say.add_argument("batch_id")
    say.add_argument("result_file", type=Path)
    say.add_argument("outcomes", nargs="+", metavar="LINE_ID=OUTCOME[:CODE]")
    books = commands.add_parser("books")
    books.add_argument("books", type=Path)
    books.add_argument("file", type=Path)
    chosen = parser.parse_args()
    if chosen.command == "books":
        if not chosen.books.is_file():
            parser.exit(1, f"there are no books {chosen.books}\n")
        with closing(BankDouble(chosen.books)) as bank:
            write_whole(chosen.file, books_file(bank.paid()))
        return
    with closing(BankDouble(chosen.books)) as bank:
        try:
            if chosen.command == "pay":
                text = chosen.bank_file.read_text(encoding="utf-8")
                batch_id = bank.pay(text, failing_lines(text, chosen.fail, chosen.fail_every))
                told = bank.results(batch_id)
            else:
                batch_id, before = chosen.batch_id, len(bank.results(chosen.batch_id))
                for each in chosen.outcomes:
                    line_id, _, outcome = each.partition("=")
                    outcome, _, code = outcome.partition(":")
                    bank.say(batch_id, line_id, outcome, code)
                told = bank.results(batch_id)[before:]
        except RefusedFileError as refused:
            parser.exit(1, f"{refused}\n")
    write_whole(chosen.result_file, result_file(batch_id, told))


if __name__ == "__main__":
    main()
