"""What becomes of a payment, whoever says so: its state, its lines, and what follows from a bank's answer."""

from collections.abc import Mapping
from dataclasses import field, fields
from datetime import date
from typing import Any, Literal

from services.assistance.aggregates.budget import restore, spend
from services.assistance.events.payment import (
    Line,
    Outcome,
    PaymentConfirmed,
    PaymentContradicted,
    PaymentFailed,
    PaymentReturned,
    ReturnCode,
    ReversalRequested,
)
from shared.rules.message import message

FINAL_CODES: frozenset[ReturnCode] = frozenset(
    {"account_closed", "name_mismatch", "account_invalid", "frozen", "dormant", "limit_exceeded"}
)
LINE_FIELDS = tuple(each.name for each in fields(Line))

Status = Literal["none", "prepared", "released", "in_doubt", "failed", "returned", "confirmed", "reversed"]


@message
class Payment:
    """``line`` is that of the last attempt; ``told``: what the bank has said of which line."""

    status: Status = "none"
    line: Line | None = None
    released_by: str = ""
    told: frozenset[str] = frozenset()
    contradicted: Mapping[str, Line] = field(default_factory=dict)
    request: ReversalRequested | None = None

    @property
    def attempts(self) -> int:
        return 0 if self.line is None else self.line.attempt

    @property
    def came_back(self) -> bool:
        """Whether an attempt was made that will never be paid, so that another may be made."""
        return self.status in ("failed", "returned")

    @property
    def under_way(self) -> bool:
        """Whether money is on its way, has arrived or may have arrived."""
        return self.status not in ("none", "failed", "returned") or bool(self.contradicted)


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
    payment: Payment, line: Line, outcome: Outcome, amount_fen: int, code: ReturnCode | None, day: date
) -> list[Any]:
    """What is new in what the bank says of a line; empty for what it has said before.

    Args:
        line: as its batch holds it; perhaps of an earlier attempt than the last.
    """
    if what_is_told(line.line_id, outcome, amount_fen, code) in payment.told:
        return []
    contradiction = PaymentContradicted(
        **of_line(line), reported=outcome, reported_fen=amount_fen, code=code, effective_on=day
    )
    if payment.contradicted or amount_fen != line.amount_fen:
        return [contradiction]
    why: ReturnCode = code or "bank_other"
    is_last = payment.line is not None and payment.line.line_id == line.line_id
    match outcome, payment.status if is_last else "failed":
        case "paid", "released" | "in_doubt":
            return confirmed(line, day)
        case "failed" | "returned", "released" | "in_doubt":
            return [failed(line, why, day, final=why in FINAL_CODES)]
        case "returned", "confirmed":
            return returned(line, why, day)
        case ("paid", "confirmed") | ("failed" | "returned", "failed" | "returned"):
            return []
        case _:
            return [contradiction]


def what_is_told(line_id: str, outcome: Outcome, amount_fen: int, code: ReturnCode | None) -> str:
    return f"{line_id} {outcome} {amount_fen}" + ("" if outcome == "paid" else f" {code}")


def confirmed(line: Line, day: date, *, after_failure: bool = False) -> list[Any]:
    return [
        PaymentConfirmed(**of_line(line), after_failure=after_failure, effective_on=day),
        spend(line.budget_id, line.grant_id, line.amount_fen, day),
    ]


def failed(line: Line, code: ReturnCode, day: date, *, final: bool) -> PaymentFailed:
    return PaymentFailed(**of_line(line), code=code, final=final, effective_on=day)


def returned(line: Line, code: ReturnCode, day: date) -> list[Any]:
    return [
        PaymentReturned(**of_line(line), code=code, effective_on=day),
        restore(line.budget_id, line.grant_id, line.amount_fen, day),
    ]
