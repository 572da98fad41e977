"""Payments: the attempts to pay one aid grant, of which one at most succeeds; and its reversal."""

from datetime import date
from typing import Any, assert_never

from services.assistance.aggregates.budget import release, restore
from services.assistance.aggregates.paying import (
    Payment,
    PaymentEvent,
    evolve,
    found_not_paid,
    found_paid,
    of_line,
)
from services.assistance.events.payment import (
    ContradictionSettled,
    Line,
    OverpaymentRepaid,
    PaymentReversed,
    ReversalReason,
    ReversalRefused,
    ReversalRefusingCause,
    ReversalRequested,
    ReversalWithdrawn,
    Settlement,
)
from shared.rules.context import Context
from shared.rules.decider import Decider
from shared.rules.message import message
from shared.rules.personal import PublicText
from shared.rules.refusal import Refusal
from shared.standards.money import format_yuan

NOT_PAID = Refusal("payment.not_paid", zh="该款项未支付成功", en="this grant has not been paid")
ALREADY_REVERSED = Refusal("payment.reversed", zh="该款项已冲销", en="this payment has been reversed")
REVERSAL_AMOUNT = Refusal(
    "payment.reversal_amount",
    zh="冲销金额须大于零且不超过原支付金额{paid}元",
    en="a reversal is of more than nothing and of no more than the {paid} yuan that were paid",
)
REVERSAL_REQUESTED = Refusal(
    "payment.reversal_requested",
    zh="该款项已有待审批的冲销申请，内容不同",
    en="another reversal of this payment waits for approval",
)
NO_REVERSAL_REQUESTED = Refusal(
    "payment.no_reversal_requested", zh="没有待审批的冲销申请", en="nobody has asked for a reversal"
)
NOT_THE_REQUESTER = Refusal(
    "payment.not_the_requester",
    zh="冲销申请只能由申请人本人撤回",
    en="a reversal is taken back by the person who asked for it",
)
ANOTHER_ORGANISATION = Refusal(
    "payment.another_organisation",
    zh="该笔救助由其他工会办理",
    en="the grant that was paid belongs to another organisation",
)
SAME_PERSON = Refusal(
    "payment.same_person",
    zh="同一人不能办理该款项的两个环节",
    en="one person cannot take two of the steps on one payment",
)
BENEFICIARY = Refusal(
    "payment.beneficiary", zh="受助人不得办理本人的款项", en="nobody handles a payment to themselves"
)
BEFORE_LAST_STEP = Refusal(
    "payment.before_last_step",
    zh="日期不能早于该款项上一环节的日期（{last_on}）",
    en="the date lies before that of the last step on this payment ({last_on})",
)
IN_DOUBT = Refusal(
    "payment.contradicted",
    zh="银行回盘结果前后矛盾，须先向银行核实",
    en="what the bank says of this payment contradicts itself; it has to be settled first",
)
NOTHING_TO_SETTLE = Refusal(
    "payment.nothing_to_settle", zh="该明细没有待核实的事项", en="nothing about this line has to be settled"
)
TAKE_OUT_FIRST = Refusal(
    "payment.take_out_first",
    zh="须先将{line_id}移出批次",
    en="first take {line_id} out of its batch",
)

NOT_OVERPAID = Refusal(
    "payment.not_overpaid", zh="该明细没有须追回的重复支付", en="nothing has to be asked back for this line"
)
RECEIPT_MISSING = Refusal(
    "payment.receipt_missing", zh="须注明收据编号", en="the receipt's number is missing"
)


@message
class RequestReversal:
    grant_id: str
    organisation_id: str
    reversed_fen: int
    reason: ReversalReason
    requested_on: date


@message
class ApproveReversal:
    grant_id: str
    organisation_id: str
    approved_on: date


@message
class WithdrawReversal:
    """By the person who asked for it, before it is approved or refused."""

    grant_id: str
    organisation_id: str
    withdrawn_on: date


@message
class RefuseReversal:
    grant_id: str
    organisation_id: str
    cause: ReversalRefusingCause
    refused_on: date


@message
class SettleContradiction:
    """What the bank's paper says of a line that is in doubt, or about which its result files contradict."""

    grant_id: str
    organisation_id: str
    line_id: str
    settlement: Settlement
    document_no: PublicText
    settled_on: date


@message
class RecordRepayment:
    """The household gave back, whole, what had been paid to it beside the line that counts."""

    grant_id: str
    organisation_id: str
    line_id: str
    receipt_no: PublicText
    repaid_on: date


PaymentCommand = (
    RequestReversal
    | ApproveReversal
    | WithdrawReversal
    | RefuseReversal
    | SettleContradiction
    | RecordRepayment
)


def decide(command: PaymentCommand, payment: Payment, context: Context) -> list[Any]:
    """Source: handbook, assistance 7: reversal is an opposite entry, approved; separation of duties (6)."""
    if not payment.attempts:
        raise NOT_PAID(field="grant_id")
    # Whose grant it is and whom it is for is the same in every attempt.
    line = next(iter(payment.attempts.values())).line
    if line.organisation_id != command.organisation_id:
        raise ANOTHER_ORGANISATION(field="organisation_id")
    if context.actor_id == line.person_id:
        raise BENEFICIARY()
    match command:
        case RequestReversal():
            return request_reversal(command, payment, context)
        case ApproveReversal():
            return approve_reversal(command, payment, context)
        case WithdrawReversal():
            return withdraw_reversal(command, payment, context)
        case RefuseReversal():
            return refuse_reversal(command, payment, context)
        case SettleContradiction():
            return settle(command, payment, context)
        case RecordRepayment():
            return record_repayment(command, payment, context)
        case _:
            assert_never(command)


def request_reversal(command: RequestReversal, payment: Payment, context: Context) -> list[Any]:
    line = _reversible(payment)
    if not 0 < command.reversed_fen <= line.amount_fen:
        raise REVERSAL_AMOUNT(field="reversed_fen", paid=format_yuan(line.amount_fen))
    if (asked := payment.request) is not None:
        if (asked.reversed_fen, asked.reason) == (command.reversed_fen, command.reason):
            return []
        raise REVERSAL_REQUESTED()
    _check_day(payment, command.requested_on, "requested_on")
    return [
        ReversalRequested(
            **of_line(line),
            reversed_fen=command.reversed_fen,
            reason=command.reason,
            requested_by=context.actor_id,
            effective_on=command.requested_on,
        )
    ]


def approve_reversal(command: ApproveReversal, payment: Payment, context: Context) -> list[Any]:
    if payment.lines("reversed"):
        return []
    line = _reversible(payment)
    if (asked := payment.request) is None:
        raise NO_REVERSAL_REQUESTED()
    _check_day(payment, command.approved_on, "approved_on")
    if context.actor_id == asked.requested_by:
        raise SAME_PERSON()
    reversed_ = PaymentReversed(
        **of_line(line),
        reversed_fen=asked.reversed_fen,
        reason=asked.reason,
        effective_on=command.approved_on,
    )
    budget = line.budget_id, line.grant_id
    return [
        reversed_,
        restore(*budget, asked.reversed_fen, command.approved_on),
        release(*budget, "committed", asked.reversed_fen, command.approved_on),
    ]


def withdraw_reversal(command: WithdrawReversal, payment: Payment, context: Context) -> list[Any]:
    """Also while the bank contradicts itself: no money moves."""
    if payment.request is None and payment.request_ended == "withdrawn":
        return []
    asked = _requested(payment)
    if context.actor_id != asked.requested_by:
        raise NOT_THE_REQUESTER()
    _check_day(payment, command.withdrawn_on, "withdrawn_on")
    return [
        ReversalWithdrawn(**of_line(asked), withdrawn_by=context.actor_id, effective_on=command.withdrawn_on)
    ]


def refuse_reversal(command: RefuseReversal, payment: Payment, context: Context) -> list[Any]:
    """Source: handbook, assistance 6: nobody decides on their own request, not even against it."""
    if payment.request is None and payment.request_ended == "refused":
        return []
    asked = _requested(payment)
    if context.actor_id == asked.requested_by:
        raise SAME_PERSON()
    _check_day(payment, command.refused_on, "refused_on")
    return [
        ReversalRefused(
            **of_line(asked),
            cause=command.cause,
            refused_by=context.actor_id,
            effective_on=command.refused_on,
        )
    ]


def _requested(payment: Payment) -> ReversalRequested:
    """The reversal that waits for a decision."""
    if payment.request is not None:
        return payment.request
    raise ALREADY_REVERSED() if payment.lines("reversed") else NO_REVERSAL_REQUESTED()


def _check_day(payment: Payment, day: date, field: str) -> None:
    if day < payment.last_on:
        raise BEFORE_LAST_STEP(field=field, last_on=payment.last_on)


def _reversible(payment: Payment) -> Line:
    """The line that counts as paid."""
    if payment.lines("reversed"):
        raise ALREADY_REVERSED()
    if payment.contradicted:
        raise IN_DOUBT()
    for line in payment.lines("confirmed"):
        return line
    raise NOT_PAID()


def settle(command: SettleContradiction, payment: Payment, context: Context) -> list[Any]:
    """Source: design, section 10: only what is final allows another attempt; paid once."""
    if not payment.needs_settling(command.line_id):
        raise NOTHING_TO_SETTLE(field="line_id")
    if context.actor_id in payment.releasers:
        raise SAME_PERSON()
    _check_day(payment, day := command.settled_on, "settled_on")
    settled = ContradictionSettled(
        **of_line(payment.attempts[command.line_id].line),
        settlement=command.settlement,
        document_no=command.document_no,
        effective_on=day,
    )
    if command.settlement == "not_paid":
        return [settled, *found_not_paid(payment, command.line_id, "bank_other", day)]
    for line in payment.lines("prepared"):
        raise TAKE_OUT_FIRST(line_id=line.line_id)
    return [settled, *found_paid(payment, command.line_id, day)]


def record_repayment(command: RecordRepayment, payment: Payment, context: Context) -> list[Any]:
    """Source: handbook, assistance 6 and 7: who let the money leave does not say that it came back."""
    if command.line_id in payment.contradicted:
        raise IN_DOUBT(field="line_id")
    line = next((each for each in payment.lines("overpaid") if each.line_id == command.line_id), None)
    if line is None:
        raise NOT_OVERPAID(field="line_id")
    if context.actor_id in payment.releasers:
        raise SAME_PERSON()
    if not command.receipt_no.strip():
        raise RECEIPT_MISSING(field="receipt_no")
    _check_day(payment, command.repaid_on, "repaid_on")
    return [
        OverpaymentRepaid(
            **of_line(line),
            receipt_no=command.receipt_no,
            recorded_by=context.actor_id,
            effective_on=command.repaid_on,
        )
    ]


payment = Decider("payment", "grant_id", PaymentCommand, PaymentEvent, Payment(), decide, evolve)
