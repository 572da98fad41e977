"""The rules of proposing aid: file first, one grant a household and campaign, caps and budgets kept."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.assistance.aggregates.aid_grant import aid_grant
from services.assistance.aggregates.budget import SHORT, budget
from services.assistance.aggregates.file.refusals import UNKNOWN as FILE_UNKNOWN
from services.assistance.aggregates.grant.amount import (
    LIVING_CAP,
    NOT_A_STUDENT,
    NOTHING_TO_PAY,
    STUDENT_CAP,
    STUDENT_CLASS,
    STUDENT_CONDITION,
)
from services.assistance.aggregates.grant.commands import ProposeGrant
from services.assistance.aggregates.grant.refusals import (
    ALREADY_PROPOSED,
    ANOTHER_ORGANISATION,
    CAMPAIGN_NOT_OPEN,
    CAMPAIGN_OUT_OF_SCOPE,
    FILE_NOT_ON_FILE,
    HOUSEHOLD_AIDED,
    NOT_OF_HOUSEHOLD,
    OWN_HOUSEHOLD,
    STUDENT_AIDED,
)
from services.assistance.aggregates.hardship_file import hardship_file
from services.assistance.aggregates.relief_campaign import UNKNOWN as CAMPAIGN_UNKNOWN
from services.assistance.aggregates.relief_campaign import relief_campaign
from services.assistance.aggregates.scope import ORGANISATIONS_ABOVE
from services.assistance.events.file import FileClosed
from services.assistance.events.grant import GrantProposed, GrantRefused
from services.assistance.parameters import (
    ALL,
    LIVING_AID_CAP_MONTHS,
    MINIMUM_LIVING_STANDARD,
    STUDENT_AID_CLASSES,
    STUDENT_AID_CONDITION,
    STUDENT_AID_FEN,
)
from shared.rules.personal import Personal
from tests.rules.assistance.grants import (
    AMOUNT_FEN,
    BUDGET_FEN,
    GRANTED_ON,
    budget_allocated,
    budget_reserved,
    campaign_opened,
    grant_approved,
    grant_proposed,
    household_aided,
    student_campaign,
)
from tests.rules.assistance.households import (
    FACTORY,
    ON_FILE,
    POSTED,
    SON,
    WIFE,
    ZHANG,
    file_approved,
    file_opened,
    member_of,
)
from tests.rules.rules import Rules

PARAMETERS: dict[Any, int | str] = {each: each.shipped[0].value for each in ALL} | {
    MINIMUM_LIVING_STANDARD: 145_000
}
ABOVE = {ORGANISATIONS_ABOVE: ["town", "district"]}
CAP_FEN = 12 * 145_000
AUTUMN = budget_allocated("autumn", programme="autumn_student_aid", amount_fen=10_000_000)
STREAMS: dict[Any, Any] = {
    (hardship_file, "1"): list(ON_FILE),
    (hardship_file, "none"): [],
    (relief_campaign, "winter"): [campaign_opened()],
    (relief_campaign, "autumn"): [student_campaign()],
    (relief_campaign, "none"): [],
    (budget, "winter"): [budget_allocated()],
    (budget, "autumn"): [AUTUMN],
}


def rules(parameters: dict[Any, int | str] | None = None, **streams: Any) -> Rules:
    """The rules with other histories: of the file, of ``winter``'s budget, or of other grants."""
    others = dict(STREAMS)
    for name, history in streams.items():
        kind = {"file": (hardship_file, "1"), "budget": (budget, "winter")}
        others[kind.get(name, (aid_grant, name))] = history
    return Rules(aid_grant, PARAMETERS | (parameters or {}), others, ABOVE)


def proposal(**changes: Any) -> ProposeGrant:
    command = ProposeGrant(
        grant_id="1",
        organisation_id=FACTORY,
        campaign_id="winter",
        file_id="1",
        person_id="zhang",
        proposed_on=GRANTED_ON,
    )
    return replace(command, **changes)


def student(**changes: Any) -> ProposeGrant:
    return replace(proposal(campaign_id="autumn", person_id="son"), **changes)


def household(*members: Any, **changes: Any) -> list[Any]:
    """A file on file with other members."""
    return [file_opened(members=members, **changes), *POSTED[1:], file_approved()]


def test_a_proposal_reserves_the_budget_and_counts_for_the_household() -> None:
    rules().given().when(proposal()).then(grant_proposed(), budget_reserved(), household_aided())


def test_proposing_again_changes_nothing() -> None:
    rules().given(grant_proposed()).when(proposal()).then_nothing()
    rules().given(grant_proposed(), grant_approved()).when(proposal()).then_nothing()


def test_a_grant_id_stands_for_one_grant() -> None:
    other = proposal(person_id="wife")

    rules().given(grant_proposed()).when(other).then_refused(ALREADY_PROPOSED, field="grant_id")


def test_the_file_comes_first_and_aid_second() -> None:
    rules(file=list(POSTED)).given().when(proposal()).then_refused(FILE_NOT_ON_FILE, field="file_id")


def test_a_household_is_not_aided_before_its_file_was_approved() -> None:
    early = proposal(proposed_on=date(2024, 2, 21))

    rules().given().when(early).then_refused(FILE_NOT_ON_FILE)
    assert rules().given().when(proposal(proposed_on=date(2024, 2, 22))).events


def test_a_household_that_left_hardship_is_not_aided() -> None:
    ended = FileClosed(
        file_id="1",
        organisation_id=FACTORY,
        person_id="zhang",
        outcome="exited",
        cause="income_above_line",
        hardship_cause="own_illness",
        effective_on=GRANTED_ON,
    )

    rules(file=[*ON_FILE, ended]).given().when(proposal()).then_refused(FILE_NOT_ON_FILE)


def test_a_grant_needs_a_file_and_a_campaign() -> None:
    rules().given().when(proposal(file_id="none")).then_refused(FILE_UNKNOWN, field="file_id")
    rules().given().when(proposal(campaign_id="none")).then_refused(CAMPAIGN_UNKNOWN, field="campaign_id")


def test_a_grant_is_proposed_in_a_campaign_of_its_own_organisation_or_one_above_it() -> None:
    for own in (FACTORY, "town"):
        streams = STREAMS | {(relief_campaign, "winter"): [campaign_opened(organisation_id=own)]}
        assert Rules(aid_grant, PARAMETERS, streams, ABOVE).given().when(proposal()).events

    streams = STREAMS | {(relief_campaign, "winter"): [campaign_opened(organisation_id="other-town")]}
    refused = Rules(aid_grant, PARAMETERS, streams, ABOVE).given().when(proposal())
    refused.then_refused(CAMPAIGN_OUT_OF_SCOPE, field="campaign_id")


def test_a_grant_is_proposed_within_the_days_of_its_campaign() -> None:
    late = proposal(proposed_on=date(2024, 4, 1))

    rules().given().when(late).then_refused(CAMPAIGN_NOT_OPEN, field="proposed_on")


def test_the_beneficiary_is_of_the_household() -> None:
    rules().given().when(proposal(person_id="li")).then_refused(NOT_OF_HOUSEHOLD, field="person_id")


def test_nobody_proposes_aid_for_their_own_household() -> None:
    rules().given().when(proposal(), by="wife").then_refused(OWN_HOUSEHOLD)


def test_a_grant_belongs_to_the_organisation_that_keeps_the_file() -> None:
    elsewhere = proposal(organisation_id="mill")

    rules().given().when(elsewhere).then_refused(ANOTHER_ORGANISATION, field="organisation_id")


def test_a_household_is_aided_once_in_a_campaign_whoever_of_it_asks() -> None:
    before = rules(first=[grant_proposed("first")])

    before.given().when(proposal(person_id="wife")).then_refused(HOUSEHOLD_AIDED)


def test_who_moved_to_another_household_is_not_aided_twice_in_a_campaign() -> None:
    first = grant_proposed("first", file_id="2", person_id="li", household_person_ids=("li", "son"))

    rules(first=[first]).given().when(proposal()).then_refused(HOUSEHOLD_AIDED)


def test_after_a_refused_proposal_the_household_may_be_proposed_again() -> None:
    refused = GrantRefused(
        grant_id="first",
        organisation_id=FACTORY,
        campaign_id="winter",
        programme="winter_warmth",
        file_id="1",
        person_id="zhang",
        amount_fen=AMOUNT_FEN,
        cause="other",
        reason=Personal("材料不全"),
        refused_by="sun",
        effective_on=GRANTED_ON,
    )

    assert rules(first=[grant_proposed("first"), refused]).given().when(proposal()).events


def test_a_student_is_aided_once_in_a_school_year_whatever_the_campaign() -> None:
    first = grant_proposed(
        "first", campaign_id="other", programme="autumn_student_aid", person_id="son", file_id="2"
    )

    rules(first=[first]).given().when(student()).then_refused(STUDENT_AIDED)


def test_two_children_of_a_household_are_both_aided() -> None:
    first = grant_proposed("first", programme="autumn_student_aid", person_id="daughter")

    assert rules(first=[first]).given().when(student()).events


def test_living_aid_of_a_year_reaches_its_cap_and_not_a_fen_more() -> None:
    at_cap = [*ON_FILE, household_aided(amount_fen=CAP_FEN - AMOUNT_FEN)]
    over = [*ON_FILE, household_aided(amount_fen=CAP_FEN - AMOUNT_FEN + 1)]

    assert rules(file=at_cap).given().when(proposal()).events
    decision = rules(file=over).given().when(proposal())
    decision.then_refused(LIVING_CAP, field="person_id")
    assert decision.refused is not None
    assert "17,400.00元" in decision.refused.zh


def test_aid_of_the_year_before_does_not_count_towards_the_cap() -> None:
    last_year = [*ON_FILE, household_aided(amount_fen=CAP_FEN, year=2023)]

    assert rules(file=last_year).given().when(proposal()).events


def test_the_cap_does_not_grow_with_the_heads_of_a_household() -> None:
    parameters: dict[Any, int | str] = {LIVING_AID_CAP_MONTHS: 0}

    rules(parameters).given().when(proposal()).then_refused(LIVING_CAP)


def test_a_student_is_paid_by_the_stage_of_the_table() -> None:
    (event, *_) = rules().given().when(student()).events

    assert isinstance(event, GrantProposed)
    assert (event.amount_fen, event.education_stage) == (30_000, "junior_secondary")


def test_student_aid_counts_for_the_student_and_the_school_year() -> None:
    (_, _, aided) = rules().given().when(student()).events

    assert (aided.kind, aided.person_id, aided.year) == ("student_aid", "son", 2024)


def test_who_goes_to_no_school_gets_no_student_aid() -> None:
    rules().given().when(student(person_id="wife")).then_refused(NOT_A_STUDENT, field="person_id")


@pytest.mark.parametrize(
    ("condition", "single_parent", "sex", "is_aided"),
    [
        ("any", False, "male", True),
        ("single_parent", False, "male", False),
        ("single_parent", True, "male", True),
        ("single_parent_woman", True, "male", False),
        ("single_parent_woman", True, "female", True),
    ],
)
def test_stage_single_parent_and_sex_choose_the_row_of_the_table(
    condition: str, single_parent: bool, sex: str, is_aided: bool
) -> None:
    file = household(ZHANG, WIFE, SON, single_parent=single_parent, applicant_sex=sex)
    decision = (
        rules({STUDENT_AID_CONDITION["junior_secondary"]: condition}, file=file).given().when(student())
    )

    if is_aided:
        assert decision.events
    else:
        decision.then_refused(STUDENT_CONDITION)


@pytest.mark.parametrize(
    ("condition", "for_whom"),
    [("single_parent", "单亲困难职工家庭"), ("single_parent_woman", "单亲女职工家庭")],
)
def test_who_does_not_meet_a_stages_condition_is_told_for_whom_it_is(condition: str, for_whom: str) -> None:
    file = household(ZHANG, WIFE, SON, single_parent=False)
    decision = (
        rules({STUDENT_AID_CONDITION["junior_secondary"]: condition}, file=file).given().when(student())
    )

    assert decision.refused
    assert decision.refused.zh == f"该教育阶段的助学对象为{for_whom}，该户不符合"


@pytest.mark.parametrize(
    ("classes", "hardship_class", "is_aided"),
    [
        ("any", "accidental", True),
        ("deep_or_relative", "deep", True),
        ("deep_or_relative", "relative", True),
        ("deep_or_relative", "accidental", False),
    ],
)
def test_a_table_for_some_classes_of_hardship_pays_no_other(
    classes: str, hardship_class: str, is_aided: bool
) -> None:
    file = [*POSTED, file_approved(hardship_class=hardship_class, classes=(hardship_class,))]
    decision = rules({STUDENT_AID_CLASSES: classes}, file=file).given().when(student())

    if is_aided:
        assert decision.events
    else:
        decision.then_refused(STUDENT_CLASS, field="file_id")


def test_student_aid_of_a_school_year_reaches_its_cap_and_not_a_fen_more() -> None:
    stage = STUDENT_AID_FEN["junior_secondary"]

    assert rules({stage: 10 * 145_000}).given().when(student()).events
    rules({stage: 10 * 145_000 + 1}).given().when(student()).then_refused(STUDENT_CAP, field="person_id")


def test_a_table_that_pays_nothing_makes_no_grant() -> None:
    nothing: dict[Any, int | str] = {STUDENT_AID_FEN["junior_secondary"]: 0}

    rules(nothing).given().when(student()).then_refused(NOTHING_TO_PAY)


def test_no_grant_goes_beyond_the_budget_and_the_missing_amount_is_named() -> None:
    nearly_all = [budget_allocated(), budget_reserved(amount_fen=BUDGET_FEN - AMOUNT_FEN + 1)]
    decision = rules(budget=nearly_all).given().when(proposal())

    decision.then_refused(SHORT, field="budget_id")
    assert decision.refused is not None
    assert decision.refused.zh.startswith("预算余额不足：还差0.01元")


def test_a_grant_tells_who_lived_in_the_household_then() -> None:
    file = household(ZHANG, member_of("father", "parent"))
    (event, *_) = rules(file=file).given().when(proposal()).events

    assert event.household_person_ids == ("zhang", "father")
