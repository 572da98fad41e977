"""What becomes of the money for one aid grant: each attempt to pay it, and what the bank says of it."""

from datetime import date
from typing import Literal

from services.assistance.events.budget import FundSource
from services.assistance.events.campaign import Programme
from shared.rules.message import message
from shared.rules.personal import PublicText

ReturnCode = Literal[
    "account_closed",
    "name_mismatch",
    "account_invalid",
    "frozen",
    "dormant",
    "limit_exceeded",
    "bank_other",
]
"""Why a bank did not pay, or gave the money back. After ``bank_other`` it may still pay: not final."""
Outcome = Literal["paid", "failed", "returned"]
WithdrawalReason = Literal["file_changed", "grant_changed", "wrong_account", "not_now", "clerical_error"]
ReversalReason = Literal["not_entitled", "wrong_beneficiary", "paid_twice", "amount_wrong", "repaid_freely"]
ReversalRefusingCause = Literal["paid_rightly", "amount_wrong", "proof_missing", "other"]
"""Why the money stays where it is; ``amount_wrong``: of the reversal, which may be asked for anew."""
Settlement = Literal["paid", "not_paid"]
Confirmation = Literal["release", "failure", "overpayment"]
"""What a payment was until it counted: on its way; failed or returned; paid beside another line."""


@message
class Line:
    """What every event of a payment tells besides its own, so that each can be counted alone.

    ``line_id`` is made of the grant and the attempt; ``reissue`` says that an earlier attempt came back.
    """

    grant_id: str
    line_id: str
    attempt: int
    reissue: bool
    batch_id: str
    organisation_id: str
    programme: Programme
    fund_source: FundSource
    campaign_id: str
    budget_id: str
    file_id: str
    person_id: str
    amount_fen: int


@message
class PaymentPrepared(Line):
    """A line stands in a batch, for the file's account of this version, held by ``holder_id``.

    ``grant_version``, ``file_version``: the versions of the streams on which the line hangs, as they were
    seen; the file's is that of its last event which was not aid counted (``HardshipFile.changed_at``).
    """

    holder_id: str
    account_version: int
    grant_version: int
    file_version: int
    effective_on: date


@message
class PaymentWithdrawn(Line):
    """A line was taken out of its batch before the release."""

    reason: WithdrawalReason
    effective_on: date


@message
class PaymentReleased(Line):
    released_by: str
    effective_on: date


@message
class PaymentConfirmed(Line):
    """The bank has paid, and this line is the one that counts.

    ``after`` a failure: though the bank had said before that it did not pay; after an overpayment: the line
    beside which it had been paid came to nothing.
    """

    after: Confirmation
    effective_on: date


@message
class PaymentFailed(Line):
    """The bank did not pay. Only after a ``final`` code will it never pay this line."""

    code: ReturnCode
    final: bool
    effective_on: date


@message
class PaymentReturned(Line):
    """The bank had paid, and the money came back."""

    code: ReturnCode
    effective_on: date


@message
class PaymentContradicted(Line):
    """The bank says something that does not fit what it said or was told before; a person has to look.

    ``line_id`` and ``attempt`` are those of the line it speaks of, which may be an earlier one.
    """

    reported: Outcome
    reported_fen: int
    code: ReturnCode | None
    effective_on: date


@message
class ContradictionSettled(Line):
    """What a person found out at the bank about a line, contradicted or in doubt.

    ``document_no``: of the bank's paper.
    """

    settlement: Settlement
    document_no: PublicText
    effective_on: date


@message
class OverpaymentFound(Line):
    """A line was paid beside a later one, or after the grant was withdrawn: it has to be asked back."""

    effective_on: date


@message
class OverpaymentReturned(Line):
    """What had been paid beside the line that counts came back."""

    code: ReturnCode
    effective_on: date


@message
class OverpaymentRepaid(Line):
    """The household itself gave back what had been paid beside the line that counts, against a receipt."""

    receipt_no: PublicText
    recorded_by: str
    effective_on: date


@message
class PaymentGivenUp(Line):
    """The grant was withdrawn after its money had come back: it is owed no more, and no line follows."""

    effective_on: date


@message
class ReversalRequested(Line):
    reversed_fen: int
    reason: ReversalReason
    requested_by: str
    effective_on: date


@message
class ReversalWithdrawn(Line):
    """Who asked for a reversal takes the request back before anybody has decided on it."""

    withdrawn_by: str
    effective_on: date


@message
class ReversalRefused(Line):
    """The request comes to nothing; the payment stays as it is, and another may be made."""

    cause: ReversalRefusingCause
    refused_by: str
    effective_on: date


@message
class PaymentReversed(Line):
    """The money came back for good, by an opposite entry; nothing follows on this payment."""

    reversed_fen: int
    reason: ReversalReason
    effective_on: date
