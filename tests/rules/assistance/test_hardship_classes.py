"""The class of a household: computed with the parameters of the day, at the line by the operator."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assistance.aggregates.file.classifying import per_head
from services.assistance.aggregates.file.commands import ApproveFile
from services.assistance.aggregates.file.refusals import FORMULA_UNKNOWN, NOT_IN_HARDSHIP, UNDECIDABLE
from services.assistance.aggregates.hardship_file import hardship_file
from services.assistance.events.file import FileApproved, HardshipClass
from services.assistance.parameters import (
    ACCIDENT_OPERATOR,
    ACCIDENT_SHARE,
    DEEP_MULTIPLE,
    DEEP_OPERATOR,
    HARDSHIP_FORMULA,
    MINIMUM_LIVING_STANDARD,
    NET_INCOME_A_HEAD,
    RELATIVE_MULTIPLE,
    RELATIVE_OPERATOR,
)
from shared.rules.parameter import NOT_IN_FORCE, UNUSABLE, Dated
from tests.rules.assistance.households import (
    APPROVED_ON,
    FACTORY,
    VISITED,
    economic_checked,
    file_approved,
    findings,
    notice_posted,
)
from tests.rules.rules import Decision, Rules

STANDARD_FEN = 145_000
LINES: dict[Any, int | str] = {
    MINIMUM_LIVING_STANDARD: STANDARD_FEN,
    DEEP_MULTIPLE: 10_000,
    DEEP_OPERATOR: "<",
    RELATIVE_MULTIPLE: 20_000,
    RELATIVE_OPERATOR: "<",
    ACCIDENT_SHARE: 8_000,
    ACCIDENT_OPERATOR: ">",
    HARDSHIP_FORMULA: NET_INCOME_A_HEAD,
}
APPROVAL = ApproveFile(file_id="1", organisation_id=FACTORY, approved_on=APPROVED_ON)


def decided(lines: dict[Any, int | str] = LINES, **found: Any) -> Decision:
    checked = economic_checked(findings=findings(**found))
    return Rules(hardship_file, lines).given(*VISITED, checked, notice_posted()).when(APPROVAL, by="sun")


def classes(lines: dict[Any, int | str] = LINES, **found: Any) -> tuple[HardshipClass, ...]:
    (event,) = decided(lines, **found).events
    assert isinstance(event, FileApproved)
    return event.classes


def left_a_head_and_month(fen: int) -> dict[str, Any]:
    """Findings of one person who is left with an amount a month."""
    return {"household_size": 1, "annual_disposable_income_fen": 12 * fen, "rigid_expenditure_fen": 0}


def test_a_household_under_the_standard_is_in_deep_hardship_and_in_relative_too() -> None:
    decided().then(file_approved(net_per_head_fen=100_000))


def test_a_household_between_once_and_twice_the_standard_is_in_relative_hardship() -> None:
    assert classes(**left_a_head_and_month(200_000)) == ("relative",)


@pytest.mark.parametrize(
    ("operator", "fen", "is_deep"),
    [
        ("<", STANDARD_FEN - 1, True),
        ("<", STANDARD_FEN, False),
        ("<", STANDARD_FEN + 1, False),
        ("<=", STANDARD_FEN, True),
        ("<=", STANDARD_FEN + 1, False),
    ],
)
def test_equal_to_the_line_is_outside_under_less_and_inside_under_less_or_equal(
    operator: str, fen: int, is_deep: bool
) -> None:
    lines = LINES | {DEEP_OPERATOR: operator}

    assert ("deep" in classes(lines, **left_a_head_and_month(fen))) is is_deep


@pytest.mark.parametrize(("operator", "holds"), [("<", False), ("<=", True)])
def test_the_relative_line_has_an_operator_of_its_own(operator: str, holds: bool) -> None:
    lines = LINES | {RELATIVE_OPERATOR: operator}
    decision = decided(lines, **left_a_head_and_month(2 * STANDARD_FEN))

    if holds:
        assert decision.events
    else:
        decision.then_refused(NOT_IN_HARDSHIP)


def test_a_single_fen_in_a_year_decides_without_rounding() -> None:
    line_fen = 12 * 3 * STANDARD_FEN
    below = findings(annual_disposable_income_fen=line_fen - 1, rigid_expenditure_fen=0)

    assert "deep" in classes(annual_disposable_income_fen=line_fen - 1, rigid_expenditure_fen=0)
    assert "deep" not in classes(annual_disposable_income_fen=line_fen, rigid_expenditure_fen=0)
    assert per_head(line_fen - 1, below.household_size) == STANDARD_FEN


@pytest.mark.parametrize(("cost_fen", "is_accidental"), [(8_000_000, False), (8_000_001, True)])
def test_hardship_cost_over_four_fifths_of_the_income_is_accidental_hardship(
    cost_fen: int, is_accidental: bool
) -> None:
    found: dict[str, Any] = {"annual_disposable_income_fen": 10_000_000, "hardship_cost_fen": cost_fen}

    assert ("accidental" in classes(**found)) is is_accidental


@pytest.mark.parametrize(("operator", "is_accidental"), [(">", False), (">=", True)])
def test_whether_four_fifths_of_the_income_are_enough_tells_the_operator(
    operator: str, is_accidental: bool
) -> None:
    lines = LINES | {ACCIDENT_OPERATOR: operator}
    found: dict[str, Any] = {"annual_disposable_income_fen": 10_000_000, "hardship_cost_fen": 8_000_000}

    assert ("accidental" in classes(lines, **found)) is is_accidental


@pytest.mark.parametrize(
    ("day", "is_computed"),
    [
        (date(2015, 12, 31), True),
        (date(2016, 1, 1), False),
        (date(2019, 12, 31), False),
        (date(2020, 1, 1), True),
    ],
)
def test_the_years_of_another_formula_are_not_classified_by_this_one(day: date, is_computed: bool) -> None:
    in_force = max((each for each in HARDSHIP_FORMULA.shipped if each.effective_from <= day), key=started)
    decision = decided(LINES | {HARDSHIP_FORMULA: in_force.value})

    if is_computed:
        assert decision.events
    else:
        decision.then_refused(FORMULA_UNKNOWN, field="approved_on")
        assert decision.refused
        assert "（全国总工会2016年办法）" in decision.refused.zh


def started(setting: Dated[str]) -> date:
    return setting.effective_from


def test_who_was_hurt_on_duty_is_in_accidental_hardship_whatever_the_income() -> None:
    found: dict[str, Any] = {"annual_disposable_income_fen": 90_000_000, "hurt_on_duty": True}

    assert classes(**found) == ("accidental",)


def test_expenditure_above_income_is_deep_hardship_and_told_below_nothing() -> None:
    (event,) = decided(annual_disposable_income_fen=0).events

    assert (event.hardship_class, event.net_per_head_fen) == ("deep", -66_667)


@pytest.mark.parametrize("found", [{"household_size": 0}, {"annual_disposable_income_fen": None}])
def test_unknown_income_or_a_household_of_nobody_is_never_deep_but_undecided(
    found: dict[str, Any],
) -> None:
    decided(**found).then_refused(UNDECIDABLE)


def test_a_household_above_all_lines_is_told_its_income_and_the_standard() -> None:
    decision = decided(**left_a_head_and_month(300_000))

    decision.then_refused(NOT_IN_HARDSHIP)
    assert decision.refused is not None
    assert "3,000.00元" in decision.refused.zh
    assert "1,450.00元" in decision.refused.zh


def test_without_a_standard_in_force_nothing_is_decided() -> None:
    lines = {key: value for key, value in LINES.items() if key is not MINIMUM_LIVING_STANDARD}
    nothing = Rules(hardship_file, lines).given(*VISITED, economic_checked(), notice_posted())

    nothing.when(APPROVAL, by="sun").then_refused(NOT_IN_FORCE)


def test_an_operator_that_is_none_decides_nothing() -> None:
    decided(LINES | {DEEP_OPERATOR: "=="}).then_refused(UNUSABLE)


@given(
    income_fen=st.integers(0, 10**8),
    rigid_fen=st.integers(0, 10**8),
    size=st.integers(1, 9),
    more_fen=st.integers(0, 10**6),
)
def test_who_has_less_is_never_in_a_milder_class(
    income_fen: int, rigid_fen: int, size: int, more_fen: int
) -> None:
    def found(income: int) -> set[HardshipClass]:
        decision = decided(
            household_size=size, annual_disposable_income_fen=income, rigid_expenditure_fen=rigid_fen
        )
        return set(decision.events[0].classes) if decision.events else set()

    poorer, richer = found(income_fen), found(income_fen + more_fen)

    assert richer <= poorer
    assert "deep" not in poorer or "relative" in poorer


@given(left_fen=st.integers(-(10**9), 10**9), size=st.integers(1, 20))
def test_what_is_left_a_head_is_rounded_once_half_up(left_fen: int, size: int) -> None:
    parts = 12 * size
    twice_off = 2 * (per_head(left_fen, size) * parts - left_fen)

    assert -parts < twice_off <= parts


def test_the_class_is_computed_with_the_standard_of_the_day_of_approval() -> None:
    assert date(2024, 2, 22) == APPROVED_ON
    assert decided().events[0].minimum_living_standard_fen == STANDARD_FEN
