"""Payment batches: lines for approved grants, and the steps that four different persons take on them."""

from typing import Any, assert_never

from services.assistance.aggregates.batch.commands import (
    AddLines,
    ApproveBatch,
    BatchCommand,
    CheckBatch,
    LockBatch,
    OpenBatch,
    ReconcileBatch,
    RecordBankFile,
    RecordResults,
    ReleaseBatch,
    RemoveLines,
    UnlockBatch,
)
from services.assistance.aggregates.batch.making import add_lines, open_batch, remove_lines
from services.assistance.aggregates.batch.refusals import ANOTHER_ORGANISATION
from services.assistance.aggregates.batch.results import record_results
from services.assistance.aggregates.batch.state import BatchEvent, PaymentBatch, evolve
from services.assistance.aggregates.batch.steps import (
    approve,
    check,
    lock,
    reconcile,
    record_file,
    release,
    unlock,
)
from shared.rules.context import Context
from shared.rules.decider import Decider


def decide(  # noqa: C901 - one branch a command
    command: BatchCommand, batch: PaymentBatch, context: Context
) -> list[Any]:
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
        case RecordBankFile():
            return record_file(command, batch, context)
        case RecordResults():
            return record_results(command, batch, context)
        case ReconcileBatch():
            return reconcile(command, batch, context)
        case _:
            assert_never(command)


payment_batch = Decider("payment_batch", "batch_id", BatchCommand, BatchEvent, PaymentBatch(), decide, evolve)
