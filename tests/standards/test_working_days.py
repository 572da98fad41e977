"""Working days and the end of a public notice; the vectors are those of the handbook, assistance 1.5."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.standards.invalid import Invalid
from shared.standards.working_days import YEAR_2015, YEAR_2024, Calendar

calendar = Calendar({2015: YEAR_2015, 2024: YEAR_2024})


@pytest.mark.parametrize(
    ("posted_on", "working_days"),
    [
        (date(2024, 2, 8), [date(2024, 2, day) for day in (9, 18, 19, 20, 21)]),
        (date(2015, 2, 12), [date(2015, 2, day) for day in (13, 15, 16, 17, 25)]),
    ],
)
def test_a_notice_over_spring_festival_ends_as_in_the_handbook(
    posted_on: date, working_days: list[date]
) -> None:
    assert [calendar.nth_working_day(posted_on, n) for n in range(1, 6)] == working_days


@pytest.mark.parametrize("n", [3, 5, 7])
def test_the_day_of_posting_does_not_count(n: int) -> None:
    monday = date(2015, 3, 9)

    ends_on = calendar.nth_working_day(monday, n)

    assert ends_on == monday + timedelta(days=n + 2 * (n // 5))


def test_a_notice_posted_on_a_day_off_begins_with_the_next_working_day() -> None:
    saturday = date(2015, 3, 7)

    assert calendar.nth_working_day(saturday, 1) == date(2015, 3, 9)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2015, 1, 4), True),
        (date(2015, 9, 3), False),
        (date(2015, 9, 6), True),
        (date(2015, 10, 10), True),
        (date(2015, 10, 11), False),
        (date(2015, 10, 8), True),
        (date(2024, 5, 11), True),
        (date(2024, 10, 7), False),
    ],
)
def test_holidays_are_off_and_made_up_days_are_worked(day: date, works: bool) -> None:
    assert calendar.is_working_day(day) is works


@pytest.mark.parametrize(("year", "working_days"), [(2015, 249), (2024, 251)])
def test_the_shipped_calendars_have_the_working_days_of_their_year(year: int, working_days: int) -> None:
    days = (date(year, 1, 1) + timedelta(days=i) for i in range(365 + (year == 2024)))

    assert sum(calendar.is_working_day(day) for day in days) == working_days


@pytest.mark.parametrize("year", [YEAR_2015, YEAR_2024])
def test_days_are_made_up_only_on_weekends(year: dict[date, str]) -> None:
    assert all(day.weekday() >= 5 for day, kind in year.items() if kind == "makeup")


@pytest.mark.parametrize("posted_on", [date(2016, 3, 1), date(2015, 12, 29)])
def test_a_year_without_a_calendar_refuses_to_count(posted_on: date) -> None:
    with pytest.raises(Invalid) as caught:
        calendar.nth_working_day(posted_on, 5)
    assert caught.value.code == "working_days.no_calendar"
    assert "2016" in caught.value.zh


def test_a_period_has_at_least_one_day() -> None:
    with pytest.raises(Invalid) as caught:
        calendar.nth_working_day(date(2015, 3, 9), 0)
    assert caught.value.code == "working_days.count"


@given(st.dates(date(2015, 1, 1), date(2015, 10, 31)), st.integers(1, 20))
def test_a_period_ends_on_a_working_day_and_holds_just_n_of_them(posted_on: date, n: int) -> None:
    ends_on = calendar.nth_working_day(posted_on, n)

    counted = [posted_on + timedelta(days=i) for i in range(1, (ends_on - posted_on).days + 1)]
    assert calendar.is_working_day(ends_on)
    assert sum(map(calendar.is_working_day, counted)) == n
