"""The rules of approving, refusing and withdrawing a grant."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.assistance.aggregates.aid_grant import aid_grant
from services.assistance.aggregates.grant.commands import ApproveGrant, RefuseGrant, WithdrawGrant
from services.assistance.aggregates.grant.refusals import (
    ANOTHER_ORGANISATION,
    BEFORE_LAST_STEP,
    BENEFICIARY_CHANGES,
    FILE_NOT_ON_FILE,
    MINUTES_MISSING,
    NOT_PROPOSED,
    OWN_HOUSEHOLD,
    PAYMENT_UNDER_WAY,
    SAME_PERSON,
    UNKNOWN,
)
from services.assistance.aggregates.hardship_file import hardship_file
from services.assistance.aggregates.payment import payment
from services.assistance.events.file import FileClosed
from services.assistance.events.grant import GrantRefused, GrantWithdrawn
from services.assistance.events.payment import PaymentContradicted, PaymentReversed, PaymentWithdrawn
from services.assistance.parameters import MINUTES_OVER_FEN
from shared.rules.personal import Personal
from tests.rules.assistance.grants import (
    AMOUNT_FEN,
    GRANTED_ON,
    budget_committed,
    budget_released,
    grant_approved,
    grant_proposed,
    household_aid_released,
)
from tests.rules.assistance.households import FACTORY, ON_FILE, file_approved, file_opened, member_of
from tests.rules.assistance.payments import (
    PAID_ON,
    confirmed,
    failed,
    given_up,
    line,
    prepared,
    released,
    returned,
)
from tests.rules.rules import Rules

REASON = Personal("已由民政部门救助")
PROPOSED, APPROVED = grant_proposed(), grant_approved()
CLOSED = FileClosed(
    file_id="1",
    organisation_id=FACTORY,
    person_id="zhang",
    outcome="closed",
    cause="died",
    hardship_cause="own_illness",
    effective_on=GRANTED_ON,
)
TAKEN_OUT = PaymentWithdrawn(**line(attempt=2), reason="not_now")
PAID = [prepared(), released(), confirmed()]
PAID_AFTER_A_FAILURE = [
    *PAID[:2],
    failed(),
    prepared(attempt=2),
    released(attempt=2),
    confirmed(attempt=2),
]


def taken_back(reversed_fen: int = AMOUNT_FEN, attempt: int = 1) -> PaymentReversed:
    return PaymentReversed(**line(attempt=attempt), reversed_fen=reversed_fen, reason="amount_wrong")


def rules(file: Any = ON_FILE, payments: Any = (), limit_fen: int = 1_000_000) -> Rules:
    others: dict[Any, Any] = {(hardship_file, "1"): list(file), (payment, "1"): list(payments)}
    return Rules(aid_grant, {MINUTES_OVER_FEN: limit_fen}, others)


def approval(**changes: Any) -> ApproveGrant:
    return replace(ApproveGrant(grant_id="1", organisation_id=FACTORY, approved_on=GRANTED_ON), **changes)


def refusal(**changes: Any) -> RefuseGrant:
    command = RefuseGrant(
        grant_id="1",
        organisation_id=FACTORY,
        person_id="zhang",
        cause="duplicate",
        reason=REASON,
        refused_on=GRANTED_ON,
    )
    return replace(command, **changes)


def withdrawal(**changes: Any) -> WithdrawGrant:
    command = WithdrawGrant(
        grant_id="1",
        organisation_id=FACTORY,
        person_id="zhang",
        reason=REASON,
        withdrawn_on=GRANTED_ON,
    )
    return replace(command, **changes)


REFUSED = GrantRefused(
    grant_id="1",
    organisation_id=FACTORY,
    campaign_id="winter",
    programme="winter_warmth",
    file_id="1",
    person_id="zhang",
    amount_fen=AMOUNT_FEN,
    cause="duplicate",
    reason=REASON,
    refused_by="sun",
    effective_on=GRANTED_ON,
)
WITHDRAWN = GrantWithdrawn(
    grant_id="1",
    organisation_id=FACTORY,
    campaign_id="winter",
    programme="winter_warmth",
    file_id="1",
    person_id="zhang",
    amount_fen=AMOUNT_FEN,
    reason=REASON,
    withdrawn_by="wang",
    effective_on=GRANTED_ON,
)


def test_an_approver_commits_the_budget() -> None:
    rules().given(PROPOSED).when(approval(), by="sun").then(APPROVED, budget_committed())


def test_approving_again_changes_nothing() -> None:
    rules().given(PROPOSED, APPROVED).when(approval(), by="sun").then_nothing()


def test_a_second_approver_hears_that_it_is_decided() -> None:
    rules().given(PROPOSED, APPROVED).when(approval(), by="qian").then_refused(NOT_PROPOSED)


def test_who_proposed_a_grant_does_not_approve_it() -> None:
    rules().given(PROPOSED).when(approval(), by="wang").then_refused(SAME_PERSON)


@pytest.mark.parametrize("who", ["zhang", "wife", "son"])
def test_nobody_of_the_household_decides_on_its_grant(who: str) -> None:
    for command in (approval(), refusal(), withdrawal()):
        rules().given(PROPOSED).when(command, by=who).then_refused(OWN_HOUSEHOLD)


def test_who_joined_the_household_since_does_not_approve_either() -> None:
    grown = [
        file_opened(members=(member_of("zhang", "self"), member_of("sun", "spouse"))),
        *ON_FILE[1:-1],
        file_approved(approver_id="zhou"),
    ]

    rules(grown).given(PROPOSED).when(approval(), by="sun").then_refused(OWN_HOUSEHOLD)


def test_no_grant_is_approved_for_a_file_that_was_closed_meanwhile() -> None:
    given = rules([*ON_FILE, CLOSED]).given(PROPOSED)

    given.when(approval(), by="sun").then_refused(FILE_NOT_ON_FILE, field="grant_id")
    given.when(refusal(cause="file_ended"), by="sun").then(
        replace(REFUSED, cause="file_ended"), budget_released(), household_aid_released()
    )


def test_a_large_grant_needs_minutes_and_the_boundary_belongs_to_the_lower_band() -> None:
    given_at, given_over = (rules(limit_fen=limit).given(PROPOSED) for limit in (AMOUNT_FEN, AMOUNT_FEN - 1))

    assert given_at.when(approval(), by="sun").events
    given_over.when(approval(), by="sun").then_refused(MINUTES_MISSING, field="minutes")
    given_over.when(approval(minutes=" "), by="sun").then_refused(MINUTES_MISSING)
    given_over.when(approval(minutes="主席办公会〔2024〕3号"), by="sun").then(
        grant_approved(minutes="主席办公会〔2024〕3号"), budget_committed()
    )


def test_nothing_is_decided_before_it_was_proposed() -> None:
    early = date(2024, 2, 29)

    for command in (
        approval(approved_on=early),
        refusal(refused_on=early),
        withdrawal(withdrawn_on=early),
    ):
        rules().given(PROPOSED).when(command, by="sun").then_refused(BEFORE_LAST_STEP)


def test_a_refused_grant_gives_back_budget_and_cap() -> None:
    rules().given(PROPOSED).when(refusal(), by="sun").then(
        REFUSED, budget_released(), household_aid_released()
    )
    rules().given(PROPOSED, REFUSED).when(refusal(), by="sun").then_nothing()


def test_an_approved_grant_is_not_refused_but_withdrawn() -> None:
    rules().given(PROPOSED, APPROVED).when(refusal(), by="sun").then_refused(NOT_PROPOSED)


def test_a_withdrawn_proposal_gives_back_budget_and_cap() -> None:
    rules().given(PROPOSED).when(withdrawal()).then(WITHDRAWN, budget_released(), household_aid_released())
    rules().given(PROPOSED, WITHDRAWN).when(withdrawal()).then_nothing()


def test_an_approved_grant_is_withdrawn_as_long_as_no_money_is_on_its_way() -> None:
    rules().given(PROPOSED, APPROVED).when(withdrawal()).then(
        WITHDRAWN, budget_released(stage="committed"), household_aid_released()
    )
    rules(payments=[prepared()]).given(PROPOSED, APPROVED).when(withdrawal()).then_refused(PAYMENT_UNDER_WAY)


@pytest.mark.parametrize(
    "came_back", [[failed()], [confirmed(), returned()], [failed(), prepared(attempt=2), TAKEN_OUT]]
)
def test_what_came_back_is_written_off_with_a_grant_that_is_withdrawn(came_back: list[Any]) -> None:
    given = rules(payments=[prepared(), released(), *came_back]).given(PROPOSED, APPROVED)

    given.when(withdrawal(withdrawn_on=PAID_ON)).then(
        replace(WITHDRAWN, effective_on=PAID_ON),
        budget_released(stage="committed", effective_on=PAID_ON),
        household_aid_released(effective_on=PAID_ON),
        given_up(),
    )


@pytest.mark.parametrize("reversed_", [[*PAID, taken_back()], [*PAID_AFTER_A_FAILURE, taken_back(attempt=2)]])
def test_a_grant_whose_payment_was_reversed_whole_is_withdrawn_and_the_budget_has_its_money_once(
    reversed_: list[Any],
) -> None:
    given = rules(payments=reversed_).given(PROPOSED, APPROVED)

    given.when(withdrawal(withdrawn_on=PAID_ON)).then(
        replace(WITHDRAWN, effective_on=PAID_ON), household_aid_released(effective_on=PAID_ON)
    )
    given.when(withdrawal()).then_refused(BEFORE_LAST_STEP)


def test_a_grant_of_which_a_part_was_reversed_stays_with_the_part_that_was_paid() -> None:
    given = rules(payments=[*PAID, taken_back(AMOUNT_FEN - 1)]).given(PROPOSED, APPROVED)

    given.when(withdrawal(withdrawn_on=PAID_ON)).then_refused(PAYMENT_UNDER_WAY)


def test_what_the_bank_contradicts_after_a_reversal_is_settled_before_the_grant_is_withdrawn() -> None:
    said: dict[str, Any] = {"reported": "returned", "reported_fen": AMOUNT_FEN, "code": "frozen"}
    doubtful = PaymentContradicted(**line(), **said)
    given = rules(payments=[*PAID, taken_back(), doubtful]).given(PROPOSED, APPROVED)

    given.when(withdrawal(withdrawn_on=PAID_ON)).then_refused(PAYMENT_UNDER_WAY)


def test_a_grant_is_withdrawn_no_earlier_than_its_payment_came_back() -> None:
    given = rules(payments=[prepared(), released(), failed()]).given(PROPOSED, APPROVED)

    given.when(withdrawal()).then_refused(BEFORE_LAST_STEP)


def test_a_withdrawn_grant_is_not_approved() -> None:
    decision = rules().given(PROPOSED, WITHDRAWN).when(approval(), by="sun")

    decision.then_refused(NOT_PROPOSED)
    assert decision.refused is not None
    assert decision.refused.zh == "该笔救助已撤回，不能再办理"


def test_student_aid_gives_back_the_school_year_that_it_counted_for() -> None:
    proposed = grant_proposed(
        programme="autumn_student_aid", season_year=2023, person_id="son", budget_id="autumn"
    )
    (_, _, released) = rules().given(proposed).when(withdrawal(person_id="son")).events

    assert (released.kind, released.person_id, released.year) == ("student_aid", "son", 2023)


def test_reasons_are_sealed_with_the_beneficiarys_key() -> None:
    for command in (refusal(person_id="wife"), withdrawal(person_id="wife")):
        rules().given(PROPOSED).when(command, by="sun").then_refused(BENEFICIARY_CHANGES, field="person_id")


def test_a_grant_is_decided_under_its_own_organisation() -> None:
    elsewhere = approval(organisation_id="mill")

    rules().given(PROPOSED).when(elsewhere, by="sun").then_refused(ANOTHER_ORGANISATION)
    rules().given().when(approval(), by="sun").then_refused(UNKNOWN, field="grant_id")
