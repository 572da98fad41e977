"""What a bank says of a released batch: what of it is new, what contradicts, what is of no line."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from services.assistance.aggregates.batch.commands import RecordResults
from services.assistance.aggregates.batch.duties import check_step
from services.assistance.aggregates.batch.refusals import BEFORE_RELEASE, NOT_ALL_ANSWERED
from services.assistance.aggregates.batch.state import PaymentBatch, unmatched_key
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
from shared.rules.context import Context


def record_results(command: RecordResults, batch: PaymentBatch, context: Context) -> list[Any]:
    """What results say that was not known, on the payments, their budgets and the batch; empty if nothing.

    Source: handbook, assistance 7: matched by line id; repeats are harmless.
    """
    check_step(batch, "released", "reconciled")
    if batch.released_on is not None and command.answered_on < batch.released_on:
        raise BEFORE_RELEASE(field="answered_on", released_on=batch.released_on)
    payments = _payments(command, batch, context)
    found: list[Any] = []
    unmatched: dict[str, Unmatched] = {}
    for result in command.results:
        line = batch.lines.get(result.line_id)
        if line is None:
            other = Unmatched(line_id=result.line_id, outcome=result.outcome, amount_fen=result.amount_fen)
            if (key := unmatched_key(other)) not in batch.unmatched:
                unmatched[key] = other
            continue
        code = None if result.outcome == "paid" else result.code or "bank_other"
        for event in reported(
            payments[line.grant_id],
            result.line_id,
            result.outcome,
            result.amount_fen,
            code,
            command.answered_on,
        ):
            found.append(event)
            if isinstance(event, Line):
                payments[line.grant_id] = payment.evolve(payments[line.grant_id], event)
    if not found and not unmatched:
        return []
    return [*found, _summed(command, found, tuple(unmatched.values()))]


def _payments(command: RecordResults, batch: PaymentBatch, context: Context) -> dict[str, Payment]:
    """Those that results are about, by grant."""
    told = [batch.lines[each.line_id] for each in command.results if each.line_id in batch.lines]
    wanted = sorted({each.grant_id for each in told})
    return dict(zip(wanted, context.states(payment, wanted), strict=True))


def _summed(
    command: RecordResults, found: Sequence[Any], unmatched: tuple[Unmatched, ...]
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
        batch_id=command.batch_id,
        confirmed=numbers["confirmed"],
        confirmed_fen=numbers["confirmed_fen"],
        failed=numbers["failed"],
        failed_fen=numbers["failed_fen"],
        in_doubt=numbers["in_doubt"],
        returned=numbers["returned"],
        returned_fen=numbers["returned_fen"],
        contradicted=numbers["contradicted"],
        unmatched=unmatched,
        file_digest=command.file_digest,
        effective_on=command.answered_on,
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
        if status in ("confirmed", "overpaid", "repaid", "reversed"):
            paid_fen += line.amount_fen
    return paid_fen
