"""What each step on a payment batch asks for: the step before it, its day, another person, what was seen."""

from datetime import date

from services.assistance.aggregates.batch.refusals import (
    BEFORE_LAST_STEP,
    BENEFICIARY,
    SAME_PERSON,
    SEEN_OTHERS,
    WRONG_STEP,
)
from services.assistance.aggregates.batch.state import STATUS_ZH, PaymentBatch, Status
from shared.rules.context import Context


def check_step(batch: PaymentBatch, *possible: Status) -> None:
    if batch.status not in possible:
        raise WRONG_STEP(field="batch_id", status=batch.status, status_zh=STATUS_ZH[batch.status])


def check_day(batch: PaymentBatch, day: date, field: str) -> None:
    """Raises the refusal ``payment_batch.before_last_step``: steps do not run backwards in time."""
    if day < batch.last_on:
        raise BEFORE_LAST_STEP(field=field, last_on=batch.last_on)


def check_seen(batch: PaymentBatch, digest: str) -> None:
    if digest != batch.digest:
        raise SEEN_OTHERS(field="digest")


def check_duties(batch: PaymentBatch, context: Context, others: frozenset[str]) -> None:
    if context.actor_id in others:
        raise SAME_PERSON()
    if any(context.actor_id in (line.person_id, line.holder_id) for line in batch.lines.values()):
        raise BENEFICIARY()
