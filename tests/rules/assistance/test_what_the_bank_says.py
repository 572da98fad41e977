"""The rules of result files: matched by line id, harmless when read again, found out when they contradict."""

from dataclasses import replace
from typing import Any

import pytest

from services.assistance.aggregates.batch.commands import RecordResults, Result
from services.assistance.aggregates.batch.refusals import WRONG_STEP
from services.assistance.aggregates.payment import (
    ALREADY_REVERSED,
    IN_DOUBT,
    NO_REVERSAL_REQUESTED,
    NOT_PAID,
    NOT_THE_REQUESTER,
    NOTHING_TO_SETTLE,
    REVERSAL_AMOUNT,
    SAME_PERSON,
    TAKE_OUT_FIRST,
    ApproveReversal,
    RefuseReversal,
    RequestReversal,
    SettleContradiction,
    WithdrawReversal,
    payment,
)
from services.assistance.aggregates.payment import BENEFICIARY as OWN_PAYMENT
from services.assistance.events.batch import ResultsRecorded, Unmatched
from services.assistance.events.payment import (
    ContradictionSettled,
    OverpaymentFound,
    PaymentContradicted,
    PaymentReversed,
    ReversalRefused,
    ReversalRequested,
    ReversalWithdrawn,
)
from tests.rules.assistance.grants import AMOUNT_FEN, budget_released, budget_restored, budget_spent
from tests.rules.assistance.households import FACTORY
from tests.rules.assistance.payments import (
    DISTRICT,
    PAID_ON,
    added,
    batch_line,
    confirmed,
    failed,
    line,
    prepared,
    released,
    returned,
    up_to,
    world,
)
from tests.rules.rules import Decision, Rules

SENT = [prepared(), released()]
SPENT = budget_spent(effective_on=PAID_ON)
RESTORED = budget_restored(effective_on=PAID_ON)
NOTHING: dict[str, Any] = {
    "confirmed": 0,
    "confirmed_fen": 0,
    "failed": 0,
    "failed_fen": 0,
    "in_doubt": 0,
    "returned": 0,
    "returned_fen": 0,
    "contradicted": 0,
    "unmatched": (),
}


def say(outcome: Any, code: Any = None, amount_fen: int = AMOUNT_FEN, line_id: str = "1.1") -> Result:
    return Result(line_id=line_id, outcome=outcome, amount_fen=amount_fen, code=code)


def told(*results: Result, before: list[Any], batch_before: tuple[Any, ...] = ()) -> Decision:
    """A result file is recorded for the batch that holds line 1.1."""
    command = RecordResults(
        batch_id="1", organisation_id=DISTRICT, results=results, file_digest="result", answered_on=PAID_ON
    )
    history = [*up_to("released"), *batch_before]
    return world({"1": before}).given(*history).when(command, by="feng")


def recorded(**counted: Any) -> ResultsRecorded:
    return ResultsRecorded(batch_id="1", file_digest="result", effective_on=PAID_ON, **NOTHING | counted)


def contradicted(outcome: Any, amount_fen: int = AMOUNT_FEN, code: Any = None) -> PaymentContradicted:
    return PaymentContradicted(**line(), reported=outcome, reported_fen=amount_fen, code=code)


def test_a_paid_line_is_confirmed_and_the_budget_spent() -> None:
    expected = recorded(confirmed=1, confirmed_fen=AMOUNT_FEN)

    told(say("paid"), before=SENT).then(confirmed(), SPENT, expected)


def test_a_line_that_failed_for_good_may_be_issued_again() -> None:
    expected = recorded(failed=1, failed_fen=AMOUNT_FEN)

    told(say("failed", "account_closed"), before=SENT).then(failed(), expected)


def test_money_that_came_back_before_it_was_confirmed_has_failed() -> None:
    expected = recorded(failed=1, failed_fen=AMOUNT_FEN)

    told(say("returned", "account_closed"), before=SENT).then(failed(), expected)


@pytest.mark.parametrize("code", ["bank_other", None])
def test_a_code_that_is_not_final_leaves_the_line_in_doubt(code: Any) -> None:
    undecided = failed(code="bank_other", final=False)

    told(say("failed", code), before=SENT).then(undecided, recorded(in_doubt=1))


def test_a_line_in_doubt_may_be_paid_after_all_or_fail_for_good() -> None:
    in_doubt = [*SENT, failed(code="bank_other", final=False)]
    paid, lost = recorded(confirmed=1, confirmed_fen=AMOUNT_FEN), recorded(failed=1, failed_fen=AMOUNT_FEN)

    told(say("paid"), before=in_doubt).then(confirmed(), SPENT, paid)
    told(say("failed", "account_closed"), before=in_doubt).then(failed(), lost)


def test_a_confirmed_payment_that_comes_back_restores_the_budget() -> None:
    expected = recorded(returned=1, returned_fen=AMOUNT_FEN)

    told(say("returned", "account_closed"), before=[*SENT, confirmed()]).then(returned(), RESTORED, expected)


@pytest.mark.parametrize(
    ("before", "again"),
    [
        ([confirmed()], say("paid")),
        ([failed()], say("failed", "account_closed")),
        ([failed(code="bank_other", final=False)], say("failed", "bank_other")),
        ([confirmed(), returned()], say("returned", "account_closed")),
        # The file from before the money came back, read once more.
        ([confirmed(), returned()], say("paid")),
        ([contradicted("paid", 1)], say("paid", amount_fen=1)),
        ([failed(), contradicted("paid")], say("paid")),
        ([failed()], say("returned", "account_closed")),
    ],
)
def test_a_result_file_read_again_changes_nothing(before: list[Any], again: Result) -> None:
    told(again, before=[*SENT, *before]).then_nothing()


def test_a_line_that_stands_twice_in_a_file_counts_once() -> None:
    expected = recorded(confirmed=1, confirmed_fen=AMOUNT_FEN)

    told(say("paid"), say("paid"), before=SENT).then(confirmed(), SPENT, expected)


def test_a_file_that_contradicts_itself_is_found_out() -> None:
    decision = told(say("paid"), say("failed", "frozen"), before=SENT)

    against = contradicted("failed", code="frozen")
    counted = recorded(confirmed=1, confirmed_fen=AMOUNT_FEN, contradicted=1)
    decision.then(confirmed(), SPENT, against, counted)


@pytest.mark.parametrize(
    ("before", "result"),
    [
        ([failed()], say("paid")),
        ([confirmed()], say("failed", "frozen")),
        ([], say("paid", amount_fen=AMOUNT_FEN - 1)),
        ([confirmed()], say("paid", amount_fen=AMOUNT_FEN + 1)),
        ([contradicted("paid", 1)], say("paid")),
    ],
    ids=[
        "failed, then paid",
        "paid, then failed",
        "less",
        "more",
        "while in doubt",
    ],
)
def test_what_contradicts_is_recorded_and_moves_no_money(before: list[Any], result: Result) -> None:
    against = contradicted(result.outcome, result.amount_fen, result.code)
    told(result, before=[*SENT, *before]).then(against, recorded(contradicted=1))


def test_a_line_that_is_in_no_batch_is_reported_once() -> None:
    other = Unmatched(line_id="7.1", outcome="paid", amount_fen=5)
    once = recorded(unmatched=(other,))

    told(say("paid", amount_fen=5, line_id="7.1"), before=SENT).then(once)
    told(say("paid", amount_fen=5, line_id="7.1"), before=SENT, batch_before=(once,)).then_nothing()


def test_results_are_of_released_batches() -> None:
    command = RecordResults(
        batch_id="1",
        organisation_id=DISTRICT,
        results=(say("paid"),),
        file_digest="result",
        answered_on=PAID_ON,
    )
    world({"1": [prepared()]}).given(*up_to("approved")).when(command).then_refused(WRONG_STEP)


SECOND = [prepared(attempt=2), released(attempt=2)]


def test_a_failed_line_that_is_paid_after_it_was_issued_again_is_found_out() -> None:
    decision = told(say("paid"), before=[*SENT, failed(), *SECOND])

    decision.then(contradicted("paid"), recorded(contradicted=1))


def test_the_second_attempt_is_confirmed_by_its_own_line_id() -> None:
    second = added("2", {"1.2": batch_line()})
    command = RecordResults(
        batch_id="2",
        organisation_id=DISTRICT,
        results=(say("paid", line_id="1.2"),),
        file_digest="result",
        answered_on=PAID_ON,
    )
    decision = world({"1": [*SENT, failed(), *SECOND]}).given(*up_to("released", second)).when(command)

    assert decision.events[0] == confirmed(attempt=2)


payments = Rules(payment)
SETTLE: dict[str, Any] = {
    "grant_id": "1",
    "organisation_id": FACTORY,
    "line_id": "1.1",
    "document_no": "回单7",
    "settled_on": PAID_ON,
}


def settled(settlement: Any) -> ContradictionSettled:
    return ContradictionSettled(**line(), settlement=settlement, document_no="回单7")


@pytest.mark.parametrize(
    ("before", "settlement", "follows"),
    [
        ([failed(), contradicted("paid")], "paid", [confirmed(after="failure"), SPENT]),
        ([failed(), contradicted("paid")], "not_paid", []),
        ([confirmed(), contradicted("failed")], "paid", []),
        (
            [confirmed(), contradicted("failed")],
            "not_paid",
            [returned(code="bank_other"), RESTORED],
        ),
        ([contradicted("paid", 1)], "paid", [confirmed(), SPENT]),
        ([contradicted("paid", 1)], "not_paid", [failed(code="bank_other")]),
        ([failed(), *SECOND, contradicted("paid")], "paid", [OverpaymentFound(**line())]),
        (
            [failed(), *SECOND, confirmed(attempt=2), contradicted("paid")],
            "paid",
            [OverpaymentFound(**line())],
        ),
        ([failed(), *SECOND, contradicted("paid")], "not_paid", []),
        (
            [failed(), *SECOND, failed(attempt=2), contradicted("paid")],
            "paid",
            [confirmed(after="failure"), SPENT],
        ),
    ],
)
def test_a_person_settles_a_contradiction_by_the_banks_paper(
    before: list[Any], settlement: Any, follows: list[Any]
) -> None:
    command = SettleContradiction(**SETTLE, settlement=settlement)

    payments.given(*SENT, *before).when(command, by="chen").then(settled(settlement), *follows)


def test_who_released_a_payment_settles_nothing_about_it() -> None:
    command = SettleContradiction(**SETTLE, settlement="paid")
    given = payments.given(*SENT, failed(), contradicted("paid"))

    given.when(command, by="feng").then_refused(SAME_PERSON)
    given.when(command, by="zhang").then_refused(OWN_PAYMENT)


def test_a_settled_contradiction_is_settled_once() -> None:
    given = payments.given(*SENT, failed(), contradicted("paid"), settled("not_paid"))

    given.when(SettleContradiction(**SETTLE, settlement="paid"), by="chen").then_refused(NOTHING_TO_SETTLE)


def test_a_line_about_to_leave_again_is_taken_out_before_the_first_is_settled_as_paid() -> None:
    given = payments.given(*SENT, failed(), prepared(attempt=2), contradicted("paid"))

    given.when(SettleContradiction(**SETTLE, settlement="paid"), by="chen").then_refused(TAKE_OUT_FIRST)


ASK = RequestReversal(
    grant_id="1", organisation_id=FACTORY, reversed_fen=400, reason="not_entitled", requested_on=PAID_ON
)
AGREE = ApproveReversal(grant_id="1", organisation_id=FACTORY, approved_on=PAID_ON)
PAID = [*SENT, confirmed()]
ASKED = ReversalRequested(**line(), reversed_fen=400, reason="not_entitled", requested_by="feng")
REVERSED = PaymentReversed(**line(), reversed_fen=400, reason="not_entitled")


def test_a_payment_is_reversed_by_an_opposite_entry_that_another_person_approves() -> None:
    payments.given(*PAID).when(ASK, by="feng").then(ASKED)
    payments.given(*PAID, ASKED).when(AGREE, by="feng").then_refused(SAME_PERSON)
    payments.given(*PAID, ASKED).when(AGREE, by="qian").then(
        REVERSED,
        budget_restored(amount_fen=400, effective_on=PAID_ON),
        budget_released(amount_fen=400, effective_on=PAID_ON, stage="committed"),
    )


def test_asking_and_approving_again_changes_nothing() -> None:
    payments.given(*PAID, ASKED).when(ASK, by="feng").then_nothing()
    payments.given(*PAID, ASKED, REVERSED).when(AGREE, by="qian").then_nothing()


TAKE_BACK = WithdrawReversal(grant_id="1", organisation_id=FACTORY, withdrawn_on=PAID_ON)
TURN_DOWN = RefuseReversal(grant_id="1", organisation_id=FACTORY, cause="paid_rightly", refused_on=PAID_ON)
TAKEN_BACK = ReversalWithdrawn(**line(), withdrawn_by="feng")
TURNED_DOWN = ReversalRefused(**line(), cause="paid_rightly", refused_by="qian")


def test_who_asked_for_a_reversal_and_nobody_else_takes_the_request_back() -> None:
    payments.given(*PAID, ASKED).when(TAKE_BACK, by="feng").then(TAKEN_BACK)
    payments.given(*PAID, ASKED).when(TAKE_BACK, by="chen").then_refused(NOT_THE_REQUESTER)


def test_somebody_else_than_who_asked_refuses_a_reversal() -> None:
    payments.given(*PAID, ASKED).when(TURN_DOWN, by="qian").then(TURNED_DOWN)
    payments.given(*PAID, ASKED).when(TURN_DOWN, by="feng").then_refused(SAME_PERSON)
    payments.given(*PAID, ASKED).when(TURN_DOWN, by="zhang").then_refused(OWN_PAYMENT)


@pytest.mark.parametrize("ended", [TAKEN_BACK, TURNED_DOWN])
def test_a_reversal_that_came_to_nothing_is_not_approved_and_another_may_be_asked_for(ended: Any) -> None:
    given = payments.given(*PAID, ASKED, ended)

    given.when(AGREE, by="qian").then_refused(NO_REVERSAL_REQUESTED)
    given.when(replace(ASK, reversed_fen=500), by="feng").then(replace(ASKED, reversed_fen=500))


def test_taking_a_request_back_or_refusing_it_again_changes_nothing() -> None:
    payments.given(*PAID, ASKED, TAKEN_BACK).when(TAKE_BACK, by="feng").then_nothing()
    payments.given(*PAID, ASKED, TURNED_DOWN).when(TURN_DOWN, by="qian").then_nothing()
    payments.given(*PAID, ASKED, TURNED_DOWN).when(TAKE_BACK, by="feng").then_refused(NO_REVERSAL_REQUESTED)
    payments.given(*PAID, ASKED, TAKEN_BACK, ASKED).when(TAKE_BACK, by="feng").then(TAKEN_BACK)


@pytest.mark.parametrize("ending", [TAKE_BACK, TURN_DOWN])
def test_only_a_request_that_waits_comes_to_nothing(ending: Any) -> None:
    payments.given(*PAID).when(ending, by="feng").then_refused(NO_REVERSAL_REQUESTED)
    payments.given(*PAID, ASKED, REVERSED).when(ending, by="feng").then_refused(ALREADY_REVERSED)


@pytest.mark.parametrize(("ending", "by"), [(TAKE_BACK, "feng"), (TURN_DOWN, "qian")])
def test_a_request_comes_to_nothing_also_while_the_bank_contradicts_itself(ending: Any, by: str) -> None:
    assert payments.given(*PAID, ASKED, contradicted("failed")).when(ending, by=by).events


def test_nothing_is_reversed_that_nobody_asked_for() -> None:
    payments.given(*PAID).when(AGREE, by="qian").then_refused(NO_REVERSAL_REQUESTED)


@pytest.mark.parametrize("amount_fen", [0, -1, AMOUNT_FEN + 1])
def test_no_more_is_reversed_than_was_paid_and_not_nothing(amount_fen: int) -> None:
    command = RequestReversal(
        grant_id="1",
        organisation_id=FACTORY,
        reversed_fen=amount_fen,
        reason="not_entitled",
        requested_on=PAID_ON,
    )
    decision = payments.given(*PAID).when(command, by="feng")

    decision.then_refused(REVERSAL_AMOUNT, field="reversed_fen")
    assert decision.refused is not None
    assert decision.refused.zh == "冲销金额须大于零且不超过原支付金额1,000.00元"


@pytest.mark.parametrize("before", [[], SENT, [*SENT, failed()], [*PAID, returned()]])
def test_only_what_was_paid_is_reversed(before: list[Any]) -> None:
    payments.given(*before).when(ASK, by="feng").then_refused(NOT_PAID)


def test_nothing_is_reversed_while_the_bank_contradicts_itself() -> None:
    payments.given(*PAID, contradicted("failed")).when(ASK, by="feng").then_refused(IN_DOUBT)


def test_after_a_reversal_nothing_the_bank_says_moves_money() -> None:
    decision = told(say("returned", "frozen"), before=[*PAID, ASKED, REVERSED])

    decision.then(contradicted("returned", code="frozen"), recorded(contradicted=1))
    told(say("paid"), before=[*PAID, ASKED, REVERSED]).then_nothing()
