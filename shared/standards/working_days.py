"""Working days by the State Council's yearly notice, and the day on which a period of them ends.

Source: handbook, assistance 1.5; 民法典 art. 201 (the day on which a period begins does not count).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from shared.standards.invalid import Invalid

DayKind = Literal["off", "makeup"]
Year = Mapping[date, DayKind]


@dataclass(frozen=True, slots=True)
class Calendar:
    """For each known year the days that depart from the plain week: days off and made-up working days."""

    years: Mapping[int, Year]

    def is_working_day(self, day: date) -> bool:
        """Refused: working_days.no_calendar, when the day's year is not known."""
        if day.year not in self.years:
            raise _no_calendar(day.year)
        kind = self.years[day.year].get(day)
        return kind == "makeup" or (kind is None and day.weekday() < 5)

    def nth_working_day(self, posted_on: date, n: int) -> date:
        """Returns the last day of a period of n working days; it ends at 24:00 of that day.

        The day of posting does not count and may itself be off.
        Refused: working_days.count when n is below 1; working_days.no_calendar.
        """
        if n < 1:
            raise Invalid("working_days.count", "工作日数至少为1", "must be at least one working day")
        day = posted_on
        while n:
            day += timedelta(days=1)
            n -= self.is_working_day(day)
        return day


def read_year(year: int, text: str) -> Year:
    """Returns a year's calendar from `2015; 1.1-1.3 2.18-2.24; 1.4 2.15`: the year, days off, made-up days.

    Refused: working_days.no_calendar when the text is that of another year, .form when it cannot be read.
    """
    try:
        of_year, off, makeup = (part.strip() for part in text.split(";"))
        days = _year(int(of_year), off=off, makeup=makeup)
    except ValueError:
        raise Invalid(
            "working_days.form",
            "节假日安排应写作“2015; 1.1-1.3; 1.4”：年份、放假日、调休上班日",
            "must be a year, its days off and its made-up working days: 2015; 1.1-1.3; 1.4",
        ) from None
    if int(of_year) != year:
        raise _no_calendar(year)
    return days


def _no_calendar(year: int) -> Invalid:
    return Invalid(
        "working_days.no_calendar",
        f"尚未载入{year}年的节假日安排，不能计算工作日",
        f"no calendar of {year} is loaded, so working days cannot be counted",
    )


def _year(year: int, *, off: str, makeup: str) -> Year:
    """Reads `1.1-1.3` and `2.15`: month and day, or the first and last of a run."""
    days: dict[date, DayKind] = {}
    kinds: tuple[tuple[DayKind, str], ...] = (("off", off), ("makeup", makeup))
    for kind, runs in kinds:
        for run in runs.split():
            first, last = (_day(year, end) for end in (run.split("-") * 2)[:2])
            days |= {first + timedelta(days=i): kind for i in range((last - first).days + 1)}
    return days


def _day(year: int, month_and_day: str) -> date:
    month, day = month_and_day.split(".")
    return date(year, int(month), int(day))


# The days as listed in the handbook, assistance 1.5 (sureness M). Notices 国办发明电〔2014〕28号 and, for
# 3 to 6 September, 国发明电〔2015〕1号.
YEAR_2015 = _year(
    2015,
    off="1.1-1.3 2.18-2.24 4.4-4.6 5.1-5.3 6.20-6.22 9.3-9.5 9.26-9.27 10.1-10.7",
    makeup="1.4 2.15 2.28 9.6 10.10",
)

# Notice 国办发明电〔2023〕7号 (sureness M: compare with its text before it is shown as law). 9 February,
# which the notice only encourages employers to give, is a working day.
YEAR_2024 = _year(
    2024,
    off="1.1 2.10-2.17 4.4-4.6 5.1-5.5 6.10 9.15-9.17 10.1-10.7",
    makeup="2.4 2.18 4.7 4.28 5.11 9.14 9.29 10.12",
)
