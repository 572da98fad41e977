"""Money at large: grants, batches, answers of the bank and settlements, as chance has them follow."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from hypothesis import strategies as st

from services.assistance.aggregates import language
from services.assistance.aggregates.batch.commands import (
    AddLines,
    ApproveBatch,
    CheckBatch,
    LockBatch,
    RecordResults,
    ReleaseBatch,
    RemoveLines,
    Result,
    UnlockBatch,
)
from services.assistance.aggregates.batch.lines import ORGANISATIONS_WITHIN
from services.assistance.aggregates.budget import Budget
from services.assistance.aggregates.file.commands import CloseFile
from services.assistance.aggregates.grant.commands import ApproveGrant, ProposeGrant, WithdrawGrant
from services.assistance.aggregates.paying import Payment, line_of
from services.assistance.aggregates.payment import (
    ApproveReversal,
    RecordRepayment,
    RefuseReversal,
    RequestReversal,
    SettleContradiction,
    WithdrawReversal,
)
from services.assistance.aggregates.scope import ORGANISATIONS_ABOVE
from services.assistance.audit import LAWS
from services.assistance.events.payment import (
    Line,
    Outcome,
    OverpaymentFound,
    OverpaymentRepaid,
    OverpaymentReturned,
    PaymentConfirmed,
    PaymentReturned,
    ReturnCode,
    Settlement,
)
from services.assistance.parameters import (
    BATCH_MINUTES_OVER_FEN,
    LIVING_AID_CAP_MONTHS,
    MINIMUM_LIVING_STANDARD,
    MINUTES_OVER_FEN,
)
from services.assistance.projections.postings import postings
from shared.log.entry import Known, View
from shared.rules.context import Actor, Fact
from shared.rules.decider import Decider
from shared.rules.personal import Personal
from shared.rules.refusal import Refused
from shared.runtime.commands import decide
from shared.runtime.replaying import Step
from tests.rules.assistance.grants import (
    AMOUNT_FEN,
    GRANTED_ON,
    budget_allocated,
    budget_committed,
    budget_reserved,
    campaign_opened,
    grant_approved,
    grant_proposed,
    household_aided,
)
from tests.rules.assistance.households import FACTORY, ON_FILE, account_recorded
from tests.rules.assistance.payments import DISTRICT, PAID_ON, prepared
from tests.rules.rules import TODAY, in_force_always

APPROVED, PROPOSABLE = ("1", "2"), ("3",)
GRANTS = (*APPROVED, *PROPOSABLE)
BATCHES = ("first", "second", "third")
ALLOCATED_FEN = 10 * AMOUNT_FEN
PARAMETERS = {
    BATCH_MINUTES_OVER_FEN: ALLOCATED_FEN,
    MINUTES_OVER_FEN: ALLOCATED_FEN,
    LIVING_AID_CAP_MONTHS: 12,
    MINIMUM_LIVING_STANDARD: AMOUNT_FEN,
}
TREE = {
    ORGANISATIONS_WITHIN: Fact([FACTORY], "test", 1),
    ORGANISATIONS_ABOVE: Fact([DISTRICT], "test", 1),
}
"""The factory lies below the district."""


@dataclass
class Money:
    """Streams of assistance, what their events add up to, and the laws of the audit watching."""

    streams: dict[str, Known] = field(default_factory=dict)
    balance: Counter[str] = field(default_factory=Counter)
    paid: Counter[str] = field(default_factory=Counter)
    overpaid: Counter[str] = field(default_factory=Counter)
    happened: list[Any] = field(default_factory=list)
    day: date = PAID_ON

    def __post_init__(self) -> None:
        self.laws = [(each, each.begin()) for each in LAWS]
        for parameter, value in PARAMETERS.items():
            self.streams[f"parameter/{parameter.key}"] = Known(in_force_always(parameter, value), 1)
        self.record(budget_allocated(amount_fen=ALLOCATED_FEN))
        self.record(campaign_opened(closes_on=TODAY))
        for grant_id in GRANTS:
            for each in ON_FILE:
                in_file: Any = replace(each, file_id=grant_id)
                self.record(in_file)
            self.record(account_recorded(grant_id))
        for grant_id in APPROVED:
            self.record(grant_proposed(grant_id, file_id=grant_id))
            self.record(budget_reserved(grant_id=grant_id))
            self.record(household_aided(grant_id, grant_id=grant_id))
            self.record(grant_approved(grant_id, file_id=grant_id))
            self.record(budget_committed(grant_id=grant_id))

    def known(self, stream: str) -> Known:
        decider = language.deciders[stream.partition("/")[0]]
        return self.streams.get(stream) or Known(decider.initial)

    def payment(self, grant_id: str) -> Payment:
        state: Payment = self.known(f"payment/{grant_id}").state
        return state

    def status(self, grant_id: str) -> str:
        status: str = self.known(f"aid_grant/{grant_id}").state.status
        return status

    def lines(self, grant_id: str) -> list[Line]:
        """Those of a grant so far; one that no batch holds where there is none."""
        found = [each.line for each in self.payment(grant_id).attempts.values()]
        return found or [line_of(prepared(grant_id, batch_id=BATCHES[0]))]

    def record(self, each: Any) -> tuple[Any, Any]:
        """The stream's state before and after."""
        decider = language.decider_of_event(each)
        stream = decider.stream_of(each)
        before = self.known(stream)
        after = decider.evolve(before.state, each)
        self.streams[stream] = Known(after, before.version + 1)
        self.happened.append(each)
        for posting in postings(each):
            self.balance[posting.account] += posting.amount_fen
        match each:
            case PaymentConfirmed():
                self.paid[each.grant_id] += 1
                self.overpaid[each.grant_id] -= each.after == "overpayment"
            case PaymentReturned():
                self.paid[each.grant_id] -= 1
            case OverpaymentFound():
                self.overpaid[each.grant_id] += 1
            case OverpaymentReturned() | OverpaymentRepaid():
                self.overpaid[each.grant_id] -= 1
        return before.state, after

    def handle(self, command: Any, by: str) -> bool:
        """Have a command decided; whether it was accepted."""
        decider = language.decider_of_command(command)
        try:
            events = decide(decider, decider.decide, command, Actor(by), View(TODAY, self.known), TREE)
        except Refused:
            return False
        seen = dict(self.streams)

        def state_of(decider: Decider, identity: str) -> Any:
            found = seen.get(f"{decider.name}/{identity}")
            return found.state if found else decider.initial

        for each in events:
            before, after = self.record(each)
            step = Step(len(self.happened), each, command, Actor(by), before, after, state_of, TREE)
            for law, watch in self.laws:
                assert type(each) not in law.watches or watch(step) is None, law.code
        return True

    def to_settle(self) -> list[tuple[str, str]]:
        """Grant and line of each that only the bank's paper can tell about."""
        return [
            (grant_id, line_id)
            for grant_id in GRANTS
            for line_id in self.payment(grant_id).attempts
            if self.payment(grant_id).needs_settling(line_id)
        ]

    def to_repay(self) -> list[tuple[str, str]]:
        """Grant and line of each that has to be asked back."""
        return [(each, line.line_id) for each in GRANTS for line in self.payment(each).lines("overpaid")]

    def of(self, *kinds: type[Any]) -> list[Any]:
        return [each for each in self.happened if isinstance(each, kinds)]

    @property
    def budget(self) -> Budget:
        state: Budget = self.known("budget/winter").state
        return state


@dataclass(frozen=True)
class Round:
    """What happens next: to which batch or grant, with which of a few choices, how many days on or back."""

    what: str
    batch: int
    grant: int
    choice: int
    days: int

    def command(self, money: Money) -> tuple[Any, str]:
        """The command, and who sends it; what needs settling is settled where there is any."""
        of: dict[str, Any] = {"batch_id": BATCHES[self.batch], "organisation_id": DISTRICT}
        grant_id = GRANTS[self.grant]
        about: dict[str, Any] = {"grant_id": grant_id, "organisation_id": FACTORY}
        match self.what:
            case "bank":
                # The bank says something of the last line, or now and then of the first one.
                line = money.lines(grant_id)[-1 if self.choice < 12 else 0]
                return answer(line, money.day, *ANSWERS[self.choice % len(ANSWERS)]), "feng"
            case "remove":
                out = RemoveLines(**of, grant_ids=(grant_id,), reason="not_now", removed_on=money.day)
                return out, "wu"
            case "unlock":
                return UnlockBatch(**of, reason="wrong_lines", unlocked_on=money.day), "qian"
            case "settle":
                line_id = f"{grant_id}.1"
                for open_one in money.to_settle()[-1:]:
                    about["grant_id"], line_id = open_one
                found: Settlement = "paid" if self.choice % 2 else "not_paid"
                paper: dict[str, Any] = {"document_no": "1", "settled_on": money.day}
                return SettleContradiction(**about, line_id=line_id, settlement=found, **paper), "chen"
            case "repay":
                for open_one in money.to_repay()[-1:]:
                    about["grant_id"], about["line_id"] = open_one
                about.setdefault("line_id", f"{grant_id}.1")
                return RecordRepayment(**about, receipt_no="1", repaid_on=money.day), "chen"
            case "ask":
                reversed_fen = AMOUNT_FEN if self.choice % 2 else 1
                why: dict[str, Any] = {"reason": "not_entitled", "requested_on": money.day}
                return RequestReversal(**about, reversed_fen=reversed_fen, **why), "feng"
            case "take_back":
                return WithdrawReversal(**about, withdrawn_on=money.day), "feng"
            case "turn_down":
                return RefuseReversal(**about, cause="paid_rightly", refused_on=money.day), "qian"
            case "agree":
                return ApproveReversal(**about, approved_on=money.day), "qian"
            case _:
                return self._about_a_grant(about, money.day)

    def _about_a_grant(self, about: dict[str, Any], day: date) -> tuple[Any, str]:
        file_id, sealed = about["grant_id"], Personal("原因")
        match self.what:
            case "propose":
                of = {"campaign_id": "winter", "file_id": file_id, "person_id": "zhang"}
                return ProposeGrant(**about, **of, proposed_on=GRANTED_ON), "wang"
            case "approve":
                return ApproveGrant(**about, approved_on=GRANTED_ON), "sun"
            case "withdraw":
                return WithdrawGrant(**about, person_id="zhang", reason=sealed, withdrawn_on=day), "wang"
            case _:
                of = {"file_id": file_id, "organisation_id": FACTORY}
                return CloseFile(**of, outcome="closed", cause="moved", closed_on=day), "zhao"


ANSWERS: tuple[tuple[Outcome, ReturnCode | None, int], ...] = (
    ("paid", None, 0),
    ("failed", "account_closed", 0),
    ("failed", "bank_other", 0),
    ("returned", "account_closed", 0),
    ("paid", None, 1),
    ("paid", None, 0),
)
# Batches walk through all their steps, and lines are paid late, far more often than chance alone would do it.
WHATS = [
    *["walk", "late"] * 3,
    *["bank", "settle"] * 6,
    *["propose", "approve", "withdraw"] * 2,
    *["ask", "agree"] * 2,
    *["remove", "unlock", "take_back", "turn_down", "close", "repay"],
]
ROUNDS = st.lists(
    st.builds(
        Round,
        st.sampled_from(WHATS),
        st.integers(0, 2),
        st.integers(0, 2),
        st.integers(0, 17),
        st.sampled_from((0, 0, 0, 1, 1, 2, -1)),
    ),
    min_size=12,
    max_size=40,
)


def answer(
    line: Line, day: date, outcome: Outcome, code: ReturnCode | None = None, less: int = 0
) -> RecordResults:
    said = Result(line_id=line.line_id, outcome=outcome, amount_fen=AMOUNT_FEN - less, code=code)
    of = {"batch_id": line.batch_id, "organisation_id": DISTRICT}
    return RecordResults(**of, results=(said,), file_digest="result", answered_on=day)


def late(money: Money, grant_id: str, batch_id: str) -> None:
    """A grant's last line fails, goes out again in another batch, and is paid after all, says the bank."""
    last = money.lines(grant_id)[-1]
    money.handle(answer(last, money.day, "failed", "account_closed"), "feng")
    walk(money, batch_id)
    money.handle(answer(last, money.day, "paid"), "feng")


def walk(money: Money, batch_id: str) -> None:
    """A batch goes from lock to release as it should."""
    of: dict[str, Any] = {"batch_id": batch_id, "organisation_id": DISTRICT}
    money.handle(AddLines(**of, grant_ids=GRANTS, prepared_on=money.day), "wu")
    money.handle(LockBatch(**of, locked_on=money.day), "wu")
    digest = money.known(f"payment_batch/{batch_id}").state.digest
    money.handle(CheckBatch(**of, digest=digest, checked_on=money.day), "zheng")
    money.handle(ApproveBatch(**of, digest=digest, approved_on=money.day), "qian")
    money.handle(ReleaseBatch(**of, released_on=money.day), "feng")
