"""Spreadsheets from outside: found headings, cells as text, limits, and rows that come back."""

import subprocess
import zipfile
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from services.membership.imports.member_columns import MEMBERS
from shared.files import reading
from shared.files.layout import Headings, find_headings
from shared.files.pages import pages_of
from shared.files.reading import read_sheets
from shared.files.returning import return_rows
from shared.files.sheet import Row, Sheet
from shared.files.unreadable import Unreadable

HEADINGS = ["序号", "姓名", "身份证号码", "手 机\n号", "所属工会（全称）"]
ZHANG = ["1", "张小明", "11010519491231002X", "19900000001", "永定机械厂工会"]
TITLE = ["门头沟区会员名册"]


def workbook(folder: Path, *rows: list[Any], name: str = "名册.xlsx") -> Path:
    file = folder / name
    with xlsxwriter.Workbook(str(file)) as made:
        form = made.add_format({"num_format": "yyyy-mm-dd"})
        sheet = made.add_worksheet("填写说明")
        sheet.write_string(0, 0, "请按说明填写")
        made.add_worksheet("代码").hide()
        sheet = made.add_worksheet("名册")
        for number, row in enumerate(rows):
            for place, cell in enumerate(row):
                if isinstance(cell, date):
                    sheet.write_datetime(number, place, datetime.combine(cell, datetime.min.time()), form)
                else:
                    sheet.write(number, place, cell)
    return file


def text_file(folder: Path, encoding: str, *rows: list[str], separator: str = ",") -> Path:
    file = folder / "名册.csv"
    file.write_bytes(
        "\r\n".join(separator.join(f'"{cell}"' for cell in row) for row in rows).encode(encoding)
    )
    return file


def members_in(file: Path) -> tuple[Headings, list[dict[str, str]]]:
    sheet, headings = find_headings(MEMBERS, read_sheets(file))
    below = [each for each in sheet.rows if each.number > headings.row.number and not each.is_blank]
    return headings, [headings.read(each) for each in below]


READ = {
    "name": "张小明",
    "identity_number": "11010519491231002X",
    "mobile": "19900000001",
    "organisation": "永定机械厂工会",
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_a_text_file_is_read_in_either_encoding(tmp_path: Path, encoding: str, separator: str) -> None:
    file = text_file(tmp_path, encoding, TITLE, HEADINGS, ZHANG, ["2", "䶮"], separator=separator)

    headings, rows = members_in(file)

    assert headings.row.number == 2
    assert headings.unknown == ("序号",)
    assert rows == [READ, {"name": "䶮"}]


def test_a_workbook_is_read_below_its_titles_and_without_its_blank_rows(tmp_path: Path) -> None:
    file = workbook(tmp_path, [], TITLE, [], HEADINGS, ZHANG, ["", " "], [2, "李强"])

    headings, rows = members_in(file)

    assert headings.row.number == 4
    assert rows == [READ, {"name": "李强"}]


def test_numbers_and_days_of_a_workbook_become_text_and_lost_digits_are_seen(tmp_path: Path) -> None:
    headings = ["姓名", "身份证号", "手机号", "入会日期", "农民工", "所属工会"]
    file = workbook(
        tmp_path, headings, ["甲", 110105194912310021, 19900000001, date(2024, 3, 1), True, "乙", "丙"]
    )

    _, (row,) = members_in(file)

    assert row == {
        "name": "甲",
        "identity_number": "1.10105194912310e+17",
        "mobile": "19900000001",
        "joined_on": "2024-03-01",
        "migrant_worker": "是",
        "organisation": "乙",
    }


def test_what_keeps_a_number_text_in_a_text_file_is_taken_off(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text('姓名,身份证号,所属工会\n甲,"=""11010519491231002X""",乙\n丙,\'11010519491231002X,丁\n')

    _, rows = members_in(file)

    assert [row["identity_number"] for row in rows] == ["11010519491231002X"] * 2


UNREADABLE: dict[str, tuple[bytes, str]] = {
    "another encoding": ("姓名,身份证号".encode("utf-16"), "UTF-8"),
    "a damaged workbook": (b"PK\x03\x04" + b"\x00" * 200, "工作簿"),
    "an old workbook with a password": (b"\xd0\xcf\x11\xe0" + b"\x00" * 600, "工作簿"),
    "no headings": (b"a,b\n1,2\n", "标题行"),
    "nothing": (b"", "标题行"),
    "a column that is missing": ("姓名,身份证号,手机号\n".encode(), "缺少栏目：所属工会"),
    "a column that stands twice": ("姓名,身份证号,身份证,所属工会\n".encode(), "重复：身份证号"),
    "a line without an end": (b'"' + b"a" * 200_000, "过"),
}


@pytest.mark.parametrize("wrong", UNREADABLE)
def test_a_file_that_cannot_be_used_is_told_in_a_sentence(tmp_path: Path, wrong: str) -> None:
    content, told = UNREADABLE[wrong]
    file = tmp_path / "a.csv"
    file.write_bytes(content)

    with pytest.raises(Unreadable) as unreadable:
        members_in(file)

    assert told in unreadable.value.zh + unreadable.value.hint_zh


def test_a_file_that_is_not_there_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="cannot be opened"):
        read_sheets(tmp_path / "none.xlsx")


def test_an_archive_that_unpacks_to_too_much_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "UNPACKED_BYTES_MAX", 40 * 2**20)
    file = tmp_path / "bomb.xlsx"
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part,
    ):
        for _ in range(45):
            part.write(b" " * 2**20)

    with pytest.raises(Unreadable, match="unpacks to over"):
        read_sheets(file)


def test_too_many_rows_columns_or_letters_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "ROWS_MOST", 5)
    monkeypatch.setattr(reading, "COLUMNS_MOST", 5)
    for rows in ([["a"]] * 6, [["a"] * 6], [["a" * 1_001]]):
        for file in (workbook(tmp_path, *rows), text_file(tmp_path, "utf-8", *rows)):
            with pytest.raises(Unreadable):
                read_sheets(file)


def test_rows_that_come_back_can_be_read_again_and_hold_no_formula(tmp_path: Path) -> None:
    file = text_file(tmp_path, "utf-8", HEADINGS, ["1", "=1+1", "11010519491231002X", "+8613", "@SUM(A1)"])
    sheet, headings = find_headings(MEMBERS, read_sheets(file))
    back = tmp_path / "退回.xlsx"

    return_rows(back, headings, [(sheet.rows[1], "手机号：应为11位")])
    again, rows = members_in(back)
    with zipfile.ZipFile(back) as archive:
        cells = archive.read("xl/worksheets/sheet1.xml").decode()

    assert again.row.cells[-1] == "错误原因"
    assert again.unknown == ("序号",)
    assert rows == [headings.read(sheet.rows[1])]
    assert rows[0]["name"] == "=1+1"
    assert "<f>" not in cells
    assert back.stat().st_mode & 0o077 == 0


def test_the_extracting_program_ends_on_what_is_no_workbook(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"nothing")
    program = [*reading.EXTRACTING, str(file), "5", "5", "5"]

    assert subprocess.run(program, check=False, capture_output=True).returncode == 1


@settings(max_examples=40, deadline=None)
@given(content=st.binary(max_size=300))
def test_any_file_is_read_or_told_to_be_unreadable(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = tmp_path_factory.mktemp("any") / "a"
    file.write_bytes(content)

    with suppress(Unreadable):
        members_in(file)


@given(
    parents=st.lists(st.none() | st.integers(0, 30), max_size=31).map(
        lambda given: [None if each is None or each >= len(given) else each for each in given]
    ),
    most=st.integers(1, 10),
)
def test_each_row_stands_in_one_page_after_those_above_it(parents: list[int | None], most: int) -> None:
    pages = list(pages_of(parents, most))

    assert sorted(index for page in pages for index in page.own) == list(range(len(parents)))
    assert all(len(page.indexes) <= most and page.own <= {*page.indexes} for page in pages)


def test_rows_know_where_they_stand() -> None:
    sheet = Sheet("", [Row(3, ("姓名", "身份证号", "所属工会"))])

    assert find_headings(MEMBERS, [sheet])[1].row.number == 3
