"""Dates as people and spreadsheets write them (handbook, glossary 8.5; serials of the 1900 date system)."""

import re
from datetime import date, timedelta

from shared.standards.invalid import Invalid
from shared.standards.text import tidy

_DATE = re.compile(
    r"(?:([0-9]{4})\s*年\s*)?([0-9]{1,2})\s*月\s*([0-9]{1,2})\s*日"
    r"|(?:([0-9]{4})([-./]))?([0-9]{1,2})(?(5)\5|[-./])([0-9]{1,2})"
)
# Serials of fewer than five digits (before 18 May 1927) are not taken: 2017 in a cell is more often a year.
_SERIAL = re.compile(r"([1-9][0-9]{4})(?:\.0+)?")
# Day 60 of the system is a 29 February 1900 that never was, so later serials count from a day earlier.
_BEFORE_FIRST_DAY = date(1899, 12, 30)
_LONGEST_TYPED = 64

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2100, 12, 31)
"""Nobody whom the books name was born before, and nothing is planned for later: another day is a slip."""


def parse_date(text: str, *, year: int | None = None) -> date:
    """Returns the date of `2017-04-18`, `2017.4.18`, `2017/4/18`, `2017年4月18日` or the serial `42843`.

    Arguments: `year` is the year of the text around, used only where the date itself has none (`4月18日`).
    Refused: date.form, .year_missing, .does_not_exist, .range.
    """
    text = tidy(text) if len(text) <= _LONGEST_TYPED else ""
    if serial := _SERIAL.fullmatch(text):
        return within_range(_BEFORE_FIRST_DAY + timedelta(days=int(serial[1])))
    found = _DATE.fullmatch(text)
    if found is None:
        raise Invalid("date.form", "日期应写作 2017-04-18 或 2017年4月18日", "must be written as 2017-04-18")
    written_year = found[1] or found[4]
    if written_year is None and year is None:
        raise Invalid("date.year_missing", "日期缺少年份", "the date has no year")
    try:
        day = date(int(written_year or year or 0), int(found[2] or found[6]), int(found[3] or found[7]))
    except ValueError:
        raise Invalid("date.does_not_exist", "日期不存在", "is not a day of the calendar") from None
    return within_range(day)


def within_range(day: date) -> date:
    """Returns a day that lies between FIRST_DAY and LAST_DAY. Refused: date.range."""
    if not FIRST_DAY <= day <= LAST_DAY:
        raise Invalid("date.range", "年份应在1900至2100之间", "the year must lie between 1900 and 2100")
    return day
