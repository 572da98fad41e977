"""Laws of money that hold for all histories of grants, batches, answers of the bank and settlements."""

from collections import Counter
from datetime import timedelta
from typing import Any

from hypothesis import event, given, settings

from services.assistance.aggregates.batch.commands import OpenBatch
from services.assistance.events.budget import BudgetCommitted
from services.assistance.events.file import HouseholdAided, HouseholdAidReleased
from services.assistance.events.grant import GrantApproved, GrantProposed, GrantWithdrawn
from services.assistance.events.payment import (
    PaymentGivenUp,
    PaymentReleased,
    PaymentReversed,
)
from services.assistance.projections.postings import POSTINGS, postings
from shared.rules.message import kind_of
from tests.rules.assistance.grants import AMOUNT_FEN
from tests.rules.assistance.history import HISTORY
from tests.rules.assistance.money import ALLOCATED_FEN, BATCHES, GRANTS, ROUNDS, Money, Round, late, walk
from tests.rules.assistance.payments import DISTRICT, PAID_ON


@settings(deadline=None, max_examples=300)
@given(rounds=ROUNDS)
def test_money_is_booked_twice_paid_once_and_never_more_than_the_fund_holds(rounds: list[Round]) -> None:
    money = Money()
    for batch_id in BATCHES:
        money.handle(OpenBatch(batch_id=batch_id, organisation_id=DISTRICT, opened_on=PAID_ON), "wu")
    walk(money, BATCHES[0])
    for each in rounds:
        before = len(money.happened)
        money.day += timedelta(days=each.days)
        if each.what == "walk":
            walk(money, BATCHES[each.batch])
        elif each.what == "late":
            late(money, GRANTS[each.grant], BATCHES[each.batch])
        else:
            command, by = each.command(money)
            money.handle(command, by)
        # The statistics tell whether chance reaches everything that can happen.
        for kind in {told(happened) for happened in money.happened[before:]}:
            event(kind)
        check_laws(money)


def told(happened: Any) -> str:
    return kind_of(type(happened)).name + str(getattr(happened, "after", ""))


def check_laws(money: Money) -> None:
    check_payments(money)
    check_the_fund(money)
    check_decisions(money)


def check_payments(money: Money) -> None:
    """What a grant's owner has is one payment; what the bank paid beside it stands open."""
    for grant_id in GRANTS:
        payment = money.payment(grant_id)
        assert len(payment.lines("confirmed", "reversed")) == money.paid[grant_id] <= 1
        assert len(payment.lines("overpaid")) == money.overpaid[grant_id]
        in_hand = payment.lines("prepared", "released", "in_doubt")
        assert len(in_hand) + len(payment.lines("confirmed", "reversed")) <= 1
        if money.overpaid[grant_id]:
            assert payment.given_up or in_hand or money.paid[grant_id]
    released = Counter(each.line_id for each in money.of(PaymentReleased))
    assert set(released.values()) <= {1}


def check_the_fund(money: Money) -> None:
    """Its balance is what was received less what was paid and what is held for grants."""
    balance, budget = money.balance, money.budget
    assert sum(balance.values()) == 0
    assert -balance["fund_available"] == budget.free_fen
    assert -balance["fund_reserved"] == budget.reserved_fen
    assert -balance["fund_committed"] == budget.committed_fen
    assert -balance["fund_spent"] == budget.spent_fen
    assert min(budget.free_fen, budget.reserved_fen, budget.committed_fen, budget.spent_fen) >= 0
    came_back = sum(each.reversed_fen for each in money.of(PaymentReversed))
    paid_fen = sum(money.paid.values()) * AMOUNT_FEN - came_back
    held_fen = AMOUNT_FEN * sum(
        money.status(each) in ("proposed", "approved") and not money.paid[each] for each in GRANTS
    )
    assert budget.spent_fen == paid_fen
    assert budget.free_fen == ALLOCATED_FEN - paid_fen - held_fen
    # The bank: what it received, less what was paid, also what has to be asked back.
    overpaid_fen = sum(money.overpaid.values()) * AMOUNT_FEN
    assert balance["overpayments"] == overpaid_fen
    assert balance["bank"] == ALLOCATED_FEN - paid_fen - overpaid_fen
    # What was due is paid, on its way, held back, or owed still; nothing is owed for what was withdrawn.
    owed = -(balance["payable_to_beneficiaries"] + balance["bank_clearing"] + balance["returned_payments"])
    assert balance["aid_expense"] == paid_fen + owed
    payments = {each: money.payment(each) for each in GRANTS}
    on_the_way = sum(len(each.lines("released", "in_doubt")) for each in payments.values())
    held_back = sum(
        bool(each.came_back)
        and not each.lines("released", "in_doubt", "confirmed", "reversed")
        and money.status(grant_id) != "withdrawn"
        for grant_id, each in payments.items()
    )
    assert balance["bank_clearing"] == -on_the_way * AMOUNT_FEN
    assert balance["returned_payments"] == -held_back * AMOUNT_FEN


def check_decisions(money: Money) -> None:
    """Aid grants equal decisions: what is bound for them is what was approved and not withdrawn."""
    proposed, approved = (
        {each.grant_id for each in money.of(kind)} for kind in (GrantProposed, GrantApproved)
    )
    withdrawn = {each.grant_id for each in money.of(GrantWithdrawn)}
    status = {each: money.status(each) for each in GRANTS}
    assert {each for each in GRANTS if status[each] == "approved"} == approved - withdrawn
    assert {each for each in GRANTS if status[each] == "proposed"} == proposed - approved - withdrawn
    assert {each.grant_id for each in money.of(BudgetCommitted)} == approved
    came_back = sum(each.reversed_fen for each in money.of(PaymentReversed) if each.grant_id not in withdrawn)
    budget = money.budget
    assert budget.committed_fen + budget.spent_fen == len(approved - withdrawn) * AMOUNT_FEN - came_back
    assert budget.reserved_fen == len(proposed - approved - withdrawn) * AMOUNT_FEN
    given_back = {each.grant_id for each in money.of(HouseholdAidReleased)}
    assert given_back == withdrawn
    assert {each.grant_id for each in money.of(HouseholdAided)} == proposed
    # A line is made for what was approved only, and given up only with its grant.
    assert {each.grant_id for each in money.of(PaymentReleased)} <= approved
    assert {each.grant_id for each in money.of(PaymentGivenUp)} <= withdrawn & approved


def test_every_event_that_moves_money_is_posted_balanced_to_the_fen() -> None:
    posted = {type(each) for each in HISTORY if postings(each)}

    assert posted == set(POSTINGS)
    assert all(sum(posting.amount_fen for posting in postings(each)) == 0 for each in HISTORY)
