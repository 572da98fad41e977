"""Dates as people and spreadsheets write them; handbook, glossary 8.5."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.standards.dates import FIRST_DAY, LAST_DAY, parse_date
from tests.standards.invalid_values import assert_refused


@pytest.mark.parametrize(
    "text",
    [
        "2017-04-18",
        "2017.4.18",
        "2017/4/18",
        "2017年4月18日",
        " 2017 年 04 月 18 日　",
        "２０１７年４月１８日",
        "42843",
        "42843.0",
    ],
)
def test_every_accepted_way_of_writing_gives_the_date(text: str) -> None:
    assert parse_date(text) == date(2017, 4, 18)


@pytest.mark.parametrize("text", ["4月18日", "4-18", "4.18", "4/18"])
def test_a_date_without_a_year_takes_the_year_of_its_context_and_no_other(text: str) -> None:
    assert parse_date(text, year=2017) == date(2017, 4, 18)
    assert_refused(parse_date, text, "date.year_missing")


def test_a_written_year_is_not_replaced_by_the_contexts() -> None:
    assert parse_date("2016-12-31", year=2017) == date(2016, 12, 31)


@pytest.mark.parametrize("text", ["2017-02-29", "2017-13-01", "2017年4月31日", "0000-01-01", "2017-00-10"])
def test_a_day_that_does_not_exist_is_refused(text: str) -> None:
    assert_refused(parse_date, text, "date.does_not_exist")


def test_a_leap_day_of_a_context_year_without_one_is_refused() -> None:
    assert_refused(lambda text: parse_date(text, year=2015), "2月29日", "date.does_not_exist")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2017",
        "2017年",
        "2017-04/18",
        "17.4.18.1",
        "20170418",
        "1",
        "60",
        "9999",
        "42843.5",
        "十月一日",
        "4e4",
    ],
)
def test_what_is_no_date_is_refused_and_a_lone_year_is_not_taken_for_a_serial(text: str) -> None:
    assert_refused(parse_date, text, "date.form")


def test_a_date_followed_by_much_else_is_refused() -> None:
    assert_refused(parse_date, "2017-04-18" + " " * 100 + "x", "date.form")


@pytest.mark.parametrize("text", ["1899-12-31", "2101.1.1", "0001年1月1日", "9999/12/31", "73416"])
def test_a_day_of_another_age_is_refused(text: str) -> None:
    assert_refused(parse_date, text, "date.range")


@given(st.dates(FIRST_DAY, LAST_DAY))
def test_every_day_is_read_back_from_each_way_of_writing(day: date) -> None:
    assert parse_date(day.isoformat()) == day
    assert parse_date(f"{day.year}年{day.month}月{day.day}日") == day
    assert parse_date(f"{day.month}/{day.day}", year=day.year) == day


@given(st.integers(10_000, 73_415))
def test_serials_count_days_from_a_known_one(serial: int) -> None:
    assert parse_date(str(serial)) - timedelta(days=serial - 42_843) == date(2017, 4, 18)
