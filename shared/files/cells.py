"""Cells: what people write into them, read as what is meant, or a sentence on why that cannot be."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any, ClassVar, Self

from shared.standards.dates import parse_date
from shared.standards.invalid import Invalid
from shared.standards.text import check_text, tidy

TEXT_LONGEST = 200
Read = Callable[[str], Any]
"""Makes a value of a cell's text. Raises Invalid."""

YES, NO = ("是", "有", "√", "1", "y", "yes", "true"), ("否", "无", "不是", "×", "0", "n", "no", "false")
WORDS = {*YES, *NO}
OLDEST = date(1900, 1, 1)
_BRACKETS = str.maketrans("（）", "()")


class Cell(str):
    """A cell's text as a sheet has it: nothing is asked of it but that it is not endless."""

    __slots__ = ()
    pattern: ClassVar[str | None] = None
    longest: ClassVar[int] = 1_000
    example: ClassVar[str] = "张小明"

    @classmethod
    def parse(cls, text: str) -> Self:
        return cls(text)


def plain_text(text: str) -> str:
    """Text on one line."""
    return tidy(text)


def day(text: str) -> date:
    """A day of the calendar, also with a time behind it, as sheets are apt to have it."""
    found = _day(text.strip().partition(" ")[0].partition("T")[0] if ":" in text else text)
    if found < OLDEST:
        raise Invalid("date.too_early", "日期早于1900年", "lies before 1900")
    return found


_day = lru_cache(maxsize=10_000)(parse_date)  # in a roster the same days come again and again


def yes_or_no(text: str) -> bool:
    """Whether something is so."""
    word = text if text in WORDS else tidy(text).lower()
    if word in YES:
        return True
    if word in NO:
        return False
    raise Invalid("cell.yes_or_no", "应填写“是”或“否”", "must be 是 or 否")


def one_of(words: Mapping[str, Any]) -> Read:
    """One of some words; the first for each value are told where none fits."""
    told: dict[Any, str] = {}
    for word, value in words.items():
        told.setdefault(value, word)
    choices = "、".join(told.values())

    def read(text: str) -> Any:
        if text in words:
            return words[text]
        try:
            return words["".join(tidy(text).translate(_BRACKETS).lower().split())]
        except KeyError:
            raise Invalid(
                "cell.not_one_of", f"应为下列之一：{choices}", f"must be one of: {choices}"
            ) from None

    return read


def read_cells(
    cells: Mapping[str, str], reads: Mapping[str, Read]
) -> tuple[dict[str, Any], list[tuple[str, Invalid]]]:
    """The values of a row's cells by field, and what is wrong with the others.

    Args:
        cells: by field; blank ones are as if they were not there, and others than those of ``reads`` are
            passed over.
    """
    values: dict[str, Any] = {}
    wrong: list[tuple[str, Invalid]] = []
    for field, read in reads.items():
        text = cells.get(field, "")
        if not text or text.isspace():
            continue
        try:
            if len(text) > TEXT_LONGEST or not text.isprintable():
                text = check_text(text.strip(), TEXT_LONGEST)
            values[field] = read(text)
        except Invalid as invalid:
            wrong.append((field, invalid))
    return values, wrong
