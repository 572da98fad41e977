"""A grant is paid once over all its lines, whatever the bank says of earlier ones, and however late."""

from dataclasses import replace
from typing import Any

import pytest

from services.assistance.aggregates.batch.commands import AddLines, RecordResults, Result
from services.assistance.aggregates.payment import (
    BENEFICIARY,
    NOT_OVERPAID,
    NOTHING_TO_SETTLE,
    RECEIPT_MISSING,
    SAME_PERSON,
    RecordRepayment,
    RequestReversal,
    SettleContradiction,
    payment,
)
from services.assistance.aggregates.payment import (
    IN_DOUBT as CONTRADICTED,
)
from services.assistance.events.batch import NotPayable
from services.assistance.events.payment import (
    ContradictionSettled,
    PaymentContradicted,
    PaymentReversed,
    PaymentWithdrawn,
    ReversalRequested,
)
from tests.rules.assistance.grants import AMOUNT_FEN, budget_restored, budget_spent
from tests.rules.assistance.households import FACTORY
from tests.rules.assistance.payments import (
    DISTRICT,
    PAID_ON,
    added,
    batch_line,
    confirmed,
    failed,
    given_up,
    line,
    opened,
    overpaid,
    overpayment_returned,
    prepared,
    released,
    repaid,
    returned,
    up_to,
    world,
)
from tests.rules.rules import Decision, Rules, fold

payments = Rules(payment)
FIRST_FAILED = [prepared(), released(), failed()]
SECOND = [prepared(attempt=2), released(attempt=2)]
BOTH_PAID = [*FIRST_FAILED, *SECOND, overpaid()]
SPENT, RESTORED = budget_spent(effective_on=PAID_ON), budget_restored(effective_on=PAID_ON)
IN_DOUBT = failed(code="bank_other", final=False)


def said(outcome: Any, attempt: int, *before: Any) -> list[Any]:
    """What follows on the payment when the bank says this of one of its lines."""
    batch_id, line_id = str(attempt), f"1.{attempt}"
    code: Any = None if outcome == "paid" else "account_closed"
    result = Result(line_id=line_id, outcome=outcome, amount_fen=AMOUNT_FEN, code=code)
    command = RecordResults(
        batch_id=batch_id,
        organisation_id=DISTRICT,
        results=(result,),
        file_digest="result",
        answered_on=PAID_ON,
    )
    history = up_to("released", added(batch_id, {line_id: batch_line()}))
    decision = world({"1": [*before]}).given(*history).when(command, by="feng")
    assert decision.refused is None
    return decision.events[:-1]


def settle(settlement: Any, attempt: int, *before: Any, by: str = "chen") -> Decision:
    command = SettleContradiction(
        grant_id="1",
        organisation_id=FACTORY,
        line_id=f"1.{attempt}",
        settlement=settlement,
        document_no="回单7",
        settled_on=PAID_ON,
    )
    return payments.given(*before).when(command, by=by)


def settled(settlement: Any, attempt: int = 1) -> ContradictionSettled:
    return ContradictionSettled(**line(attempt=attempt), settlement=settlement, document_no="回单7")


def contradicted(outcome: Any, attempt: int = 1) -> PaymentContradicted:
    return PaymentContradicted(**line(attempt=attempt), reported=outcome, reported_fen=AMOUNT_FEN, code=None)


def added_again(*before: Any) -> list[Any]:
    """What comes of putting the grant into a third batch."""
    command = AddLines(batch_id="3", organisation_id=DISTRICT, grant_ids=("1",), prepared_on=PAID_ON)
    decision = world({"1": [*before]}).given(opened("3")).when(command, by="wu")
    assert decision.refused is None
    return decision.events


def test_when_the_later_line_fails_the_earlier_that_was_paid_too_is_the_payment() -> None:
    follows = [failed(attempt=2), confirmed(after="overpayment"), SPENT]

    assert said("failed", 2, *BOTH_PAID) == follows
    settle("not_paid", 2, *BOTH_PAID, failed(attempt=2, code="bank_other", final=False)).then(
        settled("not_paid", 2), failed(attempt=2, code="bank_other"), confirmed(after="overpayment"), SPENT
    )


def test_when_the_later_line_comes_back_the_earlier_that_was_paid_too_is_the_payment() -> None:
    follows = [returned(attempt=2), RESTORED, confirmed(after="overpayment"), SPENT]

    assert said("returned", 2, *BOTH_PAID, confirmed(attempt=2)) == follows


def test_as_long_as_the_bank_may_still_pay_the_later_line_the_earlier_stays_an_overpayment() -> None:
    command = Result(line_id="1.2", outcome="failed", amount_fen=AMOUNT_FEN, code="bank_other")
    batch = up_to("released", added("2", {"1.2": batch_line()}))
    recorded = RecordResults(
        batch_id="2", organisation_id=DISTRICT, results=(command,), file_digest="result", answered_on=PAID_ON
    )
    decision = world({"1": BOTH_PAID}).given(*batch).when(recorded, by="feng")

    assert decision.events[:-1] == [failed(attempt=2, code="bank_other", final=False)]


@pytest.mark.parametrize("later", [failed(attempt=2), returned(attempt=2)])
def test_no_third_line_is_made_for_what_the_first_has_paid(later: Any) -> None:
    (listed,) = added_again(*BOTH_PAID, later, confirmed(after="overpayment"))

    assert listed.not_payable == (NotPayable(grant_id="1", reason="paid"),)


def test_an_overpayment_that_comes_back_closes_it_and_nothing_else() -> None:
    assert said("returned", 1, *BOTH_PAID) == [overpayment_returned()]
    assert said("returned", 1, *BOTH_PAID, confirmed(attempt=2)) == [overpayment_returned()]
    settle("not_paid", 1, *BOTH_PAID, contradicted("failed")).then(
        settled("not_paid"), overpayment_returned(code="bank_other")
    )


def test_an_overpayment_that_came_back_is_not_the_payment_when_the_later_line_fails() -> None:
    assert said("failed", 2, *BOTH_PAID, overpayment_returned()) == [failed(attempt=2)]


def repay(*before: Any, by: str = "chen", receipt_no: str = "8", line_id: str = "1.1") -> Decision:
    """Chen records that the household gave a line back."""
    of = {"grant_id": "1", "organisation_id": FACTORY, "line_id": line_id}
    return payments.given(*before).when(
        RecordRepayment(**of, receipt_no=receipt_no, repaid_on=PAID_ON), by=by
    )


def test_what_was_overpaid_is_given_back_by_the_household_against_a_receipt() -> None:
    repay(*BOTH_PAID).then(repaid())
    repay(*BOTH_PAID, receipt_no=" ").then_refused(RECEIPT_MISSING, field="receipt_no")


@pytest.mark.parametrize(
    "before", [[*FIRST_FAILED, *SECOND], [*BOTH_PAID, overpayment_returned()], [*BOTH_PAID, repaid()]]
)
def test_only_what_is_overpaid_is_given_back_and_once(before: list[Any]) -> None:
    repay(*before).then_refused(NOT_OVERPAID, field="line_id")


def test_a_line_of_which_the_bank_contradicts_itself_is_settled_before_it_is_given_back() -> None:
    repay(*BOTH_PAID, contradicted("failed")).then_refused(CONTRADICTED, field="line_id")


def test_who_released_a_line_and_who_is_paid_record_no_repayment() -> None:
    repay(*BOTH_PAID, by="feng").then_refused(SAME_PERSON)
    repay(*BOTH_PAID, by="zhang").then_refused(BENEFICIARY)


def test_what_the_household_gave_back_is_not_the_payment_when_the_later_line_fails() -> None:
    assert said("failed", 2, *BOTH_PAID, repaid()) == [failed(attempt=2)]


def test_what_the_household_gave_back_and_the_bank_sends_back_too_is_contradicted() -> None:
    assert said("returned", 1, *BOTH_PAID, repaid()) == [
        replace(contradicted("returned"), code="account_closed")
    ]


def test_a_payment_of_which_all_came_back_is_no_longer_under_way() -> None:
    assert fold(payment, BOTH_PAID).under_way
    assert not fold(payment, [*BOTH_PAID, repaid(), failed(attempt=2)]).under_way


def test_of_several_that_were_paid_too_the_first_is_the_payment_and_the_others_stay_open() -> None:
    third = [prepared(attempt=3), released(attempt=3)]
    twice = [*FIRST_FAILED, *SECOND, failed(attempt=2), *third, overpaid(), overpaid(attempt=2)]
    assert said("failed", 3, *twice) == [failed(attempt=3), confirmed(after="overpayment"), SPENT]

    then_back = [*twice, failed(attempt=3), confirmed(after="overpayment")]
    assert said("returned", 1, *then_back) == [
        returned(),
        RESTORED,
        confirmed(attempt=2, after="overpayment"),
        SPENT,
    ]


@pytest.mark.parametrize(
    "before",
    [
        # The first was paid late, and came back: the attempts are counted all the same.
        [failed(), *SECOND, failed(attempt=2), confirmed(after="failure"), returned()],
        [failed(), *SECOND, failed(attempt=2)],
        [failed(), prepared(attempt=2), PaymentWithdrawn(**line(attempt=2), reason="not_now")],
    ],
)
def test_no_line_id_is_used_twice(before: list[Any]) -> None:
    again = prepared(attempt=3)

    assert added_again(*FIRST_FAILED[:2], *before) == [again, added("3", {"1.3": batch_line()})]


def test_what_turns_out_paid_after_its_grant_was_withdrawn_is_to_be_asked_back() -> None:
    gone = [*FIRST_FAILED, given_up(), contradicted("paid")]

    settle("paid", 1, *gone).then(settled("paid"), overpaid())
    assert said("returned", 1, *gone, settled("paid"), overpaid()) == [overpayment_returned()]


def test_what_turns_out_paid_after_a_reversal_is_to_be_asked_back() -> None:
    reversed_ = PaymentReversed(**line(attempt=2), reversed_fen=AMOUNT_FEN, reason="not_entitled")
    before = [*FIRST_FAILED, *SECOND, confirmed(attempt=2), reversed_, contradicted("paid")]

    settle("paid", 1, *before).then(settled("paid"), overpaid())


@pytest.mark.parametrize(
    ("settlement", "follows"),
    [("paid", [confirmed(), SPENT]), ("not_paid", [failed(code="bank_other")])],
)
def test_a_line_in_doubt_is_settled_by_the_banks_paper(settlement: Any, follows: list[Any]) -> None:
    settle(settlement, 1, prepared(), released(), IN_DOUBT).then(settled(settlement), *follows)


def test_who_released_any_line_of_a_payment_settles_none_of_it() -> None:
    settle("paid", 1, prepared(), released(), IN_DOUBT, by="feng").then_refused(SAME_PERSON)
    later = [prepared(attempt=2), released(attempt=2, released_by="hou")]
    for one in ("feng", "hou"):
        both = [*FIRST_FAILED, *later, contradicted("paid")]
        settle("paid", 1, *both, by=one).then_refused(SAME_PERSON)


@pytest.mark.parametrize("before", [[prepared(), released()], FIRST_FAILED, BOTH_PAID])
def test_only_what_is_in_doubt_or_contradicted_is_settled(before: list[Any]) -> None:
    settle("paid", 1, *before).then_refused(NOTHING_TO_SETTLE)


def test_a_reversal_that_was_asked_for_falls_with_the_payment_that_came_back() -> None:
    asked = ReversalRequested(**line(), reversed_fen=400, reason="not_entitled", requested_by="feng")
    before = [prepared(), released(), confirmed(), asked, returned(), *SECOND, confirmed(attempt=2)]
    other = RequestReversal(
        grant_id="1", organisation_id=FACTORY, reversed_fen=500, reason="amount_wrong", requested_on=PAID_ON
    )

    (made,) = payments.given(*before).when(other, by="feng").events
    assert (made.line_id, made.reversed_fen) == ("1.2", 500)
