"""Rows that come back: a workbook in the layout they were sent in, with the reason beside each."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from secrets import token_hex

import xlsxwriter

from shared.files.layout import REASON_HEADING, Headings, heading_key
from shared.files.sheet import Row

WIDTH = 20
REASON_WIDTH = 60


def return_rows(file: Path, headings: Headings, rows: Iterable[tuple[Row, str]]) -> None:
    """Write rows with their reasons, for their owner alone; a file of that name is replaced in one step.

    Every cell is text: nothing is run as a formula, no number loses digits.
    """
    columns = [place for place, text in enumerate(headings.row.cells) if heading_key(text) != REASON_HEADING]
    draft = file.with_name(f".{file.name}.{token_hex(4)}")
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        with xlsxwriter.Workbook(str(draft), {"constant_memory": True}) as workbook:
            sheet = workbook.add_worksheet()
            text = workbook.add_format({"num_format": "@"})
            bold = workbook.add_format({"num_format": "@", "bold": True})
            sheet.freeze_panes(1, 0)
            sheet.set_column(0, max(len(columns) - 1, 0), WIDTH, text)
            sheet.set_column(len(columns), len(columns), REASON_WIDTH, text)
            _write(sheet, 0, [*_chosen(headings.row.cells, columns), REASON_HEADING], bold)
            for number, (row, reason) in enumerate(rows, 1):
                _write(sheet, number, [*_chosen(row.cells, columns), reason], text)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


def _chosen(cells: Sequence[str], columns: Sequence[int]) -> list[str]:
    return [cells[place] if place < len(cells) else "" for place in columns]


def _write(sheet: xlsxwriter.worksheet.Worksheet, number: int, cells: Sequence[str], form: object) -> None:
    for place, cell in enumerate(cells):
        sheet.write_string(number, place, cell, form)
