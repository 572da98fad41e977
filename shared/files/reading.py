"""Reading spreadsheets that nobody vouches for: workbooks and text files, within limits."""

import csv
import io
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NoReturn

import msgspec

from shared.files.cells import Cell
from shared.files.sheet import Row, Sheet
from shared.files.unreadable import Unreadable

FILE_BYTES_MAX = 64 * 1024 * 1024
ROWS_MOST = 200_000
COLUMNS_MOST = 200
CELL_LONGEST = Cell.longest
UNPACKED_BYTES_MAX = 400 * 1024 * 1024
TEXT_MOST = 100_000_000
"""How many characters all cells may hold together."""
ENCODINGS = ("utf-8-sig", "gb18030")
SEPARATORS = ",\t;"

EXTRACTING = (sys.executable, "-I", "-m", "shared.files.extracting")
WORKBOOK_BEGINNINGS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""Of xlsx, xlsb and ods; of xls, and of any that has a password."""
NOT_TEXT = b"\x00"


def read_sheets(file: Path) -> list[Sheet]:
    """The sheets of a workbook that are shown, or the one of a text file; cells as text.

    Raises:
        Unreadable: it is too large, damaged, in another encoding, or no spreadsheet.
    """
    try:
        size = file.stat().st_size
        with file.open("rb") as opened:
            beginning = opened.read(4)
    except OSError:
        raise Unreadable(
            "无法打开文件", "the file cannot be opened", "请检查路径和权限", "look at its path and rights"
        ) from None
    if size > FILE_BYTES_MAX:
        _too_large(f"文件超过{FILE_BYTES_MAX // 2**20}MB", f"it is over {FILE_BYTES_MAX // 2**20} MB")
    if beginning in WORKBOOK_BEGINNINGS:
        return _workbook(file)
    return [Sheet("", list(_text_rows(file.read_bytes())))]


def _workbook(file: Path) -> list[Sheet]:
    """What the extracting process finds; it ends when it took too much time or memory."""
    if _unpacked_bytes(file) > UNPACKED_BYTES_MAX:
        _too_large(
            f"解压后超过{UNPACKED_BYTES_MAX // 2**20}MB",
            f"it unpacks to over {UNPACKED_BYTES_MAX // 2**20} MB",
        )
    limits = (str(each) for each in (ROWS_MOST, COLUMNS_MOST, CELL_LONGEST))
    program = [*EXTRACTING, str(file.resolve()), *limits]
    with subprocess.Popen(  # noqa: S603 - our own program
        program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None  # noqa: S101 - it was asked for
        try:
            sheets, whole = _extracted(process.stdout)
        finally:
            process.kill()
    if not whole:
        raise Unreadable(
            "无法读取工作簿：文件已损坏、有密码，或内容过大",
            "the workbook cannot be read: it is damaged, has a password, or holds too much",
            "请用表格软件打开后另存为不带密码的xlsx，再试一次",
            "open it, save it as xlsx without a password, and try again",
        )
    return sheets


def _unpacked_bytes(file: Path) -> int:
    """What the archive says of itself; what lies about it meets the limits of the extracting process."""
    try:
        with zipfile.ZipFile(file) as archive:
            return sum(each.file_size for each in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError):
        return 0


def _extracted(output: IO[bytes]) -> tuple[list[Sheet], bool]:
    """The sheets, and whether the process came to its end."""
    sheets: list[Sheet] = []
    rows: list[Row] = []
    text = 0
    for line in output:
        text += len(line)
        if text > TEXT_MOST:
            _too_large("内容过多", "it holds too much")
        told: dict[str, Any] = msgspec.json.decode(line)
        if "row" in told:
            rows.append(_row(told["row"], told["cells"]))
        elif "sheet" in told:
            rows = []
            sheets.append(Sheet(told["sheet"], rows))
        else:
            return sheets, True
    return sheets, False


def _text_rows(content: bytes) -> Iterator[Row]:
    """The rows of a text file that separates values."""
    reader = csv.reader(io.StringIO(text := _decoded(content), newline=""), delimiter=_separator(text))
    csv.field_size_limit(FILE_BYTES_MAX)
    try:
        for number, cells in enumerate(reader, 1):
            yield _row(number, [_unquoted(each) for each in cells])
    except csv.Error:
        raise Unreadable(
            "文本文件的格式有误",
            "the text file is malformed",
            "请检查引号是否成对",
            "see whether quotes come in pairs",
        ) from None


def _decoded(content: bytes) -> str:
    if NOT_TEXT not in content:
        for encoding in ENCODINGS:
            try:
                return content.decode(encoding)
            except UnicodeDecodeError:
                continue
    raise Unreadable(
        "既不是工作簿，也不是UTF-8或GB18030编码的文本",
        "it is neither a workbook nor text in UTF-8 or GB18030",
        "请另存为xlsx，或“CSV UTF-8”格式",
        "save it as xlsx, or as CSV in UTF-8",
    )


def _separator(text: str) -> str:
    """Whichever stands most often in the line that has most of them; titles above have none."""
    lines = text[:10_000].splitlines()
    return max(SEPARATORS, key=lambda each: max((line.count(each) for line in lines), default=0))


def _unquoted(cell: str) -> str:
    """A cell without what keeps spreadsheet programs from taking a long number for a number."""
    text = cell.strip()
    if text.startswith('="') and text.endswith('"'):
        return text[2:-1]
    return text[1:] if text.startswith("'") else cell


def _row(number: int, cells: list[str]) -> Row:
    """A row within the limits. Raises Unreadable."""
    if number > ROWS_MOST:
        _too_large(f"超过{ROWS_MOST:,}行", f"it has more than {ROWS_MOST:,} rows")
    if len(cells) > COLUMNS_MOST:
        _too_large(f"第{number}行超过{COLUMNS_MOST}列", f"row {number} has over {COLUMNS_MOST} columns")
    if any(len(each) > CELL_LONGEST for each in cells):
        _too_large(
            f"第{number}行有超过{CELL_LONGEST}个字的单元格",
            f"row {number} has a cell of more than {CELL_LONGEST} characters",
        )
    return Row(number, tuple(cells))


def _too_large(zh: str, en: str) -> NoReturn:
    raise Unreadable(zh, en, "请分成几个文件，或删去多余内容", "split the file, or delete what is not needed")
