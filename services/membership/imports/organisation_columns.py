"""The tree of organisations as a sheet: its headings, how cells are read, which row stands above which."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from services.membership.projections.organisation_names import Path
from shared.files.cells import Read, day, one_of, plain_text
from shared.files.layout import Column, Fields, Layout
from shared.runtime.forms import IDENTITY_LONGEST
from shared.runtime.refusals import FIELD_IDENTITY, wrong
from shared.standards.credit_code import CreditCode
from shared.standards.text import tidy

KIND = {
    "总工会": "federation",
    "工会联合会": "basic_union_federation",
    "行业工会联合会": "basic_union_federation",
    "基层工会": "basic_union",
    "单独基层工会": "basic_union",
    "联合基层工会": "joint_basic_union",
    "组织员": "organiser",
    "分工会": "branch",
    "分会": "branch",
    "小组": "group",
    "工会小组": "group",
}
LEVEL = {
    "全国": 1,
    "省级": 2,
    "市级": 3,
    "地市级": 3,
    "盟": 3,
    "区级": 4,
    "县级": 4,
    "区县级": 4,
    "旗": 4,
    "街道": 5,
    "镇": 5,
    "乡": 5,
    "苏木": 5,
    "开发区": 5,
    "乡镇": 5,
    "街道乡镇": 5,
    "社区": 6,
    "村": 6,
    "嘎查": 6,
    "园区": 6,
    "行业": 6,
    "基层": 7,
    "基层工会": 7,
    "分会": 8,
    "分工会": 8,
    "小组": 9,
} | {f"{level}{ending}": level for level in range(1, 10) for ending in ("", ".0", "级")}

_SEPARATOR = re.compile(r"\s*[/\\>＞/→]\s*")
_is_number = re.compile(r"[A-Za-z0-9._:-]{1,64}").fullmatch


def number(text: str) -> str:
    """The organisation's number, which becomes its identity."""
    text = tidy(text)
    if not _is_number(text):
        raise wrong(FIELD_IDENTITY, longest=IDENTITY_LONGEST)
    return text


READS: Mapping[str, Read] = {
    "name": plain_text,
    "number": number,
    "kind": one_of(KIND),
    "level": one_of(LEVEL),
    "parent": plain_text,
    "credit_code": CreditCode.parse,
    "founded_on": day,
    "basis": plain_text,
}


def path_of(reference: str) -> Path:
    """The names in what a cell says of an organisation: its own, perhaps after those above it."""
    return tuple(each for each in _SEPARATOR.split(tidy(reference)) if each)


def parents_within(rows: Sequence[Fields]) -> list[int | None]:
    """For each row the one row that its parent's cell means; None where there is no such row, or several."""
    by_word: dict[str, set[int]] = defaultdict(set)
    for index, row in enumerate(rows):
        for field in ("number", "credit_code", "name"):
            if text := tidy(row.get(field, "")):
                by_word[text.upper() if field == "credit_code" else text].add(index)

    def meant(reference: str) -> set[int]:
        text = tidy(reference)
        if text in by_word or text.upper() in by_word:
            return by_word.get(text) or by_word[text.upper()]
        *above, own = path_of(text) or ("",)
        return {
            index
            for index in by_word.get(own, ())
            if not above or path_of(rows[index].get("parent", ""))[-1:] == (above[-1],)
        }

    found = [meant(parent) if (parent := row.get("parent", "")) else set() for row in rows]
    return [next(iter(each)) if len(each) == 1 else None for each in found]


def key_of(row: Fields) -> str | None:
    """What a row is about: its credit code or number, else its name under its parent."""
    for field in ("credit_code", "number"):
        if text := tidy(row.get(field, "")):
            return f"{field} {text.upper()}"
    name = tidy(row.get("name", ""))
    return f"name {tidy(row.get('parent', ''))}/{name}" if name else None


ORGANISATIONS = Layout(
    method="import_organisations",
    columns=(
        Column("name", "工会名称", ("组织名称", "工会组织名称", "工会全称", "名称"), required=True),
        Column("number", "组织编号", ("工会编号", "编号", "组织代码")),
        Column("kind", "组织类型", ("工会类型", "类型"), required=True),
        Column("level", "层级", ("组织层级", "级别"), required=True),
        Column("parent", "上级工会", ("上一级工会", "上级工会名称", "上级组织", "隶属工会"), required=True),
        Column("credit_code", "统一社会信用代码", ("信用代码", "工会法人统一社会信用代码", "社会信用代码")),
        Column("founded_on", "建会日期", ("成立日期", "建会时间", "成立时间"), required=True),
        Column("basis", "批准文号", ("批文", "批复文号", "建会批复"), required=True),
    ),
    key=key_of,
    parents=parents_within,
)
