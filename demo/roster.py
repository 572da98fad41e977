"""The district's tree and its members, out of spreadsheets that the plan's people fill."""

import csv
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import xlsxwriter

from demo.calling import ROWS_A_CALL, Unexpected
from demo.population import FEDERATION, MemberRow, Population
from services.membership.imports import LAYOUTS
from shared.files.layout import find_headings
from shared.files.pages import pages_of
from shared.files.reading import read_sheets

RETIRED_AT = {"male": 60, "female": 55}
ORGANISATION_HEADINGS = ("工会名称", "组织编号", "组织类型", "层级", "上级工会", "建会日期", "批准文号")
MEMBER_HEADINGS = (
    "姓名",
    "身份证号",
    "手机号",
    "就业状态",
    "新就业群体",
    "农民工",
    "所属工会",
    "入会日期",
    "同意书版本",
)

Advance = Callable[[int], None]
"""Is told how many rows more are done."""


def write_organisations(file: Path, population: Population) -> None:
    """The tree below the federation as a workbook."""
    with xlsxwriter.Workbook(file) as workbook:
        sheet = workbook.add_worksheet("工会组织")
        sheet.write_row(0, 0, ORGANISATION_HEADINGS)
        for row, each in enumerate([*population.towns, *population.unions], 1):
            is_town = each.parent_id == FEDERATION
            kind, level = ("工会联合会", "街道乡镇") if is_town else ("基层工会", "基层")
            basis = f"门工组〔2003〕{row}号"
            cells = (each.name, each.organisation_id, kind, level, each.parent_id, "2003-05-01", basis)
            sheet.write_row(row, 0, cells)


def write_roster(file: Path, population: Population) -> None:
    """The roster as text in the encoding that spreadsheet programs of the offices write."""
    with file.open("w", encoding="gb18030", newline="") as written:
        rows = csv.writer(written)
        rows.writerow(MEMBER_HEADINGS)
        rows.writerows(roster_cells(each, population.plan.district.year) for each in population.roster())


def roster_cells(row: MemberRow, year: int) -> tuple[str, ...]:
    """A member's cells as the office typed them."""
    somebody = row.somebody
    number = int(somebody.mobile[-7:])
    retired = year - somebody.born_on.year > RETIRED_AT[somebody.sex]
    return (
        somebody.name,
        somebody.identity_number,
        somebody.mobile,
        "退休" if retired else "在岗",
        "快递员" if number % 41 == 0 else "无",
        "是" if number % 7 == 0 else "否",
        row.union.name,
        row.joined_on.isoformat(),
        f"{year}-1",
    )


def take_in(
    kind: str, file: Path, method: Callable[..., Any], advance: Advance, **given: Any
) -> Counter[str]:
    """Import a spreadsheet as the command line does; how many rows became what."""
    layout = LAYOUTS[kind]
    sheet, headings = find_headings(layout, read_sheets(file))
    rows = [headings.read(each) for each in sheet.rows if each.number > headings.row.number]
    del sheet
    counted: Counter[str] = Counter()
    for page in pages_of(layout.parents(rows), ROWS_A_CALL):
        for index, answer in zip(
            page.indexes, method(rows=[rows[index] for index in page.indexes], **given), strict=True
        ):
            if index in page.own:
                counted[answer["row"]] += 1
                if answer["row"] == "refused":
                    raise Unexpected(f"row {index + 1}: {answer['refused']['en']}")
        advance(len(page.own))
    return counted
