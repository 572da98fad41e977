"""Making a payment batch: it is opened, filled with lines for approved grants, and lines are taken out."""

from typing import Any

from services.assistance.aggregates.aid_grant import aid_grant
from services.assistance.aggregates.batch.commands import AddLines, OpenBatch, RemoveLines
from services.assistance.aggregates.batch.duties import check_day, check_step
from services.assistance.aggregates.batch.lines import as_seen, file_of, lines_for, paid_for
from services.assistance.aggregates.batch.refusals import ALREADY_OPENED, BENEFICIARY, FULL
from services.assistance.aggregates.batch.state import PaymentBatch
from services.assistance.aggregates.hardship_file import hardship_file
from services.assistance.aggregates.paying import of_line
from services.assistance.aggregates.payment import payment
from services.assistance.events.batch import BatchOpened, LinesAdded, LinesRemoved
from services.assistance.events.payment import PaymentWithdrawn
from shared.rules.context import Context

LINES_MOST = 10_000
"""As many as one release can check and record well within the time that others wait for the log."""


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
    check_day(batch, command.prepared_on, "prepared_on")
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
    check_day(batch, command.removed_on, "removed_on")
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
