"""What happens to a payment batch, from its opening to its reconciliation with the bank."""

from collections.abc import Mapping
from datetime import date
from typing import Literal

from services.assistance.events.payment import Outcome, WithdrawalReason
from shared.rules.message import message
from shared.rules.personal import PublicText

NotPayableReason = Literal[
    "grant_not_approved",
    "file_not_on_file",
    "account_missing",
    "in_a_batch",
    "paid",
    "in_doubt",
    "reversed",
    "another_organisation",
]
UnlockReason = Literal["line_changed", "wrong_lines", "not_approved", "clerical_error"]


@message
class BatchLine:
    """A line as check, approval and release see it.

    ``grant_version``, ``file_version``: of the grant's and the file's streams, when the line was made.
    """

    grant_id: str
    file_id: str
    person_id: str
    holder_id: str
    amount_fen: int
    account_version: int
    grant_version: int
    file_version: int


@message
class NotPayable:
    """A grant that was to be paid and cannot be; it stays on this list until it can."""

    grant_id: str
    reason: NotPayableReason


@message
class Unmatched:
    """What a result file says of a line that this batch does not hold."""

    line_id: str
    outcome: Outcome
    amount_fen: int


@message
class BatchOpened:
    batch_id: str
    organisation_id: str
    opened_by: str
    effective_on: date


@message
class LinesAdded:
    """``lines`` by line_id."""

    batch_id: str
    lines: Mapping[str, BatchLine]
    not_payable: tuple[NotPayable, ...]
    added_by: str
    effective_on: date


@message
class LinesRemoved:
    batch_id: str
    line_ids: tuple[str, ...]
    amount_fen: int
    reason: WithdrawalReason
    removed_by: str
    effective_on: date


@message
class BatchLocked:
    """``digest`` is of all lines as they stand; who checks and approves names it."""

    batch_id: str
    line_count: int
    amount_fen: int
    digest: str
    locked_by: str
    effective_on: date


@message
class BatchUnlocked:
    """The batch is a draft again; what was checked and approved has to be so anew."""

    batch_id: str
    reason: UnlockReason
    unlocked_by: str
    effective_on: date


@message
class BatchChecked:
    batch_id: str
    digest: str
    checked_by: str
    effective_on: date


@message
class BatchApproved:
    """``minutes_no``: of the meeting that approved it, where the amount asks for one."""

    batch_id: str
    digest: str
    minutes_no: PublicText | None
    approved_by: str
    effective_on: date


@message
class BatchReleased:
    """``file_digest`` is of what the bank file says without personal data."""

    batch_id: str
    organisation_id: str
    line_count: int
    amount_fen: int
    digest: str
    file_digest: str
    released_by: str
    effective_on: date


@message
class BankFileWritten:
    """The file of a released batch lies where the bank fetches it; until then no money can leave."""

    batch_id: str
    file_digest: str
    written_by: str
    effective_on: date


@message
class ResultsRecorded:
    """What was new in a part of a result file; what was said before is not counted again.

    ``file_digest``: SHA-256 of the file as the bank wrote it.
    """

    batch_id: str
    confirmed: int
    confirmed_fen: int
    failed: int
    failed_fen: int
    in_doubt: int
    returned: int
    returned_fen: int
    contradicted: int
    unmatched: tuple[Unmatched, ...]
    file_digest: str
    effective_on: date


@message
class BatchReconciled:
    """The bank's statement shows what the batch's confirmed lines add up to; the batch is closed."""

    batch_id: str
    paid_fen: int
    statement_no: PublicText
    reconciled_by: str
    effective_on: date
