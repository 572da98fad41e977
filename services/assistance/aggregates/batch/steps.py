"""The steps that a payment batch takes from hand to hand: locked, checked, approved, released, reconciled."""

from typing import Any

from services.assistance.aggregates.aid_grant import aid_grant
from services.assistance.aggregates.batch.commands import (
    ApproveBatch,
    CheckBatch,
    LockBatch,
    ReconcileBatch,
    RecordBankFile,
    ReleaseBatch,
    UnlockBatch,
)
from services.assistance.aggregates.batch.duties import check_day, check_duties, check_seen, check_step
from services.assistance.aggregates.batch.lines import check_unchanged, digest_of_file, digest_of_lines
from services.assistance.aggregates.batch.refusals import MINUTES_MISSING, NO_LINES, STATEMENT_DIFFERS
from services.assistance.aggregates.batch.results import paid_in_all
from services.assistance.aggregates.batch.state import PaymentBatch
from services.assistance.aggregates.hardship_file import hardship_file
from services.assistance.aggregates.paying import of_line
from services.assistance.aggregates.payment import payment
from services.assistance.events.batch import (
    BankFileWritten,
    BatchApproved,
    BatchChecked,
    BatchLocked,
    BatchReconciled,
    BatchReleased,
    BatchUnlocked,
)
from services.assistance.events.payment import PaymentReleased
from services.assistance.parameters import BATCH_MINUTES_OVER_FEN
from shared.rules.context import Context
from shared.standards.money import format_yuan


def lock(command: LockBatch, batch: PaymentBatch, context: Context) -> list[Any]:
    if batch.status == "locked":
        return []
    check_step(batch, "draft")
    check_day(batch, command.locked_on, "locked_on")
    if not batch.lines:
        raise NO_LINES()
    return [
        BatchLocked(
            batch_id=command.batch_id,
            line_count=len(batch.lines),
            amount_fen=batch.amount_fen,
            digest=digest_of_lines(batch.lines),
            locked_by=context.actor_id,
            effective_on=command.locked_on,
        )
    ]


def unlock(command: UnlockBatch, batch: PaymentBatch, context: Context) -> list[Any]:
    if batch.status == "draft":
        return []
    check_step(batch, "locked", "checked", "approved")
    check_day(batch, command.unlocked_on, "unlocked_on")
    return [
        BatchUnlocked(
            batch_id=command.batch_id,
            reason=command.reason,
            unlocked_by=context.actor_id,
            effective_on=command.unlocked_on,
        )
    ]


def check(command: CheckBatch, batch: PaymentBatch, context: Context) -> list[Any]:
    if batch.checked_by == context.actor_id and batch.digest == command.digest:
        return []
    check_step(batch, "locked")
    check_day(batch, command.checked_on, "checked_on")
    check_duties(batch, context, batch.makers)
    check_seen(batch, command.digest)
    return [
        BatchChecked(
            batch_id=command.batch_id,
            digest=batch.digest,
            checked_by=context.actor_id,
            effective_on=command.checked_on,
        )
    ]


def approve(command: ApproveBatch, batch: PaymentBatch, context: Context) -> list[Any]:
    """Source: approval by amount (handbook, assistance 6); approval names what was seen (design 10)."""
    if batch.approved_by == context.actor_id and batch.digest == command.digest:
        return []
    check_step(batch, "checked")
    check_day(batch, command.approved_on, "approved_on")
    check_duties(batch, context, batch.makers | {batch.checked_by})
    check_seen(batch, command.digest)
    limit_fen = context.parameter(BATCH_MINUTES_OVER_FEN, command.approved_on)
    if batch.amount_fen > limit_fen and not (command.minutes_no or "").strip():
        raise MINUTES_MISSING(field="minutes_no", limit=format_yuan(limit_fen))
    return [
        BatchApproved(
            batch_id=command.batch_id,
            digest=batch.digest,
            minutes_no=command.minutes_no,
            approved_by=context.actor_id,
            effective_on=command.approved_on,
        )
    ]


def release(command: ReleaseBatch, batch: PaymentBatch, context: Context) -> list[Any]:
    """Every line is checked once more; whatever has changed keeps the whole batch from leaving."""
    if batch.status in ("released", "reconciled"):
        return []
    check_step(batch, "approved")
    check_day(batch, command.released_on, "released_on")
    check_duties(batch, context, batch.makers | {batch.checked_by, batch.approved_by})
    lines = sorted(batch.lines.items())
    grant_ids = [line.grant_id for _, line in lines]
    grants = context.states(aid_grant, grant_ids)
    payments = context.states(payment, grant_ids)
    files = context.states(hardship_file, [line.file_id for _, line in lines])
    released = [
        PaymentReleased(
            **of_line(check_unchanged(line, line_id, grant, file, before, command.released_on)),
            released_by=context.actor_id,
            effective_on=command.released_on,
        )
        for (line_id, line), grant, file, before in zip(lines, grants, files, payments, strict=True)
    ]
    amounts = {line_id: line.amount_fen for line_id, line in lines}
    whole = BatchReleased(
        batch_id=command.batch_id,
        organisation_id=batch.organisation_id,
        line_count=len(lines),
        amount_fen=batch.amount_fen,
        digest=batch.digest,
        file_digest=digest_of_file(command.batch_id, amounts),
        released_by=context.actor_id,
        effective_on=command.released_on,
    )
    return [*released, whole]


def record_file(command: RecordBankFile, batch: PaymentBatch, context: Context) -> list[Any]:
    """Source: design, section 10: the release comes first, and the file is a function of the log."""
    if batch.file_written:
        return []
    check_step(batch, "released", "reconciled")
    return [
        BankFileWritten(
            batch_id=command.batch_id,
            file_digest=batch.file_digest,
            written_by=context.actor_id,
            effective_on=context.today,
        )
    ]


def reconcile(command: ReconcileBatch, batch: PaymentBatch, context: Context) -> list[Any]:
    """Source: handbook, assistance 7: closed by a person who did not pay."""
    if batch.status == "reconciled":
        return []
    check_step(batch, "released")
    check_day(batch, command.reconciled_on, "reconciled_on")
    others = batch.makers | {batch.checked_by, batch.approved_by, batch.released_by}
    check_duties(batch, context, others)
    payments = context.states(payment, [line.grant_id for _, line in sorted(batch.lines.items())])
    paid_fen = paid_in_all(batch.lines, payments)
    if paid_fen != command.paid_fen:
        raise STATEMENT_DIFFERS(field="paid_fen", difference=format_yuan(command.paid_fen - paid_fen))
    return [
        BatchReconciled(
            batch_id=command.batch_id,
            paid_fen=paid_fen,
            statement_no=command.statement_no,
            reconciled_by=context.actor_id,
            effective_on=command.reconciled_on,
        )
    ]
