"""The commands of a payment batch, in the order of its steps."""

from datetime import date

from services.assistance.events.batch import UnlockReason
from services.assistance.events.payment import Outcome, ReturnCode, WithdrawalReason
from shared.rules.message import message
from shared.rules.personal import PublicText


@message
class OpenBatch:
    batch_id: str
    organisation_id: str
    opened_on: date


@message
class AddLines:
    """A line for each of the grants that can be paid; the others are listed with the reason."""

    batch_id: str
    organisation_id: str
    grant_ids: tuple[str, ...]
    prepared_on: date


@message
class RemoveLines:
    batch_id: str
    organisation_id: str
    grant_ids: tuple[str, ...]
    reason: WithdrawalReason
    removed_on: date


@message
class LockBatch:
    batch_id: str
    organisation_id: str
    locked_on: date


@message
class UnlockBatch:
    batch_id: str
    organisation_id: str
    reason: UnlockReason
    unlocked_on: date


@message
class CheckBatch:
    """``digest`` is that of the lines which the reviewer has seen."""

    batch_id: str
    organisation_id: str
    digest: str
    checked_on: date


@message
class ApproveBatch:
    """``digest`` is that of the lines which the approver has seen."""

    batch_id: str
    organisation_id: str
    digest: str
    approved_on: date
    minutes_no: PublicText | None = None


@message
class ReleaseBatch:
    batch_id: str
    organisation_id: str
    released_on: date


@message
class RecordBankFile:
    """Sent by the service itself, whenever it has written a batch's file (again)."""

    batch_id: str
    organisation_id: str


@message
class Result:
    """One row of a bank's result file; ``code`` says why a line was not paid."""

    line_id: str
    outcome: Outcome
    amount_fen: int
    code: ReturnCode | None = None


@message
class RecordResults:
    """A part of a bank's result file. It may be sent again, whole or in parts.

    Sent by the service itself, whenever it has read a result file: nobody types what the bank says, least of
    all the cashier who released the batch. What only the bank's paper says is for ``SettleContradiction``.

    Source: handbook, assistance 6 (separation of duties) and 7 (result file).
    """

    batch_id: str
    organisation_id: str
    results: tuple[Result, ...]
    file_digest: str
    answered_on: date


@message
class ReconcileBatch:
    """``paid_fen`` is what the bank's statement shows for the batch, less what came back."""

    batch_id: str
    organisation_id: str
    paid_fen: int
    statement_no: PublicText
    reconciled_on: date


BatchCommand = (
    OpenBatch
    | AddLines
    | RemoveLines
    | LockBatch
    | UnlockBatch
    | CheckBatch
    | ApproveBatch
    | ReleaseBatch
    | RecordBankFile
    | RecordResults
    | ReconcileBatch
)
