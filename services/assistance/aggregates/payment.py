"""Payments: the attempts to pay one aid grant, of which one at most succeeds; and its reversal."""

from dataclasses import replace
from datetime import date
from typing import Any, assert_never

from services.assistance.aggregates.budget import release, restore
from services.assistance.aggregates.paying import (
    Payment,
    Status,
    confirmed,
    failed,
    line_of,
    of_line,
    returned,
    what_is_told,
)
from services.assistance.events.payment import (
    ContradictionSettled,
    Line,
    Outcome,
    OverpaymentFound,
    PaymentConfirmed,
    PaymentContradicted,
    PaymentFailed,
    PaymentPrepared,
    PaymentReleased,
    PaymentReturned,
    PaymentReversed,
    PaymentWithdrawn,
    ReturnCode,
    ReversalReason,
    ReversalRequested,
    Settlement,
)
from shared.rules.context import Context
from shared.rules.decider import Decider
from shared.rules.message import message
from shared.rules.refusal import Refusal

NOT_PAID = Refusal("payment.not_paid", zh="该款项未支付成功", en="this grant has not been paid")
ALREADY_REVERSED = Refusal("payment.reversed", zh="该款项已冲销", en="this payment has been reversed")
REVERSAL_AMOUNT = Refusal(
    "payment.reversal_amount",
    zh="冲销金额须大于零且不超过原支付金额{paid_fen}分",
    en="a reversal is of more than nothing and of no more than the {paid_fen} fen that were paid",
)
REVERSAL_REQUESTED = Refusal(
    "payment.reversal_requested",
    zh="该款项已有待审批的冲销申请，内容不同",
    en="another reversal of this payment waits for approval",
)
NO_REVERSAL_REQUESTED = Refusal(
    "payment.no_reversal_requested", zh="没有待审批的冲销申请", en="nobody has asked for a reversal"
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
    "payment.beneficiary", zh="受益人不能经办自己的款项", en="nobody handles a payment to themselves"
)
IN_DOUBT = Refusal(
    "payment.contradicted",
    zh="银行对该款项的说法前后矛盾，须先核实",
    en="what the bank says of this payment contradicts itself; it has to be settled first",
)
NOTHING_TO_SETTLE = Refusal(
    "payment.nothing_to_settle", zh="该明细没有待核实的矛盾", en="nothing about this line has to be settled"
)
TAKE_OUT_FIRST = Refusal(
    "payment.take_out_first",
    zh="须先将{line_id}移出批次",
    en="first take {line_id} out of its batch",
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
class SettleContradiction:
    """What the bank's paper says of a line about which its result files contradict each other."""

    grant_id: str
    organisation_id: str
    line_id: str
    settlement: Settlement
    document_no: str
    settled_on: date


PaymentCommand = RequestReversal | ApproveReversal | SettleContradiction
PaymentEvent = (
    PaymentPrepared
    | PaymentWithdrawn
    | PaymentReleased
    | PaymentConfirmed
    | PaymentFailed
    | PaymentReturned
    | PaymentContradicted
    | ContradictionSettled
    | OverpaymentFound
    | ReversalRequested
    | PaymentReversed
)


def decide(command: PaymentCommand, payment: Payment, context: Context) -> list[Any]:
    """Source: handbook, assistance 7: reversal is an opposite entry, approved; separation of duties (6)."""
    line = payment.line
    if line is None:
        raise NOT_PAID(field="grant_id")
    if line.organisation_id != command.organisation_id:
        raise ANOTHER_ORGANISATION(field="organisation_id")
    if context.actor_id == line.person_id:
        raise BENEFICIARY()
    match command:
        case RequestReversal():
            return request_reversal(command, payment, line, context)
        case ApproveReversal():
            return approve_reversal(command, payment, line, context)
        case SettleContradiction():
            return settle(command, payment, line, context)
        case _:
            assert_never(command)


def request_reversal(command: RequestReversal, payment: Payment, line: Line, context: Context) -> list[Any]:
    _check_reversible(payment)
    if not 0 < command.reversed_fen <= line.amount_fen:
        raise REVERSAL_AMOUNT(field="reversed_fen", paid_fen=line.amount_fen)
    if (asked := payment.request) is not None:
        if (asked.reversed_fen, asked.reason) == (command.reversed_fen, command.reason):
            return []
        raise REVERSAL_REQUESTED()
    return [
        ReversalRequested(
            **of_line(line),
            reversed_fen=command.reversed_fen,
            reason=command.reason,
            requested_by=context.actor_id,
            effective_on=command.requested_on,
        )
    ]


def approve_reversal(command: ApproveReversal, payment: Payment, line: Line, context: Context) -> list[Any]:
    if payment.status == "reversed":
        return []
    _check_reversible(payment)
    if (asked := payment.request) is None:
        raise NO_REVERSAL_REQUESTED()
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


def _check_reversible(payment: Payment) -> None:
    if payment.status == "reversed":
        raise ALREADY_REVERSED()
    if payment.contradicted:
        raise IN_DOUBT()
    if payment.status != "confirmed":
        raise NOT_PAID()


def settle(command: SettleContradiction, payment: Payment, line: Line, context: Context) -> list[Any]:
    """Source: design, section 10: only what is final allows another attempt; paid once."""
    about = payment.contradicted.get(command.line_id)
    if about is None:
        raise NOTHING_TO_SETTLE(field="line_id")
    if context.actor_id == payment.released_by:
        raise SAME_PERSON()
    day = command.settled_on
    settled = ContradictionSettled(
        **of_line(about),
        settlement=command.settlement,
        document_no=command.document_no,
        effective_on=day,
    )
    if about.line_id == line.line_id:
        return [settled, *_settled_now(command.settlement, payment.status, about, day)]
    return [settled, *_settled_late(command.settlement, payment.status, about, line, day)]


def _settled_now(settlement: Settlement, status: Status, line: Line, day: date) -> list[Any]:
    """What follows for the line of the last attempt."""
    match settlement, status:
        case "paid", "released" | "in_doubt":
            return confirmed(line, day)
        case "paid", "failed" | "returned":
            return confirmed(line, day, after_failure=True)
        case "not_paid", "released" | "in_doubt":
            return [failed(line, "bank_other", day, final=True)]
        case "not_paid", "confirmed":
            return returned(line, "bank_other", day)
        case _:
            return []


def _settled_late(settlement: Settlement, status: Status, about: Line, line: Line, day: date) -> list[Any]:
    """What follows for a line after which another attempt was made."""
    match settlement, status:
        case "paid", "prepared":
            raise TAKE_OUT_FIRST(line_id=line.line_id)
        case "paid", "failed" | "returned":
            return confirmed(about, day, after_failure=True)
        case "paid", _:
            return [OverpaymentFound(**of_line(about), effective_on=day)]
        case _:
            return []


def evolve(payment: Payment, event: PaymentEvent) -> Payment:
    match event:
        case PaymentPrepared():
            return replace(payment, status="prepared", line=line_of(event))
        case PaymentWithdrawn():
            return replace(payment, status="failed" if event.reissue else "none")
        case PaymentReleased():
            return replace(payment, status="released", released_by=event.released_by)
        case PaymentConfirmed():
            told = _told(payment, event, "paid", event.amount_fen)
            return replace(payment, status="confirmed", line=line_of(event), told=told)
        case PaymentFailed():
            told = _told(payment, event, "failed", event.amount_fen, event.code)
            return replace(payment, status="failed" if event.final else "in_doubt", told=told)
        case PaymentReturned():
            told = _told(payment, event, "returned", event.amount_fen, event.code)
            return replace(payment, status="returned", told=told)
        case PaymentContradicted():
            told = _told(payment, event, event.reported, event.reported_fen, event.code)
            contradicted = {**payment.contradicted, event.line_id: line_of(event)}
            return replace(payment, contradicted=contradicted, told=told)
        case ContradictionSettled():
            open_still = {each: of for each, of in payment.contradicted.items() if each != event.line_id}
            return replace(payment, contradicted=open_still)
        case OverpaymentFound():
            return payment
        case ReversalRequested():
            return replace(payment, request=event)
        case PaymentReversed():
            return replace(payment, status="reversed", request=None)
        case _:
            assert_never(event)


def _told(
    payment: Payment, line: Line, outcome: Outcome, amount_fen: int, code: ReturnCode | None = None
) -> frozenset[str]:
    return payment.told | {what_is_told(line.line_id, outcome, amount_fen, code)}


payment = Decider("payment", "grant_id", PaymentCommand, PaymentEvent, Payment(), decide, evolve)
