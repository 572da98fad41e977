"""A program of its own that takes the cells out of a workbook: ``python -m shared.files.extracting FILE``.

A workbook is a compressed archive from anybody. What it might do to whoever unpacks it ends with this
process, which has little memory and little time.
"""

import json
import resource
import sys
from datetime import date, datetime, time, timedelta
from typing import Any

MEMORY_BYTES_MAX = 1_000 * 1024 * 1024
PROCESSOR_SECONDS_MAX = 60
SHEETS_MOST = 10
DIGITS_KEPT = 15
"""So many digits of a number a workbook keeps; the others were zeros before anybody could read them."""


def main() -> int:
    file, rows_most, columns_most, cell_longest = sys.argv[1], *map(int, sys.argv[2:5])
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS_MAX, PROCESSOR_SECONDS_MAX))
    from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    try:
        workbook = CalamineWorkbook.from_path(file)
        shown = [
            each.name
            for each in workbook.sheets_metadata
            if each.typ == SheetTypeEnum.WorkSheet and each.visible == SheetVisibleEnum.Visible
        ]
        for name in shown[:SHEETS_MOST]:
            put({"sheet": name})
            sheet = workbook.get_sheet_by_name(name)
            for number, row in enumerate(sheet.iter_rows(), 1):
                cells = [text_of(cell)[: cell_longest + 1] for cell in row[: columns_most + 1]]
                while cells and not cells[-1]:
                    cells.pop()
                if cells:
                    put({"row": number, "cells": cells})
                if number > rows_most:
                    break
    except (CalamineError, OSError, ValueError, KeyError):
        return 1
    put({"end": True})
    return 0


def put(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")


def text_of(value: Any) -> str:
    """A cell as people see it; a number that has lost digits as one that shows it has."""
    match value:
        case str():
            return value
        case bool():
            return "是" if value else "否"
        case datetime():
            return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
        case int() | float():
            return number_text(value)
    return ""


def number_text(value: float) -> str:
    if abs(value) >= 10**DIGITS_KEPT:
        return f"{value:.{DIGITS_KEPT - 1}e}"
    return str(int(value)) if value == int(value) else repr(value)


if __name__ == "__main__":
    sys.exit(main())
