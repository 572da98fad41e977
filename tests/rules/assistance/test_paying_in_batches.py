"""The rules of payment batches: four different persons, lines that are as they were seen, one effect."""

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from services.assistance.aggregates.batch.commands import (
    AddLines,
    ApproveBatch,
    CheckBatch,
    LockBatch,
    OpenBatch,
    ReconcileBatch,
    RecordBankFile,
    ReleaseBatch,
    RemoveLines,
    UnlockBatch,
)
from services.assistance.aggregates.batch.lines import ORGANISATIONS_WITHIN, digest_of_lines
from services.assistance.aggregates.batch.refusals import (
    ALREADY_OPENED,
    ANOTHER_ORGANISATION,
    BENEFICIARY,
    LINE_CHANGED,
    MINUTES_MISSING,
    NO_LINES,
    NOT_ALL_ANSWERED,
    SAME_PERSON,
    SEEN_OTHERS,
    STATEMENT_DIFFERS,
    WRONG_STEP,
)
from services.assistance.events.batch import (
    BatchReconciled,
    BatchUnlocked,
    LinesRemoved,
    NotPayable,
)
from services.assistance.events.file import FileClosed
from services.assistance.events.payment import PaymentWithdrawn
from services.assistance.parameters import BATCH_MINUTES_OVER_FEN
from tests.rules.assistance.grants import (
    AMOUNT_FEN,
    grant_approved,
    grant_proposed,
    household_aid_released,
    household_aided,
)
from tests.rules.assistance.households import FACTORY, ON_FILE, account_recorded, file_revised
from tests.rules.assistance.payments import (
    DISTRICT,
    PAID_ON,
    added,
    approved,
    batch_line,
    batch_released,
    checked,
    confirmed,
    failed,
    file_written,
    line,
    locked,
    opened,
    overpaid,
    prepared,
    released,
    repaid,
    up_to,
    world,
)
from tests.rules.rules import Decision, Given

DIGEST = digest_of_lines(added().lines)
OF_THE_BATCH: dict[str, Any] = {"batch_id": "1", "organisation_id": DISTRICT}
ADD = AddLines(**OF_THE_BATCH, grant_ids=("1",), prepared_on=PAID_ON)
LOCK = LockBatch(**OF_THE_BATCH, locked_on=PAID_ON)
CHECK = CheckBatch(**OF_THE_BATCH, digest=DIGEST, checked_on=PAID_ON)
APPROVE = ApproveBatch(**OF_THE_BATCH, digest=DIGEST, approved_on=PAID_ON)
RELEASE = ReleaseBatch(**OF_THE_BATCH, released_on=PAID_ON)
CLOSED = FileClosed(
    file_id="1",
    organisation_id=FACTORY,
    person_id="zhang",
    outcome="exited",
    cause="income_above_line",
    hardship_cause="own_illness",
    effective_on=PAID_ON,
)
prepared_once = world({"1": [prepared()]})


def listed(decision: Decision) -> tuple[NotPayable, ...]:
    """The grants that an addition could not take in."""
    assert decision.refused is None
    not_payable: tuple[NotPayable, ...] = decision.events[-1].not_payable
    return not_payable


def test_a_batch_is_opened_once() -> None:
    wish = OpenBatch(batch_id="1", organisation_id=DISTRICT, opened_on=PAID_ON)
    world().given().when(wish, by="wu").then(opened())
    world().given(opened()).when(wish, by="wu").then_nothing()
    other = OpenBatch(batch_id="1", organisation_id=FACTORY, opened_on=PAID_ON)
    world().given(opened()).when(other).then_refused(ALREADY_OPENED, field="batch_id")


def test_an_approved_grant_becomes_a_line_with_the_accounts_version() -> None:
    world().given(opened()).when(ADD, by="wu").then(prepared(), added())


def test_a_grant_that_stands_in_the_batch_is_not_added_again() -> None:
    prepared_once.given(*up_to("added")).when(ADD, by="wu").then_nothing()


def test_a_grant_named_twice_becomes_one_line() -> None:
    twice = AddLines(**OF_THE_BATCH, grant_ids=("1", "1"), prepared_on=PAID_ON)
    world().given(opened()).when(twice, by="wu").then(prepared(), added())


def test_a_batch_pays_no_grant_of_an_organisation_that_is_not_below_its_own() -> None:
    elsewhere = replace(world(), facts={ORGANISATIONS_WITHIN: []})
    reason = NotPayable(grant_id="1", reason="another_organisation")

    elsewhere.given(opened()).when(ADD, by="wu").then(added(lines={}, not_payable=(reason,)))


def test_a_person_without_account_is_listed_and_keeps_nobody_from_being_paid() -> None:
    rules = world(grants=2, file_2=[*ON_FILE])
    both = AddLines(**OF_THE_BATCH, grant_ids=("2", "1"), prepared_on=PAID_ON)
    reason = NotPayable(grant_id="2", reason="account_missing")

    rules.given(opened()).when(both, by="wu").then(prepared(), added(not_payable=(reason,)))


@pytest.mark.parametrize(
    ("reason", "changed"),
    [
        ("grant_not_approved", {"grant_1": []}),
        ("grant_not_approved", {"grant_1": [grant_proposed()]}),
        (
            "grant_not_approved",
            {"grant_1": [grant_proposed(), grant_approved(effective_on=PAID_ON + timedelta(days=1))]},
        ),
        ("file_not_on_file", {"file_1": [*ON_FILE, account_recorded(), CLOSED]}),
        ("in_a_batch", {"payments": {"1": [prepared(batch_id="2")]}}),
        ("in_a_batch", {"payments": {"1": [prepared(), released()]}}),
        ("in_a_batch", {"payments": {"1": [prepared(), released(), failed(code="bank_other", final=False)]}}),
        ("paid", {"payments": {"1": [prepared(), released(), confirmed()]}}),
    ],
)
def test_what_cannot_be_paid_is_listed_with_the_reason(reason: Any, changed: dict[str, Any]) -> None:
    decision = world(**changed).given(opened()).when(ADD, by="wu")

    assert listed(decision) == (NotPayable(grant_id="1", reason=reason),)
    assert len(decision.events) == 1


def test_a_line_that_failed_for_good_is_issued_again_as_the_next_attempt() -> None:
    rules = world({"1": [prepared(), released(), failed()]})
    again = AddLines(batch_id="2", organisation_id=DISTRICT, grant_ids=("1",), prepared_on=PAID_ON)
    second = added("2", {"1.2": batch_line()})

    rules.given(opened("2")).when(again, by="wu").then(prepared(attempt=2), second)


def test_nobody_makes_a_batch_that_pays_themselves() -> None:
    world().given(opened()).when(ADD, by="zhang").then_refused(BENEFICIARY)


def test_lines_are_added_to_drafts_only() -> None:
    prepared_once.given(*up_to("locked")).when(ADD, by="wu").then_refused(WRONG_STEP)


def test_a_line_taken_out_is_withdrawn_from_its_batch() -> None:
    wish = RemoveLines(**OF_THE_BATCH, grant_ids=("1", "unknown"), reason="not_now", removed_on=PAID_ON)
    out = LinesRemoved(
        batch_id="1",
        line_ids=("1.1",),
        amount_fen=AMOUNT_FEN,
        reason="not_now",
        removed_by="wu",
        effective_on=PAID_ON,
    )
    withdrawn = PaymentWithdrawn(**line(), reason="not_now")

    prepared_once.given(*up_to("added")).when(wish, by="wu").then(withdrawn, out)


def test_what_was_taken_out_can_be_added_again_as_the_next_attempt() -> None:
    rules = world({"1": [prepared(), PaymentWithdrawn(**line(), reason="not_now")]})
    again = prepared(attempt=2, reissue=False, batch_id="1")

    rules.given(opened()).when(ADD, by="wu").then(again, added(lines={"1.2": batch_line()}))


def test_an_empty_batch_cannot_be_locked() -> None:
    world().given(opened()).when(LOCK, by="wu").then_refused(NO_LINES)


def test_a_batch_goes_from_hand_to_hand() -> None:
    rules, lines = prepared_once, added()
    rules.given(*up_to("added")).when(LOCK, by="wu").then(locked(lines))
    rules.given(*up_to("locked")).when(CHECK, by="zheng").then(checked(lines))
    rules.given(*up_to("checked")).when(APPROVE, by="qian").then(approved(lines))
    rules.given(*up_to("approved")).when(RELEASE, by="feng").then(released(), batch_released(lines))


@pytest.mark.parametrize(
    ("done", "command", "by"),
    [
        ("locked", CHECK, "wu"),
        ("checked", APPROVE, "wu"),
        ("checked", APPROVE, "zheng"),
        ("approved", RELEASE, "wu"),
        ("approved", RELEASE, "zheng"),
        ("approved", RELEASE, "qian"),
    ],
)
def test_the_four_steps_are_for_four_different_persons(done: str, command: Any, by: str) -> None:
    prepared_once.given(*up_to(done)).when(command, by=by).then_refused(SAME_PERSON)


@pytest.mark.parametrize(
    ("done", "command"), [("locked", CHECK), ("checked", APPROVE), ("approved", RELEASE)]
)
def test_who_is_paid_by_a_batch_takes_no_step_on_it(done: str, command: Any) -> None:
    prepared_once.given(*up_to(done)).when(command, by="zhang").then_refused(BENEFICIARY)


@pytest.mark.parametrize("done", ["opened", "added", "locked"])
def test_no_step_is_left_out(done: str) -> None:
    refused = prepared_once.given(*up_to(done)).when(APPROVE, by="qian").refused
    assert refused is not None
    assert not re.search("[a-z]", refused.zh)
    prepared_once.given(*up_to(done)).when(APPROVE, by="qian").then_refused(WRONG_STEP)
    prepared_once.given(*up_to(done)).when(RELEASE, by="feng").then_refused(WRONG_STEP)


def test_a_batch_is_for_its_own_organisation_to_handle() -> None:
    wish = LockBatch(batch_id="1", organisation_id=FACTORY, locked_on=PAID_ON)
    prepared_once.given(*up_to("added")).when(wish, by="wu").then_refused(ANOTHER_ORGANISATION)


@pytest.mark.parametrize(
    ("done", "command"),
    [
        ("locked", CheckBatch(**OF_THE_BATCH, digest="other", checked_on=PAID_ON)),
        ("checked", ApproveBatch(**OF_THE_BATCH, digest="other", approved_on=PAID_ON)),
    ],
)
def test_check_and_approval_hold_only_for_the_lines_that_were_seen(done: str, command: Any) -> None:
    prepared_once.given(*up_to(done)).when(command, by="sun").then_refused(SEEN_OTHERS, field="digest")


@pytest.mark.parametrize(
    "change",
    [
        {"amount_fen": 1},
        {"account_version": 2},
        {"grant_version": 3},
        {"file_version": 99},
        {"person_id": "li"},
        {"holder_id": "li"},
        {"file_id": "2"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_changes_in_a_line_changes_what_was_seen(change: dict[str, Any]) -> None:
    assert digest_of_lines({"1.1": batch_line(**change)}) != DIGEST


def big(done: str) -> Given:
    """A batch of three lines, over the limit."""
    lines = {f"{each}.1": batch_line(str(each)) for each in (1, 2, 3)}
    return world(grants=3).given(*up_to(done, added(lines=lines)))


def test_a_large_batch_needs_the_minutes_of_a_meeting() -> None:
    digest = digest_of_lines({f"{each}.1": batch_line(str(each)) for each in (1, 2, 3)})
    wish = ApproveBatch(**OF_THE_BATCH, digest=digest, approved_on=PAID_ON)
    big("checked").when(wish, by="qian").then_refused(MINUTES_MISSING, field="minutes_no")
    with_minutes = ApproveBatch(**OF_THE_BATCH, digest=digest, approved_on=PAID_ON, minutes_no="2024-3")
    assert big("checked").when(with_minutes, by="qian").refused is None


def test_the_limit_itself_belongs_to_the_lower_band() -> None:
    rules = world({"1": [prepared()]})
    at_limit = type(rules)(rules.decider, {BATCH_MINUTES_OVER_FEN: AMOUNT_FEN}, rules.others)
    assert at_limit.given(*up_to("checked")).when(APPROVE, by="qian").refused is None


def test_a_file_closed_between_approval_and_release_stops_the_release_and_names_the_line() -> None:
    rules = world({"1": [prepared()]}, file_1=[*ON_FILE, account_recorded(), CLOSED])
    decision = rules.given(*up_to("approved")).when(RELEASE, by="feng")

    decision.then_refused(LINE_CHANGED)
    assert decision.refused is not None
    assert decision.refused.values["what"] == "file_not_on_file"
    assert decision.refused.zh == "明细1.1自审核后已变动（该户已不在档），须解锁批次并移出"


@pytest.mark.parametrize(
    ("what", "changed"),
    [
        ("account", {"file_1": [*ON_FILE, account_recorded(), account_recorded(version=2)]}),
        ("file", {"file_1": [*ON_FILE, account_recorded(), file_revised()]}),
        ("grant", {"grant_1": [grant_proposed()]}),
        ("grant", {"grant_1": [grant_proposed(), grant_approved(), grant_approved()]}),
        ("payment", {"payments": {"1": []}}),
        ("payment", {"payments": {"1": [prepared(), PaymentWithdrawn(**line(), reason="not_now")]}}),
        ("payment", {"payments": {"1": [prepared(), released()]}}),
    ],
)
def test_whatever_has_changed_since_the_approval_stops_the_release(
    what: str, changed: dict[str, Any]
) -> None:
    rules = world(**{"payments": {"1": [prepared()]}} | changed)
    decision = rules.given(*up_to("approved")).when(RELEASE, by="feng")

    decision.then_refused(LINE_CHANGED)
    assert decision.refused is not None
    assert (decision.refused.values["line_id"], decision.refused.values["what"]) == ("1.1", what)
    assert not re.search("[a-z]", decision.refused.zh)


def test_what_another_grant_counts_for_the_household_stops_no_release() -> None:
    aided = [household_aided(grant_id="2"), household_aid_released(grant_id="2")]
    rules = world({"1": [prepared()]}, file_1=[*ON_FILE, account_recorded(), *aided])
    rules.given(*up_to("approved")).when(RELEASE, by="feng").then(released(), batch_released(added()))


def test_a_line_names_the_files_version_by_its_last_event_that_is_not_aid_counted() -> None:
    history = [*ON_FILE, household_aided(), account_recorded(), household_aided(grant_id="2")]
    line_made = prepared(file_version=len(history) - 1)
    in_batch = added(lines={"1.1": batch_line(file_version=len(history) - 1)})
    world(file_1=history).given(opened()).when(ADD, by="wu").then(line_made, in_batch)


def test_a_release_notes_the_versions_of_all_that_its_lines_hang_on() -> None:
    streams = {"aid_grant/1": 2, "hardship_file/1": len(ON_FILE) + 1, "payment/1": 1}
    decision = prepared_once.given(*up_to("approved")).when(RELEASE, by="feng")
    assert streams.items() <= decision.reads.items()


def test_a_second_release_of_one_batch_has_no_effect() -> None:
    rules = world({"1": [prepared(), released()]})
    rules.given(*up_to("released")).when(RELEASE, by="feng").then_nothing()
    rules.given(*up_to("released")).when(RELEASE, by="another cashier").then_nothing()


def test_the_first_time_that_a_bank_file_is_written_is_recorded_and_is_no_step_on_the_batch() -> None:
    wish = RecordBankFile(**OF_THE_BATCH)
    rules = world({"1": [prepared(), released(), failed()]})
    written = file_written(added())

    rules.given(*up_to("approved")).when(wish, by="feng").then_refused(WRONG_STEP)
    rules.given(*up_to("released")).when(wish, by="feng").then(written)
    rules.given(*up_to("released"), written).when(wish, by="feng").then_nothing()
    # It is written when it is written, be it years after what is recorded late.
    assert rules.given(*up_to("released"), written).when(reconcile(0), by="chen").events


def test_an_unlocked_batch_has_to_be_checked_and_approved_anew() -> None:
    wish = UnlockBatch(**OF_THE_BATCH, reason="line_changed", unlocked_on=PAID_ON)
    trace = BatchUnlocked(batch_id="1", reason="line_changed", unlocked_by="qian", effective_on=PAID_ON)
    prepared_once.given(*up_to("approved")).when(wish, by="qian").then(trace)
    again = [*up_to("approved"), trace, locked(added())]
    prepared_once.given(*again).when(RELEASE, by="feng").then_refused(WRONG_STEP)
    prepared_once.given(*again).when(APPROVE, by="qian").then_refused(WRONG_STEP)
    prepared_once.given(*again).when(CHECK, by="zheng").then(checked(added()))


def test_what_was_released_cannot_be_unlocked() -> None:
    wish = UnlockBatch(**OF_THE_BATCH, reason="line_changed", unlocked_on=PAID_ON)
    prepared_once.given(*up_to("released")).when(wish, by="qian").then_refused(WRONG_STEP)


def reconcile(paid_fen: int) -> ReconcileBatch:
    return ReconcileBatch(**OF_THE_BATCH, paid_fen=paid_fen, statement_no="3", reconciled_on=PAID_ON)


def test_a_batch_is_reconciled_with_the_banks_statement_by_a_fifth_person() -> None:
    rules = world({"1": [prepared(), released(), confirmed()]})
    done = BatchReconciled(
        batch_id="1", paid_fen=AMOUNT_FEN, statement_no="3", reconciled_by="chen", effective_on=PAID_ON
    )
    rules.given(*up_to("released")).when(reconcile(AMOUNT_FEN), by="chen").then(done)
    for one in ("wu", "zheng", "qian", "feng"):
        rules.given(*up_to("released")).when(reconcile(AMOUNT_FEN), by=one).then_refused(SAME_PERSON)


def test_a_statement_that_differs_is_refused_with_the_difference() -> None:
    rules = world({"1": [prepared(), released(), confirmed()]})
    decision = rules.given(*up_to("released")).when(reconcile(AMOUNT_FEN - 1), by="chen")

    decision.then_refused(STATEMENT_DIFFERS, field="paid_fen")
    assert decision.refused is not None
    assert decision.refused.values == {"difference": "-0.01"}


def test_a_statement_shows_also_what_was_paid_late_or_beside_another_line() -> None:
    second = [prepared(attempt=2), released(attempt=2)]
    for late in (
        [confirmed(after="failure")],
        [*second, overpaid()],
        [*second, confirmed(attempt=2), overpaid()],
        [*second, confirmed(attempt=2), overpaid(), repaid()],
        [*second, overpaid(), failed(attempt=2), confirmed(after="overpayment")],
        [*second, failed(attempt=2), confirmed(after="failure")],
    ):
        rules = world({"1": [prepared(), released(), failed(), *late]})
        rules.given(*up_to("released")).when(reconcile(0), by="chen").then_refused(STATEMENT_DIFFERS)
        assert rules.given(*up_to("released")).when(reconcile(AMOUNT_FEN), by="chen").events


@pytest.mark.parametrize("last", [[], [failed(code="bank_other", final=False)]])
def test_a_batch_is_not_reconciled_while_the_bank_may_still_pay(last: list[Any]) -> None:
    rules = world({"1": [prepared(), released(), *last]})
    rules.given(*up_to("released")).when(reconcile(0), by="chen").then_refused(NOT_ALL_ANSWERED)


def test_days_of_the_past_decide_by_what_held_then() -> None:
    early = AddLines(**OF_THE_BATCH, grant_ids=("1",), prepared_on=date(2024, 2, 1))
    decision = world().given(opened(effective_on=early.prepared_on)).when(early, by="wu")

    assert listed(decision) == (NotPayable(grant_id="1", reason="grant_not_approved"),)
