"""The rules of budgets and of the campaigns that draw on them."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assistance.aggregates.budget import (
    AMOUNT,
    ANOTHER_LINE,
    DOCUMENT_MISSING,
    DOCUMENT_USED,
    LINE_TAKEN,
    SHORT,
    AllocateBudget,
    Budget,
    budget,
    reserve,
)
from services.assistance.aggregates.budget import UNKNOWN as BUDGET_UNKNOWN
from services.assistance.aggregates.relief_campaign import (
    ALREADY_OPENED,
    AMOUNT_BY_STAGE,
    AMOUNT_MISSING,
    ANOTHER_ORGANISATION,
    BUDGET_OF_ANOTHER,
    BUDGET_OUT_OF_SCOPE,
    CLOSES_BEFORE_IT_OPENS,
    SEASON_YEAR,
    UNKNOWN,
    CloseCampaign,
    OpenCampaign,
    relief_campaign,
)
from services.assistance.aggregates.scope import ORGANISATIONS_ABOVE
from services.assistance.events.budget import BudgetAllocated
from services.assistance.events.campaign import CampaignClosed, CampaignOpened
from shared.rules.refusal import Refused
from tests.rules.assistance.grants import (
    AMOUNT_FEN,
    BUDGET_FEN,
    GRANTED_ON,
    budget_allocated,
    budget_committed,
    budget_released,
    budget_reserved,
    budget_restored,
    budget_spent,
    campaign_opened,
    student_campaign,
)
from tests.rules.rules import Rules, fold

budgets = Rules(budget)
campaigns = Rules(relief_campaign, others={(budget, "winter"): [budget_allocated()]})
WINTER, ALLOCATED = campaign_opened(), budget_allocated()
CLOSED = CampaignClosed(campaign_id="winter", organisation_id="district", effective_on=date(2024, 2, 1))


def allocation(event: BudgetAllocated = ALLOCATED, **changes: Any) -> AllocateBudget:
    command = AllocateBudget(
        budget_id=event.budget_id,
        organisation_id=event.organisation_id,
        fund_source=event.fund_source,
        programme=event.programme,
        year=event.year,
        document_no=event.document_no,
        amount_fen=event.amount_fen,
        allocated_on=event.effective_on,
    )
    return replace(command, **changes)


def opening(event: CampaignOpened = WINTER, **changes: Any) -> OpenCampaign:
    command = OpenCampaign(
        campaign_id=event.campaign_id,
        organisation_id=event.organisation_id,
        budget_id=event.budget_id,
        name=event.name,
        programme=event.programme,
        season_year=event.season_year,
        amount_fen=event.amount_fen,
        opens_on=event.opens_on,
        closes_on=event.closes_on,
        decided_on=event.effective_on,
    )
    return replace(command, **changes)


def test_a_budget_is_allocated_on_a_document() -> None:
    budgets.given().when(allocation()).then(ALLOCATED)
    budgets.given().when(allocation(document_no=" ")).then_refused(DOCUMENT_MISSING, field="document_no")


def test_the_same_allocation_again_changes_nothing() -> None:
    budgets.given(ALLOCATED).when(allocation()).then_nothing()


def test_a_document_allocates_one_amount_only() -> None:
    other = allocation(amount_fen=1)

    budgets.given(ALLOCATED).when(other).then_refused(DOCUMENT_USED, field="document_no")


def test_a_further_document_adds_to_the_budget() -> None:
    (event,) = budgets.given(ALLOCATED).when(allocation(document_no="门工发〔2024〕9号")).events

    assert budgets.given(ALLOCATED, event).state.allocated_fen == 2 * BUDGET_FEN


def test_a_budget_keeps_its_fund_source_programme_organisation_and_year() -> None:
    for changes in (
        {"fund_source": "donation"},
        {"programme": "living_aid"},
        {"organisation_id": "factory"},
        {"year": 2025},
    ):
        budgets.given(ALLOCATED).when(allocation(**changes)).then_refused(ANOTHER_LINE)


def test_a_line_has_one_budget() -> None:
    held = Rules(budget, others={(budget, "winter"): [ALLOCATED]})

    held.given().when(allocation(budget_id="second")).then_refused(LINE_TAKEN)


@pytest.mark.parametrize("amount_fen", [0, -1])
def test_nothing_is_no_allocation(amount_fen: int) -> None:
    budgets.given().when(allocation(amount_fen=amount_fen)).then_refused(AMOUNT, field="amount_fen")


def test_a_budget_is_reserved_to_the_last_fen_and_no_further() -> None:
    state = fold(budget, [ALLOCATED])

    assert reserve(state, "winter", "1", BUDGET_FEN, GRANTED_ON).amount_fen == BUDGET_FEN
    with pytest.raises(Refused) as refused:
        reserve(state, "winter", "1", BUDGET_FEN + 1, GRANTED_ON)
    assert refused.value.refusal is SHORT
    assert refused.value.zh == "预算余额不足：还差0.01元（可用3,000.00元）"


def test_nothing_is_reserved_of_a_budget_that_does_not_exist() -> None:
    with pytest.raises(Refused) as refused:
        reserve(Budget(), "none", "1", 1, GRANTED_ON)
    assert refused.value.refusal is BUDGET_UNKNOWN


def test_money_moves_from_reserved_over_committed_to_spent_and_back() -> None:
    steps = [
        (budget_reserved(), (100_000, 0, 0)),
        (budget_committed(), (0, 100_000, 0)),
        (budget_spent(), (0, 0, 100_000)),
        (budget_restored(), (0, 100_000, 0)),
        (budget_released(stage="committed"), (0, 0, 0)),
    ]
    state = fold(budget, [ALLOCATED])
    for event, expected in steps:
        state = budget.evolve(state, event)
        assert (state.reserved_fen, state.committed_fen, state.spent_fen) == expected
    assert state.free_fen == BUDGET_FEN


@given(amounts=st.lists(st.integers(1, BUDGET_FEN), max_size=12))
def test_a_budget_never_has_more_reserved_than_allocated(amounts: list[int]) -> None:
    state = fold(budget, [ALLOCATED])
    for number, amount_fen in enumerate(amounts):
        try:
            event = reserve(state, "winter", str(number), amount_fen, GRANTED_ON)
        except Refused:
            continue
        state = budget.evolve(state, event)
        assert state.free_fen >= 0


def test_a_campaign_gives_each_household_a_fixed_amount() -> None:
    campaigns.given().when(opening()).then(WINTER)
    campaigns.given(WINTER).when(opening()).then_nothing()
    campaigns.given(WINTER).when(opening(amount_fen=1)).then_refused(ALREADY_OPENED, field="campaign_id")


@pytest.mark.parametrize("amount_fen", [None, 0, -5])
def test_a_relief_campaign_names_its_amount(amount_fen: int | None) -> None:
    campaigns.given().when(opening(amount_fen=amount_fen)).then_refused(AMOUNT_MISSING, field="amount_fen")


def test_student_aid_goes_by_the_table_of_stages() -> None:
    autumn = budget_allocated("autumn", programme="autumn_student_aid")
    held = Rules(relief_campaign, others={(budget, "autumn"): [autumn]})

    held.given().when(opening(student_campaign())).then(student_campaign())
    held.given().when(opening(student_campaign(), amount_fen=5)).then_refused(AMOUNT_BY_STAGE)


def test_a_campaign_does_not_close_before_it_opens() -> None:
    backwards = opening(closes_on=date(2024, 1, 1))

    campaigns.given().when(backwards).then_refused(CLOSES_BEFORE_IT_OPENS, field="closes_on")
    assert campaigns.given().when(opening(closes_on=date(2024, 1, 2))).events


def test_a_campaign_draws_on_a_budget_of_its_own_programme_and_year() -> None:
    campaigns.given().when(opening(programme="living_aid")).then_refused(BUDGET_OF_ANOTHER)
    campaigns.given().when(opening(season_year=2023, opens_on=date(2023, 1, 2))).then_refused(
        BUDGET_OF_ANOTHER, field="budget_id"
    )


def test_aid_in_spring_for_the_school_year_before_draws_on_the_budget_of_its_own_year() -> None:
    autumn = budget_allocated("autumn", programme="autumn_student_aid")
    held = Rules(relief_campaign, others={(budget, "autumn"): [autumn]})

    assert held.given().when(opening(student_campaign(), season_year=2023)).events


@pytest.mark.parametrize(
    ("programme", "opens_on", "years"),
    [
        ("winter_warmth", date(2023, 12, 16), (2023, 2024)),
        ("autumn_student_aid", date(2025, 3, 1), (2024, 2025)),
        ("living_aid", date(2024, 1, 2), (2024,)),
        ("temporary_living_aid", date(2024, 12, 31), (2024,)),
    ],
)
def test_a_campaign_is_of_the_year_in_which_its_season_lies(
    programme: Any, opens_on: date, years: tuple[int, ...]
) -> None:
    of_programme = {
        "programme": programme,
        "opens_on": opens_on,
        "closes_on": opens_on,
        "amount_fen": None if programme == "autumn_student_aid" else AMOUNT_FEN,
    }
    for season_year in range(2022, 2027):
        held = budget_allocated(programme=programme, year=season_year)
        rules = Rules(relief_campaign, others={(budget, "winter"): [held]})
        decision = rules.given().when(opening(season_year=season_year, **of_programme))

        assert bool(decision.events) == (season_year in years)
        if season_year not in years:
            decision.then_refused(SEASON_YEAR, field="season_year")


def test_who_names_another_year_hears_which_years_are_possible() -> None:
    decision = campaigns.given().when(opening(season_year=2020))

    assert decision.refused is not None
    assert decision.refused.zh == "活动年度与开始日期不符：2024-01-02开始的活动，年度为2024或2025"


def test_a_campaign_draws_on_a_budget_of_its_own_organisation_or_one_above_it() -> None:
    held = {(budget, "winter"): [budget_allocated(organisation_id="town")]}
    below = Rules(relief_campaign, others=held, facts={ORGANISATIONS_ABOVE: ["town", "district"]})
    beside = Rules(relief_campaign, others=held, facts={ORGANISATIONS_ABOVE: ["district"]})

    assert beside.given().when(opening(organisation_id="town")).events
    assert below.given().when(opening(organisation_id="factory")).events
    for other in ("other-town", "district"):
        refused = beside.given().when(opening(organisation_id=other))
        refused.then_refused(BUDGET_OUT_OF_SCOPE, field="budget_id")


def test_a_campaign_needs_a_budget_that_was_allocated() -> None:
    held = Rules(relief_campaign, others={(budget, "winter"): []})

    held.given().when(opening()).then_refused(BUDGET_UNKNOWN, field="budget_id")


def test_a_campaign_is_open_from_its_first_to_its_last_day() -> None:
    state = fold(relief_campaign, [WINTER])
    days = [date(2024, 1, 1), date(2024, 1, 2), date(2024, 3, 31), date(2024, 4, 1)]

    assert [state.is_open_on(day) for day in days] == [False, True, True, False]


def test_a_campaign_is_closed_early_from_a_day_on() -> None:
    closing = CloseCampaign(campaign_id="winter", organisation_id="district", closed_on=date(2024, 2, 1))

    campaigns.given(WINTER).when(closing).then(CLOSED)
    campaigns.given(WINTER, CLOSED).when(closing).then_nothing()
    campaigns.given().when(closing).then_refused(UNKNOWN)
    campaigns.given(WINTER).when(replace(closing, organisation_id="mill")).then_refused(ANOTHER_ORGANISATION)
    state = fold(relief_campaign, [WINTER, CLOSED])
    assert [state.is_open_on(day) for day in (date(2024, 1, 31), date(2024, 2, 1))] == [True, False]
