"""Double entry: what each event of money debits and credits, as a pure function of the event alone."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from services.assistance.events.budget import (
    BudgetAllocated,
    BudgetCommitted,
    BudgetReleased,
    BudgetReserved,
    BudgetRestored,
    BudgetSpent,
)
from services.assistance.events.goods import GoodsIssued, GoodsReceived, GoodsReturned
from services.assistance.events.payment import (
    OverpaymentFound,
    OverpaymentRepaid,
    OverpaymentReturned,
    PaymentConfirmed,
    PaymentFailed,
    PaymentGivenUp,
    PaymentPrepared,
    PaymentReleased,
    PaymentReturned,
    PaymentReversed,
    PaymentWithdrawn,
)

Account = Literal[
    "fund_available",
    "fund_reserved",
    "fund_committed",
    "fund_spent",
    "payable_to_beneficiaries",
    "bank_clearing",
    "bank",
    "returned_payments",
    "overpayments",
    "aid_expense",
    "goods_stock",
    "goods_issued",
    "goods_donated",
]
"""The chart of accounts (sample, not official; handbook, assistance 8), and overpayments to be asked back."""


class Posting(NamedTuple):
    """One side of an entry: what it adds to an account, in fen; credits are negative."""

    account: Account
    amount_fen: int


Entry = tuple[Posting, ...]


def transfer(debit: Account, credit: Account, amount_fen: int) -> Entry:
    return Posting(debit, amount_fen), Posting(credit, -amount_fen)


def prepared(event: PaymentPrepared) -> Entry:
    """An approved grant falls due; what came back is owed still."""
    return () if event.reissue else transfer("aid_expense", "payable_to_beneficiaries", event.amount_fen)


def withdrawn(event: PaymentWithdrawn) -> Entry:
    return () if event.reissue else transfer("payable_to_beneficiaries", "aid_expense", event.amount_fen)


def released(event: PaymentReleased) -> Entry:
    owed: Account = "returned_payments" if event.reissue else "payable_to_beneficiaries"
    return transfer(owed, "bank_clearing", event.amount_fen)


def confirmed(event: PaymentConfirmed) -> Entry:
    owed: Account = "bank_clearing" if event.after == "release" else "returned_payments"
    paid: Account = "overpayments" if event.after == "overpayment" else "bank"
    return transfer(owed, paid, event.amount_fen)


def failed(event: PaymentFailed) -> Entry:
    """As long as the bank may still pay, the money is on its way."""
    return transfer("bank_clearing", "returned_payments", event.amount_fen) if event.final else ()


def budget_released(event: BudgetReleased) -> Entry:
    held: Account = "fund_reserved" if event.stage == "reserved" else "fund_committed"
    return transfer(held, "fund_available", event.amount_fen)


def goods_received(event: GoodsReceived) -> Entry:
    given: Account = "bank" if event.source == "purchase" else "goods_donated"
    return transfer("goods_stock", given, event.quantity * event.unit_value_fen)


POSTINGS: Mapping[type[Any], Callable[[Any], Entry]] = {
    BudgetAllocated: lambda event: transfer("bank", "fund_available", event.amount_fen),
    BudgetReserved: lambda event: transfer("fund_available", "fund_reserved", event.amount_fen),
    BudgetCommitted: lambda event: transfer("fund_reserved", "fund_committed", event.amount_fen),
    BudgetSpent: lambda event: transfer("fund_committed", "fund_spent", event.amount_fen),
    BudgetRestored: lambda event: transfer("fund_spent", "fund_committed", event.amount_fen),
    BudgetReleased: budget_released,
    PaymentPrepared: prepared,
    PaymentWithdrawn: withdrawn,
    PaymentReleased: released,
    PaymentConfirmed: confirmed,
    PaymentFailed: failed,
    PaymentReturned: lambda event: transfer("bank", "returned_payments", event.amount_fen),
    PaymentReversed: lambda event: transfer("bank", "aid_expense", event.reversed_fen),
    PaymentGivenUp: lambda event: transfer("returned_payments", "aid_expense", event.amount_fen),
    OverpaymentFound: lambda event: transfer("overpayments", "bank", event.amount_fen),
    OverpaymentReturned: lambda event: transfer("bank", "overpayments", event.amount_fen),
    OverpaymentRepaid: lambda event: transfer("bank", "overpayments", event.amount_fen),
    GoodsReceived: goods_received,
    GoodsIssued: lambda event: transfer("goods_issued", "goods_stock", event.value_fen),
    GoodsReturned: lambda event: transfer("goods_stock", "goods_issued", event.value_fen),
}
"""What each type of event posts. Source: handbook, assistance 8.

Of a confirmed or returned payment the funds' side is posted by the budget's own event beside it.
"""


def postings(event: Any) -> Entry:
    """What an event debits and credits; empty for one that moves no money. Its amounts add up to nothing."""
    post = POSTINGS.get(type(event))
    return () if post is None else post(event)
