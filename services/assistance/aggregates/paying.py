"""A payment's attempts, what each event makes of them, and what follows from a bank's answer."""

from collections.abc import Mapping
from dataclasses import field, fields, replace
from datetime import date
from typing import Any, Literal, assert_never

from services.assistance.aggregates.budget import restore, spend
from services.assistance.events.payment import (
    Confirmation,
    ContradictionSettled,
    Line,
    Outcome,
    OverpaymentFound,
    OverpaymentRepaid,
    OverpaymentReturned,
    PaymentConfirmed,
    PaymentContradicted,
    PaymentFailed,
    PaymentGivenUp,
    PaymentPrepared,
    PaymentReleased,
    PaymentReturned,
    PaymentReversed,
    PaymentWithdrawn,
    ReturnCode,
    ReversalRefused,
    ReversalRequested,
    ReversalWithdrawn,
)
from shared.rules.message import message

FINAL_CODES: frozenset[ReturnCode] = frozenset(
    {"account_closed", "name_mismatch", "account_invalid", "frozen", "dormant", "limit_exceeded"}
)
LINE_FIELDS = tuple(each.name for each in fields(Line))

Status = Literal[
    "prepared",
    "withdrawn",
    "released",
    "in_doubt",
    "failed",
    "confirmed",
    "returned",
    "overpaid",
    "repaid",
    "reversed",
]


@message
class Attempt:
    """``overpaid``: the bank paid this line too, beside the one that counts or may still be paid.

    ``repaid``: it was, and the household gave it back; should the bank send it back too, that contradicts.
    """

    line: Line
    status: Status


@message
class Payment:
    """``attempts`` by line_id, for ever: so none is forgotten, and no line_id is used twice.

    ``releasers``: who let any of them leave; ``told``: what the bank has said of which line;
    ``contradicted``: line ids; ``given_up``: the grant was withdrawn, nothing is owed any more;
    ``request``: the reversal that waits for approval; ``request_ended``: how the last one came to nothing;
    ``reversed_fen``: how much of the line that counted was taken back for good;
    ``last_on``: the latest day of anything that happened to it.
    """

    attempts: Mapping[str, Attempt] = field(default_factory=dict)
    releasers: frozenset[str] = frozenset()
    told: frozenset[str] = frozenset()
    contradicted: frozenset[str] = frozenset()
    given_up: bool = False
    request: ReversalRequested | None = None
    request_ended: Literal["withdrawn", "refused"] | None = None
    reversed_fen: int = 0
    last_on: date = date.min

    def lines(self, *statuses: Status) -> list[Line]:
        """Those that stand at one of these, in the order of their attempts."""
        found = [each.line for each in self.attempts.values() if each.status in statuses]
        return sorted(found, key=lambda line: line.attempt)

    @property
    def came_back(self) -> list[Line]:
        """Attempts that will never be paid, so that another may be made."""
        return self.lines("failed", "returned")

    @property
    def under_way(self) -> bool:
        """Whether money is on its way, has arrived or may have arrived; what was reversed whole is back."""
        ended = self.lines("withdrawn", "failed", "returned", "repaid")
        ended += [each for each in self.lines("reversed") if each.amount_fen == self.reversed_fen]
        return len(ended) < len(self.attempts) or bool(self.contradicted)

    def needs_settling(self, line_id: str) -> bool:
        """Whether only the bank's paper can tell what became of a line."""
        return line_id in self.contradicted or any(line_id == each.line_id for each in self.lines("in_doubt"))


PaymentEvent = (
    PaymentPrepared
    | PaymentWithdrawn
    | PaymentReleased
    | PaymentConfirmed
    | PaymentFailed
    | PaymentReturned
    | PaymentContradicted
    | ContradictionSettled
    | OverpaymentFound
    | OverpaymentReturned
    | OverpaymentRepaid
    | PaymentGivenUp
    | ReversalRequested
    | ReversalWithdrawn
    | ReversalRefused
    | PaymentReversed
)


def line_id(grant_id: str, attempt: int) -> str:
    """A line's identity, known before anything leaves: of the grant and the attempt."""
    return f"{grant_id}.{attempt}"


def of_line(line: Line) -> dict[str, Any]:
    """What every event about a line tells."""
    return {name: getattr(line, name) for name in LINE_FIELDS}


def line_of(event: Line) -> Line:
    """What a state keeps of an event."""
    return Line(**of_line(event))


def reported(
    payment: Payment, its_id: str, outcome: Outcome, amount_fen: int, code: ReturnCode | None, day: date
) -> list[Any]:
    """What is new in what the bank says of a line; empty for what it has said before.

    Args:
        its_id: of the line; perhaps of an earlier attempt than the last.
    """
    if what_is_told(its_id, outcome, amount_fen, code) in payment.told:
        return []
    attempt = payment.attempts[its_id]
    line, why = attempt.line, code or "bank_other"
    contradiction = PaymentContradicted(
        **of_line(line), reported=outcome, reported_fen=amount_fen, code=code, effective_on=day
    )
    if payment.contradicted or amount_fen != line.amount_fen:
        return [contradiction]
    match outcome, attempt.status:
        case "paid", "released" | "in_doubt":
            return found_paid(payment, its_id, day)
        case "failed" | "returned", "released" | "in_doubt" if why not in FINAL_CODES:
            return [PaymentFailed(**of_line(line), code=why, final=False, effective_on=day)]
        case ("failed" | "returned", "released" | "in_doubt") | ("returned", "confirmed" | "overpaid"):
            return found_not_paid(payment, its_id, why, day)
        case ("paid", "confirmed" | "overpaid") | ("failed" | "returned", "failed" | "returned"):
            return []
        case _:
            return [contradiction]


def what_is_told(line_id: str, outcome: Outcome, amount_fen: int, code: ReturnCode | None) -> str:
    return f"{line_id} {outcome} {amount_fen}" + ("" if outcome == "paid" else f" {code}")


def found_paid(payment: Payment, its_id: str, day: date) -> list[Any]:
    """What follows when the bank has paid a line: it counts, or was paid beside one that does.

    Source: handbook, assistance 7: paid once per entitlement over all batches.
    """
    attempt = payment.attempts[its_id]
    match attempt.status:
        case "released" | "in_doubt":
            return confirmed(attempt.line, day, "release")
        case "failed" | "returned":
            if payment.given_up or payment.lines("released", "in_doubt", "confirmed", "reversed"):
                return [OverpaymentFound(**of_line(attempt.line), effective_on=day)]
            return confirmed(attempt.line, day, "failure")
        case _:
            return []


def found_not_paid(payment: Payment, its_id: str, code: ReturnCode, day: date) -> list[Any]:
    """What follows when the bank will never pay a line, or its money came back.

    One that was overpaid beside it is then the one that counts: money has left for the grant already.
    """
    attempt = payment.attempts[its_id]
    line = of_line(attempt.line)
    counts = [each for left in payment.lines("overpaid")[:1] for each in confirmed(left, day, "overpayment")]
    match attempt.status:
        case "released" | "in_doubt":
            return [PaymentFailed(**line, code=code, final=True, effective_on=day), *counts]
        case "confirmed":
            restored = restore(attempt.line.budget_id, attempt.line.grant_id, attempt.line.amount_fen, day)
            return [PaymentReturned(**line, code=code, effective_on=day), restored, *counts]
        case "overpaid":
            return [OverpaymentReturned(**line, code=code, effective_on=day)]
        case _:
            return []


def confirmed(line: Line, day: date, after: Confirmation) -> list[Any]:
    return [
        PaymentConfirmed(**of_line(line), after=after, effective_on=day),
        spend(line.budget_id, line.grant_id, line.amount_fen, day),
    ]


def given_up(payment: Payment, day: date) -> list[PaymentGivenUp]:
    """What is written off when a grant is withdrawn: money that came back and was owed until now.

    A reversal has written off the payment by itself.
    """
    if payment.lines("reversed"):
        return []
    return [PaymentGivenUp(**of_line(line), effective_on=day) for line in payment.came_back[-1:]]


def evolve(payment: Payment, event: PaymentEvent) -> Payment:
    after = _evolved(payment, event)
    return after if event.effective_on <= after.last_on else replace(after, last_on=event.effective_on)


def _evolved(payment: Payment, event: PaymentEvent) -> Payment:  # noqa: C901 - one branch an event
    match event:
        case PaymentPrepared():
            return _now(payment, event, "prepared")
        case PaymentWithdrawn():
            return _now(payment, event, "withdrawn")
        case PaymentReleased():
            return replace(
                _now(payment, event, "released"), releasers=payment.releasers | {event.released_by}
            )
        case PaymentConfirmed():
            return _told(_now(payment, event, "confirmed"), event, "paid")
        case PaymentFailed():
            status: Status = "failed" if event.final else "in_doubt"
            return _told(_now(payment, event, status), event, "failed", event.code)
        case PaymentReturned():
            returned = _told(_now(payment, event, "returned"), event, "returned", event.code)
            return replace(returned, request=None)
        case PaymentContradicted():
            told = what_is_told(event.line_id, event.reported, event.reported_fen, event.code)
            contradicted = payment.contradicted | {event.line_id}
            return replace(payment, contradicted=contradicted, told=payment.told | {told})
        case ContradictionSettled():
            return replace(payment, contradicted=payment.contradicted - {event.line_id})
        case OverpaymentFound():
            return _told(_now(payment, event, "overpaid"), event, "paid")
        case OverpaymentReturned():
            return _told(_now(payment, event, "returned"), event, "returned", event.code)
        case OverpaymentRepaid():
            return _now(payment, event, "repaid")
        case PaymentGivenUp():
            return replace(payment, given_up=True)
        case ReversalRequested():
            return replace(payment, request=event, request_ended=None)
        case ReversalWithdrawn():
            return replace(payment, request=None, request_ended="withdrawn")
        case ReversalRefused():
            return replace(payment, request=None, request_ended="refused")
        case PaymentReversed():
            reversed_ = _now(payment, event, "reversed")
            return replace(reversed_, request=None, reversed_fen=event.reversed_fen)
        case _:
            assert_never(event)


def _now(payment: Payment, event: Line, status: Status) -> Payment:
    known = payment.attempts.get(event.line_id)
    attempt = Attempt(line=known.line if known else line_of(event), status=status)
    return replace(payment, attempts={**payment.attempts, event.line_id: attempt})


def _told(payment: Payment, line: Line, outcome: Outcome, code: ReturnCode | None = None) -> Payment:
    told = what_is_told(line.line_id, outcome, line.amount_fen, code)
    return replace(payment, told=payment.told | {told})
