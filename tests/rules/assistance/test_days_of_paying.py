"""Paying does not run backwards in time: no step is dated before the one that it follows."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from services.assistance.aggregates.batch.commands import (
    AddLines,
    ApproveBatch,
    CheckBatch,
    LockBatch,
    ReconcileBatch,
    RecordResults,
    ReleaseBatch,
    RemoveLines,
    Result,
    UnlockBatch,
)
from services.assistance.aggregates.batch.lines import digest_of_lines
from services.assistance.aggregates.batch.refusals import (
    BEFORE_LAST_STEP,
    BEFORE_LINES_LAST_STEP,
    BEFORE_RELEASE,
)
from services.assistance.aggregates.payment import BEFORE_LAST_STEP as BEFORE_PAYMENTS_LAST_STEP
from services.assistance.aggregates.payment import (
    ApproveReversal,
    RefuseReversal,
    RequestReversal,
    SettleContradiction,
    WithdrawReversal,
    payment,
)
from services.assistance.events.batch import NotPayable
from services.assistance.events.payment import ContradictionSettled, ReversalRequested
from tests.rules.assistance.grants import AMOUNT_FEN
from tests.rules.assistance.households import FACTORY
from tests.rules.assistance.payments import (
    DISTRICT,
    PAID_ON,
    added,
    batch_line,
    confirmed,
    failed,
    line,
    opened,
    prepared,
    released,
    up_to,
    world,
)
from tests.rules.rules import Rules

EARLY, LATE = PAID_ON - timedelta(days=1), PAID_ON + timedelta(days=1)
OF_THE_BATCH: dict[str, Any] = {"batch_id": "1", "organisation_id": DISTRICT}
DIGEST = digest_of_lines(added().lines)
PAID = Result(line_id="1.1", outcome="paid", amount_fen=AMOUNT_FEN)
OUT: dict[str, Any] = {"grant_ids": ("1",), "reason": "not_now"}
ABOUT: dict[str, Any] = {"grant_id": "1", "organisation_id": FACTORY}


def add(day: date) -> Any:
    return AddLines(**OF_THE_BATCH, grant_ids=("1",), prepared_on=day)


def release(day: date) -> Any:
    return ReleaseBatch(**OF_THE_BATCH, released_on=day)


def answer(day: date) -> Any:
    return RecordResults(**OF_THE_BATCH, results=(PAID,), file_digest="result", answered_on=day)


@pytest.mark.parametrize(
    ("done", "command", "by"),
    [
        ("opened", add, "wu"),
        ("added", lambda day: RemoveLines(**OF_THE_BATCH, **OUT, removed_on=day), "wu"),
        ("added", lambda day: LockBatch(**OF_THE_BATCH, locked_on=day), "wu"),
        ("locked", lambda day: UnlockBatch(**OF_THE_BATCH, reason="not_approved", unlocked_on=day), "wu"),
        ("locked", lambda day: CheckBatch(**OF_THE_BATCH, digest=DIGEST, checked_on=day), "zheng"),
        ("checked", lambda day: ApproveBatch(**OF_THE_BATCH, digest=DIGEST, approved_on=day), "qian"),
        ("approved", release, "feng"),
        (
            "released",
            lambda day: ReconcileBatch(**OF_THE_BATCH, paid_fen=0, statement_no="3", reconciled_on=day),
            "chen",
        ),
    ],
)
def test_no_step_on_a_batch_lies_before_the_last_one(done: str, command: Any, by: str) -> None:
    paid = {"1": [prepared()] if done != "released" else [prepared(), released(), failed()]}
    given = world({} if done == "opened" else paid).given(*up_to(done))
    decision = given.when(command(EARLY), by=by)

    decision.then_refused(BEFORE_LAST_STEP)
    assert decision.refused is not None
    assert decision.refused.values == {"last_on": PAID_ON}
    assert given.when(command(PAID_ON), by=by).events
    assert given.when(command(LATE), by=by).events


def test_the_bank_answers_no_earlier_than_the_release_though_files_may_be_read_in_any_order() -> None:
    given = world({"1": [prepared(), released()]}).given(*up_to("released"))

    given.when(answer(EARLY), by="feng").then_refused(BEFORE_RELEASE, field="answered_on")
    assert given.when(answer(PAID_ON), by="feng").events
    # A later file about other lines was read before this one.
    later = given.when(answer(LATE), by="feng").events[-1]
    assert (
        world({"1": [prepared(), released()]})
        .given(*up_to("released"), later)
        .when(answer(PAID_ON), by="feng")
        .events
    )


def test_a_line_is_released_no_earlier_than_what_is_known_of_its_payment() -> None:
    second = [prepared(attempt=2)]
    late = ContradictionSettled(**line(effective_on=LATE), settlement="not_paid", document_no="回单7")
    batch = up_to("approved", added(lines={"1.2": batch_line()}))
    given = world({"1": [prepared(), released(), failed(), *second, late]}).given(*batch)

    given.when(release(PAID_ON), by="feng").then_refused(BEFORE_LINES_LAST_STEP, field="released_on")
    assert given.when(release(LATE), by="feng").events


def test_a_line_is_not_made_anew_before_the_day_on_which_the_last_one_failed() -> None:
    given = world({"1": [prepared(), released(), failed(effective_on=LATE)]}).given(opened())
    (listed,) = given.when(add(PAID_ON), by="wu").events

    assert listed.not_payable == (NotPayable(grant_id="1", reason="in_a_batch"),)
    assert given.when(add(LATE), by="wu").events[0] == prepared(attempt=2, batch_id="1", effective_on=LATE)


def ask(day: date) -> Any:
    return RequestReversal(**ABOUT, reversed_fen=400, reason="not_entitled", requested_on=day)


def settle(day: date) -> Any:
    return SettleContradiction(**ABOUT, line_id="1.1", settlement="paid", document_no="7", settled_on=day)


ASKED = ReversalRequested(**line(), reversed_fen=400, reason="not_entitled", requested_by="feng")
ASKED_BY_CHEN = replace(ASKED, requested_by="chen")


@pytest.mark.parametrize(
    ("before", "command"),
    [
        ([confirmed()], ask),
        ([confirmed(), ASKED], lambda day: ApproveReversal(**ABOUT, approved_on=day)),
        ([confirmed(), ASKED_BY_CHEN], lambda day: WithdrawReversal(**ABOUT, withdrawn_on=day)),
        ([confirmed(), ASKED], lambda day: RefuseReversal(**ABOUT, cause="other", refused_on=day)),
        ([failed(code="bank_other", final=False)], settle),
    ],
    ids=["asked", "approved", "taken back", "refused", "settled"],
)
def test_no_step_on_a_payment_lies_before_the_last_one(before: list[Any], command: Any) -> None:
    given = Rules(payment).given(prepared(), released(), *before)

    given.when(command(EARLY), by="chen").then_refused(BEFORE_PAYMENTS_LAST_STEP)
    assert given.when(command(PAID_ON), by="chen").events
