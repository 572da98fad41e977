"""Laws of money that hold for all histories of batches, answers of the bank, settlements and reversals."""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from services.assistance.aggregates import language
from services.assistance.aggregates.batch.commands import (
    AddLines,
    ApproveBatch,
    CheckBatch,
    LockBatch,
    OpenBatch,
    RecordResults,
    ReleaseBatch,
    RemoveLines,
    Result,
    UnlockBatch,
)
from services.assistance.aggregates.batch.lines import ORGANISATIONS_WITHIN
from services.assistance.aggregates.budget import Budget
from services.assistance.aggregates.payment import ApproveReversal, RequestReversal, SettleContradiction
from services.assistance.events.payment import (
    Outcome,
    OverpaymentFound,
    PaymentConfirmed,
    PaymentReleased,
    PaymentReturned,
    PaymentReversed,
    ReturnCode,
    Settlement,
)
from services.assistance.parameters import BATCH_MINUTES_OVER_FEN
from services.assistance.projections.postings import POSTINGS, postings
from shared.log.entry import Known, View
from shared.rules.context import Actor, Fact
from shared.rules.refusal import Refused
from shared.runtime.commands import decide
from tests.rules.assistance.grants import (
    AMOUNT_FEN,
    budget_allocated,
    budget_committed,
    budget_reserved,
    grant_approved,
    grant_proposed,
)
from tests.rules.assistance.history import HISTORY
from tests.rules.assistance.households import FACTORY, ON_FILE, account_recorded
from tests.rules.assistance.payments import DISTRICT, PAID_ON
from tests.rules.rules import TODAY, in_force_always

GRANTS = ("1", "2", "3")
BATCHES = ("first", "second")
ALLOCATED_FEN = 10 * AMOUNT_FEN

BELOW = {ORGANISATIONS_WITHIN: Fact([FACTORY], "test", 1)}


@dataclass
class Money:
    """Streams of assistance, and what their events add up to."""

    streams: dict[str, Known] = field(default_factory=dict)
    balance: Counter[str] = field(default_factory=Counter)
    paid: Counter[str] = field(default_factory=Counter)
    happened: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        limit = in_force_always(BATCH_MINUTES_OVER_FEN, ALLOCATED_FEN)
        self.streams[f"parameter/{BATCH_MINUTES_OVER_FEN.key}"] = Known(limit, 1)
        self.record(budget_allocated(amount_fen=ALLOCATED_FEN))
        for grant_id in GRANTS:
            for each in ON_FILE:
                in_file: Any = replace(each, file_id=grant_id)
                self.record(in_file)
            self.record(account_recorded(grant_id))
            self.record(grant_proposed(grant_id, file_id=grant_id))
            self.record(budget_reserved(grant_id=grant_id))
            self.record(grant_approved(grant_id, file_id=grant_id))
            self.record(budget_committed(grant_id=grant_id))

    def known(self, stream: str) -> Known:
        decider = language.deciders[stream.partition("/")[0]]
        return self.streams.get(stream) or Known(decider.initial)

    def record(self, each: Any) -> None:
        decider = language.decider_of_event(each)
        stream = decider.stream_of(each)
        before = self.known(stream)
        self.streams[stream] = Known(decider.evolve(before.state, each), before.version + 1)
        self.happened.append(each)
        for posting in postings(each):
            self.balance[posting.account] += posting.amount_fen
        match each:
            case PaymentConfirmed():
                self.paid[each.grant_id] += 1
            case PaymentReturned():
                self.paid[each.grant_id] -= 1

    def handle(self, command: Any, by: str) -> bool:
        """Have a command decided; whether it was accepted."""
        decider = language.decider_of_command(command)
        try:
            events = decide(decider, decider.decide, command, Actor(by), View(TODAY, self.known), BELOW)
        except Refused:
            return False
        for each in events:
            self.record(each)
        return True

    def contradicted(self) -> list[tuple[str, str]]:
        """Grant and line of each contradiction that is open."""
        payments = {grant_id: self.known(f"payment/{grant_id}").state for grant_id in GRANTS}
        return [(grant_id, each) for grant_id, found in payments.items() for each in found.contradicted]

    @property
    def budget(self) -> Budget:
        state: Budget = self.known("budget/winter").state
        return state


@dataclass(frozen=True)
class Round:
    """What happens next: to which batch or grant, with which of a few choices."""

    what: str
    batch: int
    grant: int
    choice: int

    def command(self, money: Money) -> tuple[Any, str]:
        """The command, and who sends it; a contradiction is settled where there is one."""
        of: dict[str, Any] = {"batch_id": BATCHES[self.batch], "organisation_id": DISTRICT}
        grant_id = GRANTS[self.grant]
        about: dict[str, Any] = {"grant_id": grant_id, "organisation_id": FACTORY}
        line_id = f"{grant_id}.1"
        match self.what:
            case "bank":
                last = money.known(f"payment/{grant_id}").state.line
                if last is not None and self.choice < 12:
                    of["batch_id"], line_id = last.batch_id, last.line_id
                outcome, code, less = ANSWERS[self.choice % len(ANSWERS)]
                said = Result(line_id=line_id, outcome=outcome, amount_fen=AMOUNT_FEN - less, code=code)
                return RecordResults(**of, results=(said,), answered_on=PAID_ON), "feng"
            case "remove":
                out = RemoveLines(**of, grant_ids=(grant_id,), reason="not_now", removed_on=PAID_ON)
                return out, "wu"
            case "unlock":
                return UnlockBatch(**of, reason="wrong_lines", unlocked_on=PAID_ON), "qian"
            case "settle":
                for open_one in money.contradicted()[-1:]:
                    about["grant_id"], line_id = open_one
                found: Settlement = "paid" if self.choice % 2 else "not_paid"
                paper: dict[str, Any] = {"document_no": "1", "settled_on": PAID_ON}
                return SettleContradiction(**about, line_id=line_id, settlement=found, **paper), "chen"
            case "ask":
                reversed_fen = AMOUNT_FEN if self.choice % 2 else 1
                why: dict[str, Any] = {"reason": "not_entitled", "requested_on": PAID_ON}
                return RequestReversal(**about, reversed_fen=reversed_fen, **why), "feng"
            case _:
                return ApproveReversal(**about, approved_on=PAID_ON), "qian"


ANSWERS: tuple[tuple[Outcome, ReturnCode | None, int], ...] = (
    ("paid", None, 0),
    ("failed", "account_closed", 0),
    ("failed", "bank_other", 0),
    ("returned", "account_closed", 0),
    ("paid", None, 1),
    ("paid", None, 0),
)
# A batch is walked through all its steps far more often than chance alone would do it.
WHATS = ["walk"] * 4 + ["bank"] * 8 + ["remove", "unlock", "settle", "settle", "ask", "agree"]
ROUNDS = st.lists(
    st.builds(Round, st.sampled_from(WHATS), st.integers(0, 1), st.integers(0, 2), st.integers(0, 17)),
    min_size=12,
    max_size=40,
)


def walk(money: Money, batch_id: str) -> None:
    """A batch goes from lock to release as it should."""
    of: dict[str, Any] = {"batch_id": batch_id, "organisation_id": DISTRICT}
    money.handle(AddLines(**of, grant_ids=GRANTS, prepared_on=PAID_ON), "wu")
    money.handle(LockBatch(**of, locked_on=PAID_ON), "wu")
    digest = money.known(f"payment_batch/{batch_id}").state.digest
    money.handle(CheckBatch(**of, digest=digest, checked_on=PAID_ON), "zheng")
    money.handle(ApproveBatch(**of, digest=digest, approved_on=PAID_ON), "qian")
    money.handle(ReleaseBatch(**of, released_on=PAID_ON), "feng")


@settings(deadline=None, max_examples=150)
@given(rounds=ROUNDS)
def test_money_is_booked_twice_paid_once_and_never_more_than_the_fund_holds(rounds: list[Round]) -> None:
    money = Money()
    for batch_id in BATCHES:
        money.handle(OpenBatch(batch_id=batch_id, organisation_id=DISTRICT, opened_on=PAID_ON), "wu")
    walk(money, BATCHES[0])
    for each in rounds:
        if each.what == "walk":
            walk(money, BATCHES[each.batch])
            continue
        command, by = each.command(money)
        before = len(money.happened)
        if money.handle(command, by):
            # The statistics tell whether chance reaches everything that can happen.
            for kind in {type(happened).__name__ for happened in money.happened[before:]}:
                event(kind)
        # What a grant's owner has is never more than one payment.
        assert set(money.paid.values()) <= {0, 1}
    check_laws(money)


def check_laws(money: Money) -> None:
    balance, budget = money.balance, money.budget
    assert all(sum(each.amount_fen for each in postings(event)) == 0 for event in money.happened)
    assert sum(balance.values()) == 0
    # The fund: what it received less what is reserved, committed and spent.
    assert -balance["fund_available"] == budget.free_fen
    assert -balance["fund_reserved"] == budget.reserved_fen
    assert -balance["fund_committed"] == budget.committed_fen
    assert -balance["fund_spent"] == budget.spent_fen
    assert min(budget.free_fen, budget.reserved_fen, budget.committed_fen, budget.spent_fen) >= 0
    # The bank: what it received, less what was paid, but for what came back for good.
    came_back = sum(each.reversed_fen for each in money.happened if isinstance(each, PaymentReversed))
    overpaid = sum(each.amount_fen for each in money.happened if isinstance(each, OverpaymentFound))
    paid_fen = sum(money.paid.values()) * AMOUNT_FEN
    assert balance["bank"] == ALLOCATED_FEN - paid_fen - overpaid + came_back
    assert budget.spent_fen == paid_fen - came_back
    # What was due is paid, on its way, held back, or owed still.
    owed = -(balance["payable_to_beneficiaries"] + balance["bank_clearing"] + balance["returned_payments"])
    assert balance["aid_expense"] == paid_fen - came_back + owed
    payments = [money.known(f"payment/{grant_id}").state for grant_id in GRANTS]
    on_the_way = sum(each.status in ("released", "in_doubt") for each in payments)
    assert balance["bank_clearing"] == -on_the_way * AMOUNT_FEN
    released = Counter(each.line_id for each in money.happened if isinstance(each, PaymentReleased))
    assert set(released.values()) <= {1}


def test_every_event_that_moves_money_is_posted_balanced_to_the_fen() -> None:
    posted = {type(each) for each in HISTORY if postings(each)}

    assert posted == set(POSTINGS)
    assert all(sum(posting.amount_fen for posting in postings(each)) == 0 for each in HISTORY)
