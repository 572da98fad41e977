"""The rules of setting a policy parameter, and which of its values is in force on a day."""

from dataclasses import fields, replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.rules.parameter import Dated, Parameter
from shared.rules.policy_parameter import (
    DOCUMENT_MISSING,
    NOT_A_NUMBER,
    NOT_A_TEXT,
    NOT_ONE_OF,
    OTHER_UNIT,
    UNKNOWN,
    ParameterSet,
    SetParameter,
    policy_parameter_of,
)
from shared.rules.refusal import Refusal
from tests.rules.rules import Rules

NEW_YEAR = date(2024, 1, 1)
AGE_YEARS = Parameter[int](
    "member.joining_age_years",
    unit="years",
    zh="入会最低年龄",
    en="least age at joining",
    shipped=(Dated(16, NEW_YEAR, "劳动法第十五条", "sample"),),
)
OPERATOR = Parameter[str](
    "hardship.deep.operator",
    unit="operator",
    zh="比较方式",
    en="how it compares",
    choices=("<", "<="),
    shipped=(Dated("<", NEW_YEAR, "样例", "sample"),),
)
parameters = Rules(policy_parameter_of((AGE_YEARS, OPERATOR)))
SIXTEEN = ParameterSet(
    key="member.joining_age_years",
    value=16,
    unit="years",
    region="CN",
    effective_from=NEW_YEAR,
    document_no="劳动法第十五条",
    sureness="sample",
)


def set_to(event: ParameterSet, **changes: Any) -> SetParameter:
    """The command that wishes for what an event says."""
    command = SetParameter(**{field.name: getattr(event, field.name) for field in fields(event)})
    return replace(command, **changes)


def test_a_value_is_set_on_a_document() -> None:
    parameters.given().when(set_to(SIXTEEN)).then(SIXTEEN)


@pytest.mark.parametrize("document_no", ["", "  ", "\u3000"])
def test_a_value_without_a_document_is_refused(document_no: str) -> None:
    command = set_to(SIXTEEN, document_no=document_no)

    parameters.given().when(command).then_refused(DOCUMENT_MISSING, field="document_no")


@pytest.mark.parametrize(
    ("change", "refusal", "field"),
    [
        ({"key": "member.joining_age"}, UNKNOWN, "key"),
        ({"unit": "fen"}, OTHER_UNIT, "unit"),
        ({"value": "sixteen"}, NOT_A_NUMBER, "value"),
        ({"value": True}, NOT_A_NUMBER, "value"),
        ({"key": OPERATOR.key, "unit": "operator", "value": 1}, NOT_A_TEXT, "value"),
        ({"key": OPERATOR.key, "unit": "operator", "value": "=="}, NOT_ONE_OF, "value"),
    ],
)
def test_only_what_the_rules_ask_for_is_set_in_its_unit_and_kind(
    change: dict[str, Any], refusal: Refusal, field: str
) -> None:
    parameters.given().when(set_to(SIXTEEN, **change)).then_refused(refusal, field=field)


def test_setting_the_same_value_again_changes_nothing() -> None:
    parameters.given(SIXTEEN).when(set_to(SIXTEEN)).then_nothing()


@pytest.mark.parametrize(
    "change",
    [{"value": 17}, {"effective_from": date(2025, 1, 1)}, {"document_no": "2号"}, {"sureness": "official"}],
    ids=lambda change: next(iter(change)),
)
def test_each_difference_is_a_new_setting(change: dict[str, Any]) -> None:
    parameters.given(SIXTEEN).when(set_to(SIXTEEN, **change)).then(replace(SIXTEEN, **change))


def test_an_earlier_value_may_be_set_again() -> None:
    seventeen = replace(SIXTEEN, value=17)

    parameters.given(SIXTEEN, seventeen).when(set_to(SIXTEEN)).then(SIXTEEN)


def test_a_value_may_start_in_the_future() -> None:
    later = replace(SIXTEEN, effective_from=date(2099, 1, 1))

    parameters.given().when(set_to(later)).then(later)


def test_no_value_is_in_force_before_the_first_start() -> None:
    state = parameters.given(SIXTEEN).state

    assert state.in_force(NEW_YEAR - timedelta(days=1)) is None
    assert state.in_force(NEW_YEAR) == (1, 16)


def test_the_value_that_started_last_is_in_force_whatever_the_order_of_setting() -> None:
    older = replace(SIXTEEN, value=15, effective_from=date(2020, 1, 1))

    assert parameters.given(SIXTEEN, older).state.in_force(NEW_YEAR) == (1, 16)
    assert parameters.given(SIXTEEN, older).state.in_force(date(2023, 12, 31)) == (2, 15)


def test_of_two_values_with_one_start_the_one_set_last_is_in_force() -> None:
    corrected = replace(SIXTEEN, value=18)

    assert parameters.given(SIXTEEN, corrected).state.in_force(NEW_YEAR) == (2, 18)


days = st.dates(date(2020, 1, 1), date(2020, 1, 10))


@given(settings=st.lists(st.tuples(days, st.integers(0, 5))), day=days)
def test_the_value_in_force_is_the_last_of_the_latest_start(
    settings: list[tuple[date, int]], day: date
) -> None:
    events = [replace(SIXTEEN, effective_from=start, value=value) for start, value in settings]
    in_force: tuple[int, int] | None = None
    latest = date.min
    for version, (start, value) in enumerate(settings, 1):
        if latest <= start <= day:
            in_force, latest = (version, value), start

    assert parameters.given(*events).state.in_force(day) == in_force
