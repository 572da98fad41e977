"""Layouts: which columns a kind of sheet has, under which headings, and where those stand in a sheet."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from shared.files.sheet import Row, Sheet
from shared.files.unreadable import Unreadable

HEADINGS_WITHIN = 20
"""The row of headings is one of the first so many; above it stand titles and remarks."""
REASON_HEADING = "错误原因"
"""The column that rows which come back carry; passed over when they are sent again."""

_DECORATION = re.compile(r"[\s*＊:：]|[（(【\[].*?[)）】\]]")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a layout.

    Args:
        field: under which its cells are sent.
        heading: as templates write it; ``aliases``: as others do.
        required: without it the sheet cannot be used at all.
    """

    field: str
    heading: str
    aliases: tuple[str, ...] = ()
    required: bool = False


Fields = Mapping[str, str]
"""A row's cells by field; what is blank is not there."""


def no_parents(rows: Sequence[Fields]) -> list[int | None]:
    return [None] * len(rows)


@dataclass(frozen=True, slots=True)
class Layout:
    """A kind of sheet.

    Args:
        method: the service's method that takes its rows.
        columns: what is read.
        key: names what a row is about, so that a second row about the same is found; None: it cannot be told.
        parents: for each row the index of another that has to come before it.
    """

    method: str
    columns: tuple[Column, ...]
    key: Callable[[Fields], str | None]
    parents: Callable[[Sequence[Fields]], list[int | None]] = no_parents

    def heading_of(self, field: str) -> str:
        """The heading under which people know a field; the field itself where they do not."""
        return next((each.heading for each in self.columns if each.field == field), field)


@dataclass(frozen=True, slots=True)
class Headings:
    """Where a layout's columns stand in a sheet.

    Args:
        row: the row of headings.
        fields: the field of each of its cells; None for one that is passed over.
        unknown: headings that mean nothing to the layout.
        missing: columns that the sheet does not have, and could do without.
    """

    row: Row
    fields: tuple[str | None, ...]
    unknown: tuple[str, ...]
    missing: tuple[Column, ...]

    def read(self, row: Row) -> dict[str, str]:
        """A row's cells by field."""
        pairs = zip(self.fields, row.cells, strict=False)
        return {field: text for field, cell in pairs if field is not None and (text := cell.strip())}


def find_headings(layout: Layout, sheets: Sequence[Sheet]) -> tuple[Sheet, Headings]:
    """The first sheet that has the layout's headings.

    Raises:
        Unreadable: none has; or required columns are missing, or one stands there twice.
    """
    found = [
        (len(fields), sheet, row, fields)
        for sheet in sheets
        for row in sheet.rows[:HEADINGS_WITHIN]
        if len(fields := _fields(layout, row)) > 1
    ]
    if not found:
        headings = "、".join(each.heading for each in layout.columns if each.required)
        raise Unreadable(
            f"前{HEADINGS_WITHIN}行中没有找到标题行",
            f"there is no row of headings among the first {HEADINGS_WITHIN}",
            f"标题行至少应有：{headings}",
            f"it should have at least: {headings}",
        )
    _, sheet, row, fields = max(found, key=lambda each: each[0])
    named = list(fields.values())
    if twice := sorted({layout.heading_of(each) for each in named if named.count(each) > 1}):
        raise Unreadable(
            f"第{row.number}行的栏目重复：{'、'.join(twice)}",
            f"columns stand twice in row {row.number}: {', '.join(twice)}",
            "请只保留其中一列",
            "keep only one of them",
        )
    absent = [each for each in layout.columns if each.field not in named]
    if required := [each.heading for each in absent if each.required]:
        raise Unreadable(
            f"缺少栏目：{'、'.join(required)}",
            f"columns are missing: {', '.join(required)}",
            f"请在第{row.number}行的标题中补上",
            f"add them to the headings in row {row.number}",
        )
    unknown = [
        text.strip()
        for place, text in enumerate(row.cells)
        if text.strip() and place not in fields and heading_key(text) != REASON_HEADING
    ]
    places = tuple(fields.get(place) for place in range(len(row.cells)))
    return sheet, Headings(row, places, tuple(unknown), tuple(absent))


def heading_key(text: str) -> str:
    """A heading without what differs from sheet to sheet: blanks, stars, colons, remarks in brackets."""
    return _DECORATION.sub("", unicodedata.normalize("NFKC", text)).lower()


def _fields(layout: Layout, row: Row) -> dict[int, str]:
    """The field of each cell that is one of the layout's headings, by place."""
    known = {
        heading_key(text): each.field
        for each in layout.columns
        for text in (each.heading, *each.aliases, each.field)
    }
    return {
        place: known[key]
        for place, cell in enumerate(row.cells)
        if cell and (key := heading_key(cell)) in known
    }
