"""Result files of the bank: each row says what became of one line, found by its id."""

import csv
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, get_args

from services.assistance.aggregates.batch.commands import RecordResults, Result
from services.assistance.events.payment import Outcome, ReturnCode
from shared.rules.refusal import Refusal
from shared.runtime.calls import Call
from shared.runtime.commands import Request
from shared.standards.invalid import Invalid
from shared.standards.money import parse_yuan

COLUMNS = ("line_id", "outcome", "amount_yuan", "code")
LINE_ID_LONGEST = 64
FILE_BYTES_MOST = 16_000_000
"""A row takes fifty; a batch has ten thousand at most."""
A_COMMAND = 1_000
"""Rows recorded at a time."""
IN = Path("bank") / "in"
"""Where the bank puts its files, among the files of the service."""

ANOTHER_BATCH = Refusal(
    "bank_results.another_batch",
    zh="回盘文件属于另一批次",
    en="the result file is of another batch",
)
NOT_A_RESULT_FILE = Refusal(
    "bank_results.form", zh="不是银行回盘文件", en="this is no result file of the bank"
)
ROWS_MISSING = Refusal(
    "bank_results.rows_missing",
    zh="回盘文件应有{said}行，实有{found}行",
    en="the result file says that it has {said} rows; {found} are there",
)
NO_FILE = Refusal("bank_results.no_file", zh="没有此回盘文件", en="there is no such result file")
NOT_READABLE = Refusal(
    "bank_results.not_readable",
    zh="服务无权读取此回盘文件，请检查文件权限",
    en="the service may not read this result file; look at the file's rights",
)
TOO_LARGE = Refusal(
    "bank_results.too_large",
    zh="回盘文件超过{most_mb}MB",
    en="the result file is larger than {most_mb} MB",
)


def record_result_file(
    call: Call, *, batch_id: str, organisation_id: str, name: str, answered_on: date
) -> dict[str, Any]:
    """Record what a result file in the folder ``bank/in`` says; read again it changes nothing.

    Also the cashier who released the batch may have it read: what is recorded is the bank's file, with its
    digest, and nothing of it is typed by hand.

    Returns:
        ``rows`` that could be read, the numbers of ``unreadable`` ones, and the last ``position``: what was
        new of them, what contradicts and what is of no line is told by the batch.
    """
    text = text_of(call.house.settings.files / IN / Path(name).name)
    file_digest = sha256(text.encode()).hexdigest()
    results, unreadable = results_in(text, batch_id)
    position = 0
    for start in range(0, len(results), A_COMMAND):
        command = RecordResults(
            batch_id=batch_id,
            organisation_id=organisation_id,
            results=tuple(results[start : start + A_COMMAND]),
            file_digest=file_digest,
            answered_on=answered_on,
        )
        position = call.house.handle(Request(command, call.actor)).position
    return {"rows": len(results), "unreadable": unreadable, "position": position}


def text_of(file: Path) -> str:
    """What stands in a result file.

    Raises the refusals ``bank_results.no_file``, ``.not_readable``, ``.too_large`` and ``.form``.
    """
    try:
        with file.open("rb") as opened:
            content = opened.read(FILE_BYTES_MOST + 1)
    except (FileNotFoundError, IsADirectoryError):
        raise NO_FILE(field="name") from None
    except OSError:
        raise NOT_READABLE(field="name") from None
    if len(content) > FILE_BYTES_MOST:
        raise TOO_LARGE(field="name", most_mb=FILE_BYTES_MOST // 1_000_000)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise NOT_A_RESULT_FILE(field="name") from None


def results_in(text: str, batch_id: str) -> tuple[list[Result], list[int]]:
    """What a result file says, and the numbers of its rows that cannot be read.

    What stands in those may be anybody's data and is not repeated.

    The first row is ``results``, the batch and the number of rows; then come headings, then the rows.

    Raises the refusals ``bank_results.form``, ``.another_batch`` and ``.rows_missing``.
    """
    rows = list(csv.reader(text.splitlines()))
    match rows[:2]:
        case [["results", told_batch, said], [*headings]] if tuple(headings) == COLUMNS:
            if told_batch != batch_id:
                raise ANOTHER_BATCH(field="batch_id")
            if said != str(len(rows) - 2):
                raise ROWS_MISSING(said=said, found=len(rows) - 2)
        case _:
            raise NOT_A_RESULT_FILE(field="name")
    results: list[Result] = []
    unreadable: list[int] = []
    for number, row in enumerate(rows[2:], 3):
        result = _result(row)
        if result is None:
            unreadable.append(number)
        else:
            results.append(result)
    return results, unreadable


def _result(row: list[str]) -> Result | None:
    match row:
        case [line_id, outcome, amount, code] if outcome in get_args(Outcome):
            if code and code not in get_args(ReturnCode):
                code = "bank_other"
            if not 0 < len(line_id) <= LINE_ID_LONGEST:
                return None
            try:
                amount_fen = parse_yuan(amount)
            except Invalid:
                return None
            return Result(
                line_id=line_id,
                outcome=outcome,  # type: ignore[arg-type]
                amount_fen=amount_fen,
                code=code or None,  # type: ignore[arg-type]
            )
        case _:
            return None
