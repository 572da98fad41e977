"""``gonghui import``: a clerk's file goes in, and what cannot comes back with its reasons."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from demo.people import person
from services.membership.imports.member_columns import MEMBERS
from services.membership.service import MembershipService
from shared.cli import importing
from shared.cli.main import app
from shared.files.layout import find_headings
from shared.files.reading import read_sheets
from shared.runtime.door import Door
from tests.imports.office import MACHINERY, Office, open_office, row_of
from tests.runtime.suite import token_of

HEADINGS = {column.field: column.heading for column in MEMBERS.columns}
FIELDS = list(row_of(0))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("GONGHUI_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GONGHUI_FOLDER", str(tmp_path))
    return tmp_path


@pytest.fixture
def open_door(folder: Path) -> Iterator[Office]:
    """Membership answering at the door of its folder, and a clerk logged in there."""
    office = open_office(f"sqlite:///{folder / 'membership.sqlite'}", folder)
    office.follow()
    door = Door(folder, {MembershipService: office.house})
    door.start()
    (folder / "token").write_text(token_of(folder, "clerk"))
    yield office
    door.close()
    office.house.close()


def gonghui(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["import", "membership", *arguments])


def roster(file: Path, *rows: dict[str, str]) -> str:
    lines = [["会员名册"], [HEADINGS[field] for field in FIELDS]]
    lines += [[row.get(field, "") for field in FIELDS] for row in rows]
    file.write_text("\n".join(",".join(line) for line in lines), encoding="gb18030")
    return str(file)


def told(result: Result) -> dict[str, int]:
    counts: dict[str, int] = json.loads(result.stdout)["rows"]
    return counts


def test_a_roster_goes_in_page_by_page_and_again_changes_nothing(
    open_door: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "ROWS_A_CALL", 3)
    file = roster(tmp_path / "名册.csv", *(row_of(index) for index in range(7)))

    tried = gonghui("members", file, "--dry-run", "--json")
    before = open_door.position
    first = gonghui("members", file, "--json")
    recorded = open_door.position
    second = gonghui("members", file, "--json")

    assert (tried.exit_code, first.exit_code, second.exit_code) == (0, 0, 0), tried.output + first.output
    assert told(tried) == told(first) == {"new": 7, "changed": 0, "unchanged": 0, "refused": 0}
    assert told(second) == {"new": 0, "changed": 0, "unchanged": 7, "refused": 0}
    assert open_door.position == recorded == before + 14


def test_refused_rows_come_back_with_reasons_and_go_in_once_corrected(
    open_door: Office, tmp_path: Path
) -> None:
    file = roster(
        tmp_path / "名册.csv",
        row_of(0),
        row_of(1, mobile="123", joined_on=""),
        row_of(2, organisation="没有的工会"),
        row_of(0, mobile="19911111111"),
    )
    back = tmp_path / "退回.xlsx"

    result = gonghui("members", file, "--refused", str(back))
    sheet, headings = find_headings(MEMBERS, read_sheets(back))

    assert result.exit_code == 1
    assert "已导入：新增1，变更0，未变0，退回3" in result.stdout
    assert [row.cells[-1] for row in sheet.rows[1:]] == [
        "手机号：手机号应为11位数字，以13至19开头",
        "所属工会：找不到这个工会，请填写全称、上级/名称、组织编号或统一社会信用代码",
        "与第3行所指相同，同一文件中只能有一行",
    ]
    assert headings.unknown == ()
    again = gonghui("members", str(back), "--json")
    assert told(again) == {"new": 0, "changed": 1, "unchanged": 0, "refused": 2}


def test_reasons_are_given_in_the_language_that_was_asked_for(open_door: Office, tmp_path: Path) -> None:
    file = roster(tmp_path / "roster.csv", row_of(1, mobile="123"), row_of(2), row_of(2))

    result = gonghui("members", file, "--lang", "en", "--json", "--dry-run")

    assert [each["reason"] for each in json.loads(result.stdout)["refused"]] == [
        "手机号: must be 11 digits that begin with 13 to 19",
        "is about the same as row 4; a file has one row",
    ]


def test_nothing_personal_is_shown_of_refused_rows(open_door: Office, tmp_path: Path) -> None:
    someone = person(1)
    file = roster(tmp_path / "a.csv", row_of(1, mobile="139 0000"))

    shown = gonghui("members", file).output

    assert "第3行" in shown
    assert str(someone.identity_number) not in shown
    assert str(someone.name) not in shown


def test_what_a_sheet_lacks_or_has_too_much_of_is_told(open_door: Office, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(f"序号,姓名,身份证号,所属工会,民族\n1,张,11010519491231002X,{MACHINERY},汉\n")

    result = gonghui("members", str(file))

    assert result.exit_code == 1
    assert "未读取的栏目：序号、民族" in result.stdout
    assert "没有的栏目：" in result.stdout
    assert "手机号：必须填写" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("members", "none.xlsx"), "无法打开文件"),
        (("clubs", "none.xlsx"), "不导入"),
        (("members", "none.xlsx", "--refused", "out.csv"), "xlsx"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(
    folder: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    result = gonghui(*arguments)

    assert result.exit_code == 2
    assert sentence in result.stderr


def test_without_services_one_is_told_to_start_them(folder: Path) -> None:
    (folder / "token").write_text(token_of(folder, "clerk"))
    result = gonghui("members", roster(folder / "a.csv", row_of(0)))

    assert result.exit_code == 2
    assert "gonghui up" in result.stderr
    assert "再次导入同一文件即可继续" in result.stderr
