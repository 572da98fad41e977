"""What a bank says of a released batch: what of it is new, what contradicts, what is of no line."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from services.assistance.aggregates.batch.commands import Result
from services.assistance.aggregates.batch.refusals import NOT_ALL_ANSWERED
from services.assistance.aggregates.paying import Payment, reported
from services.assistance.aggregates.payment import payment
from services.assistance.events.batch import BatchLine, ResultsRecorded, Unmatched
from services.assistance.events.payment import (
    Line,
    OverpaymentReturned,
    PaymentConfirmed,
    PaymentContradicted,
    PaymentFailed,
    PaymentReturned,
)


def results_recorded(
    batch_id: str,
    lines: Mapping[str, BatchLine],
    seen: frozenset[str],
    results: Sequence[Result],
    payment_of: Callable[[str], Payment],
    day: date,
) -> list[Any]:
    """What results say that was not known, on the payments, their budgets and the batch; empty if nothing.

    Args:
        lines: those of the batch.
        seen: what was said before of lines that it does not hold (see ``unmatched_key``).
        payment_of: gives the payment of a grant.

    Source: handbook, assistance 7: matched by line id; repeats are harmless.
    """
    known: dict[str, Payment] = {}
    found: list[Any] = []
    unmatched: dict[str, Unmatched] = {}
    for result in results:
        line = lines.get(result.line_id)
        if line is None:
            other = Unmatched(line_id=result.line_id, outcome=result.outcome, amount_fen=result.amount_fen)
            if (key := unmatched_key(other)) not in seen:
                unmatched[key] = other
            continue
        state = known.get(line.grant_id) or payment_of(line.grant_id)
        code = None if result.outcome == "paid" else result.code or "bank_other"
        for event in reported(state, result.line_id, result.outcome, result.amount_fen, code, day):
            found.append(event)
            if isinstance(event, Line):
                state = payment.evolve(state, event)
        known[line.grant_id] = state
    if not found and not unmatched:
        return []
    return [*found, _summed(batch_id, found, tuple(unmatched.values()), day)]


def unmatched_key(unmatched: Unmatched) -> str:
    return f"{unmatched.line_id} {unmatched.outcome} {unmatched.amount_fen}"


def _summed(
    batch_id: str, found: Sequence[Any], unmatched: tuple[Unmatched, ...], day: date
) -> ResultsRecorded:
    numbers: Counter[str] = Counter()
    for event in found:
        match event:
            case PaymentConfirmed(after="release"):
                numbers.update(confirmed=1, confirmed_fen=event.amount_fen)
            case PaymentFailed(final=True):
                numbers.update(failed=1, failed_fen=event.amount_fen)
            case PaymentFailed():
                numbers.update(in_doubt=1)
            case PaymentReturned() | OverpaymentReturned():
                numbers.update(returned=1, returned_fen=event.amount_fen)
            case PaymentContradicted():
                numbers.update(contradicted=1)
    return ResultsRecorded(
        batch_id=batch_id,
        confirmed=numbers["confirmed"],
        confirmed_fen=numbers["confirmed_fen"],
        failed=numbers["failed"],
        failed_fen=numbers["failed_fen"],
        in_doubt=numbers["in_doubt"],
        returned=numbers["returned"],
        returned_fen=numbers["returned_fen"],
        contradicted=numbers["contradicted"],
        unmatched=unmatched,
        effective_on=day,
    )


def paid_in_all(lines: Mapping[str, BatchLine], payments: Sequence[Payment]) -> int:
    """What a bank's statement has to show for a batch, in fen.

    Args:
        payments: that of each line, in the order of the line ids.

    Raises the refusal ``payment_batch.not_all_answered``.
    """
    paid_fen = 0
    for (line_id, line), state in zip(sorted(lines.items()), payments, strict=True):
        status = state.attempts[line_id].status
        if line_id in state.contradicted or status in ("released", "in_doubt"):
            raise NOT_ALL_ANSWERED(line_id=line_id)
        if status in ("confirmed", "overpaid", "reversed"):
            paid_fen += line.amount_fen
    return paid_fen
