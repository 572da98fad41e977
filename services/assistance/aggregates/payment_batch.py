"""Payment batches: lines for approved grants, and the steps that four different persons take on them."""

from dataclasses import replace
from typing import Any, assert_never

from services.assistance.aggregates.aid_grant import aid_grant
from services.assistance.aggregates.batch.commands import (
    AddLines,
    ApproveBatch,
    BatchCommand,
    CheckBatch,
    LockBatch,
    OpenBatch,
    ReconcileBatch,
    RecordResults,
    ReleaseBatch,
    RemoveLines,
    UnlockBatch,
)
from services.assistance.aggregates.batch.duties import check_duties, check_seen, check_step
from services.assistance.aggregates.batch.lines import (
    as_seen,
    check_unchanged,
    digest_of_file,
    digest_of_lines,
    file_of,
    lines_for,
    paid_for,
)
from services.assistance.aggregates.batch.refusals import (
    ALREADY_OPENED,
    ANOTHER_ORGANISATION,
    BENEFICIARY,
    FULL,
    MINUTES_MISSING,
    NO_LINES,
    STATEMENT_DIFFERS,
)
from services.assistance.aggregates.batch.results import paid_in_all, results_recorded, unmatched_key
from services.assistance.aggregates.batch.state import PaymentBatch
from services.assistance.aggregates.hardship_file import hardship_file
from services.assistance.aggregates.paying import of_line
from services.assistance.aggregates.payment import payment
from services.assistance.events.batch import (
    BatchApproved,
    BatchChecked,
    BatchLocked,
    BatchOpened,
    BatchReconciled,
    BatchReleased,
    BatchUnlocked,
    LinesAdded,
    LinesRemoved,
    ResultsRecorded,
)
from services.assistance.events.payment import (
    PaymentReleased,
    PaymentWithdrawn,
)
from services.assistance.parameters import BATCH_MINUTES_OVER_FEN
from shared.rules.context import Context
from shared.rules.decider import Decider
from shared.standards.money import format_yuan

LINES_MOST = 10_000
"""As many as one release can check and record well within the time that others wait for the log."""

BatchEvent = (
    BatchOpened
    | LinesAdded
    | LinesRemoved
    | BatchLocked
    | BatchUnlocked
    | BatchChecked
    | BatchApproved
    | BatchReleased
    | ResultsRecorded
    | BatchReconciled
)


def decide(command: BatchCommand, batch: PaymentBatch, context: Context) -> list[Any]:
    """Source: handbook, assistance 6 (separation of duties) and 7 (payment); design, section 10."""
    if isinstance(command, OpenBatch):
        return open_batch(command, batch, context)
    if batch.organisation_id not in ("", command.organisation_id):
        raise ANOTHER_ORGANISATION(field="organisation_id")
    match command:
        case AddLines():
            return add_lines(command, batch, context)
        case RemoveLines():
            return remove_lines(command, batch, context)
        case LockBatch():
            return lock(command, batch, context)
        case UnlockBatch():
            return unlock(command, batch, context)
        case CheckBatch():
            return check(command, batch, context)
        case ApproveBatch():
            return approve(command, batch, context)
        case ReleaseBatch():
            return release(command, batch, context)
        case RecordResults():
            return record_results(command, batch, context)
        case ReconcileBatch():
            return reconcile(command, batch, context)
        case _:
            assert_never(command)


def open_batch(command: OpenBatch, batch: PaymentBatch, context: Context) -> list[Any]:
    if batch.status != "none":
        if batch.organisation_id == command.organisation_id:
            return []
        raise ALREADY_OPENED(field="batch_id")
    return [
        BatchOpened(
            batch_id=command.batch_id,
            organisation_id=command.organisation_id,
            opened_by=context.actor_id,
            effective_on=command.opened_on,
        )
    ]


def add_lines(command: AddLines, batch: PaymentBatch, context: Context) -> list[Any]:
    """Source: handbook, assistance 7: a person without account neither blocks the others nor vanishes."""
    check_step(batch, "draft")
    held = {line.grant_id for line in batch.lines.values()}
    wanted = [each for each in dict.fromkeys(command.grant_ids) if each not in held]
    if not wanted:
        return []
    grants = context.states(aid_grant, wanted)
    files = context.states(hardship_file, [file_of(grant) for grant in grants])
    payments = context.states(payment, wanted)
    within = paid_for(command, grants, context)
    prepared, not_payable = lines_for(command, wanted, grants, files, payments, within)
    if len(batch.lines) + len(prepared) > LINES_MOST:
        raise FULL(most=LINES_MOST)
    if any(context.actor_id in (line.person_id, line.holder_id) for line in prepared):
        raise BENEFICIARY()
    added = LinesAdded(
        batch_id=command.batch_id,
        lines={line.line_id: as_seen(line) for line in prepared},
        not_payable=tuple(not_payable),
        added_by=context.actor_id,
        effective_on=command.prepared_on,
    )
    return [*prepared, added]


def remove_lines(command: RemoveLines, batch: PaymentBatch, context: Context) -> list[Any]:
    check_step(batch, "draft")
    unwanted = set(command.grant_ids)
    line_ids = [each for each, line in sorted(batch.lines.items()) if line.grant_id in unwanted]
    if not line_ids:
        return []
    payments = context.states(payment, [batch.lines[each].grant_id for each in line_ids])
    withdrawn = [
        PaymentWithdrawn(
            **of_line(state.attempts[line_id].line), reason=command.reason, effective_on=command.removed_on
        )
        for line_id, state in zip(line_ids, payments, strict=True)
    ]
    removed = LinesRemoved(
        batch_id=command.batch_id,
        line_ids=tuple(line_ids),
        amount_fen=sum(batch.lines[each].amount_fen for each in line_ids),
        reason=command.reason,
        removed_by=context.actor_id,
        effective_on=command.removed_on,
    )
    return [*withdrawn, removed]


def lock(command: LockBatch, batch: PaymentBatch, context: Context) -> list[Any]:
    if batch.status == "locked":
        return []
    check_step(batch, "draft")
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


def record_results(command: RecordResults, batch: PaymentBatch, context: Context) -> list[Any]:
    check_step(batch, "released", "reconciled")
    grant_ids = {
        batch.lines[each.line_id].grant_id for each in command.results if each.line_id in batch.lines
    }
    wanted = sorted(grant_ids)
    payments = dict(zip(wanted, context.states(payment, wanted), strict=True))
    return results_recorded(
        command.batch_id,
        batch.lines,
        batch.unmatched,
        command.results,
        payments.__getitem__,
        command.answered_on,
    )


def reconcile(command: ReconcileBatch, batch: PaymentBatch, context: Context) -> list[Any]:
    """Source: handbook, assistance 7: closed by a person who did not pay."""
    if batch.status == "reconciled":
        return []
    check_step(batch, "released")
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


def evolve(batch: PaymentBatch, event: BatchEvent) -> PaymentBatch:
    match event:
        case BatchOpened():
            makers = frozenset({event.opened_by})
            return PaymentBatch(status="draft", organisation_id=event.organisation_id, makers=makers)
        case LinesAdded():
            return replace(
                batch, lines={**batch.lines, **event.lines}, makers=batch.makers | {event.added_by}
            )
        case LinesRemoved():
            removed = set(event.line_ids)
            lines = {each: line for each, line in batch.lines.items() if each not in removed}
            return replace(batch, lines=lines, makers=batch.makers | {event.removed_by})
        case BatchLocked():
            makers = batch.makers | {event.locked_by}
            return replace(batch, status="locked", digest=event.digest, makers=makers)
        case BatchUnlocked():
            return replace(batch, status="draft", digest="", checked_by="", approved_by="")
        case BatchChecked():
            return replace(batch, status="checked", checked_by=event.checked_by)
        case BatchApproved():
            return replace(batch, status="approved", approved_by=event.approved_by)
        case BatchReleased():
            return replace(batch, status="released", released_by=event.released_by)
        case ResultsRecorded():
            unmatched = batch.unmatched | {unmatched_key(each) for each in event.unmatched}
            return replace(batch, unmatched=unmatched)
        case BatchReconciled():
            return replace(batch, status="reconciled")
        case _:
            assert_never(event)


payment_batch = Decider("payment_batch", "batch_id", BatchCommand, BatchEvent, PaymentBatch(), decide, evolve)
