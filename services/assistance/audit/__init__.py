"""The laws that the whole history of disbursements keeps, whatever the rules decided; checked by replay."""

from typing import Any

from services.assistance.audit.aid import caps_hold, notice_is_served, scope_holds, two_persons_decide
from services.assistance.audit.money import (
    budgets_hold,
    days_run_forwards,
    entries_balance,
    four_persons_pay,
    nothing_after_the_end,
    paid_once,
    released_as_approved,
    two_persons_settle,
)
from services.assistance.audit.tally import Tally
from services.assistance.events.batch import (
    BatchApproved,
    BatchChecked,
    BatchLocked,
    BatchReconciled,
    BatchReleased,
    BatchUnlocked,
    LinesAdded,
    LinesRemoved,
    ResultsRecorded,
)
from services.assistance.events.budget import (
    BudgetAllocated,
    BudgetCommitted,
    BudgetReleased,
    BudgetReserved,
    BudgetRestored,
    BudgetSpent,
)
from services.assistance.events.campaign import CampaignOpened
from services.assistance.events.file import (
    FileApproved,
    HouseholdAided,
    HouseholdAidReleased,
    RevisionConfirmed,
)
from services.assistance.events.goods import GoodsIssued
from services.assistance.events.grant import GrantApproved, GrantProposed
from services.assistance.events.payment import (
    ContradictionSettled,
    OverpaymentFound,
    OverpaymentRepaid,
    OverpaymentReturned,
    PaymentConfirmed,
    PaymentGivenUp,
    PaymentPrepared,
    PaymentReleased,
    PaymentReturned,
    PaymentReversed,
    ReversalRefused,
    ReversalRequested,
    ReversalWithdrawn,
)
from services.assistance.projections.payment_story import payment_story
from services.assistance.projections.postings import POSTINGS
from shared.runtime.replaying import Law

__all__ = ("LAWS", "Tally", "explain")

BUDGET_EVENTS = (
    BudgetAllocated,
    BudgetReserved,
    BudgetCommitted,
    BudgetSpent,
    BudgetReleased,
    BudgetRestored,
)
BATCH_STEPS = (
    LinesAdded,
    LinesRemoved,
    BatchLocked,
    BatchUnlocked,
    BatchChecked,
    BatchApproved,
    BatchReleased,
    BatchReconciled,
)
PAYMENT_STEPS = (
    PaymentPrepared,
    PaymentReleased,
    ContradictionSettled,
    OverpaymentRepaid,
    ReversalRequested,
    ReversalWithdrawn,
    ReversalRefused,
    PaymentReversed,
    PaymentGivenUp,
)


def law(code: str, zh: str, en: str, watches: tuple[type[Any], ...], begin: Any) -> Law:
    return Law(f"law.{code}", zh, en, watches, begin)


LAWS = (
    law("entries", "分录借贷不平", "an entry does not balance", tuple(POSTINGS), entries_balance),
    law("budget", "预算超支", "a budget was overspent", BUDGET_EVENTS, budgets_hold),
    law(
        "two_persons",
        "同一人既经办又审批",
        "one person both handled and approved",
        (FileApproved, RevisionConfirmed, GrantApproved),
        two_persons_decide,
    ),
    law(
        "four_persons",
        "同一人办理了支付批次的两个环节",
        "one person took two of the steps on a payment batch",
        (BatchChecked, BatchApproved, BatchReleased, BatchReconciled),
        four_persons_pay,
    ),
    law(
        "two_persons_settle",
        "同一人既申请又审批冲销，或既放行又核实，或为受助人",
        "one person asked for a reversal and decided on it, released a line and settled it, or is paid by it",
        (
            ContradictionSettled,
            OverpaymentRepaid,
            ReversalRequested,
            ReversalWithdrawn,
            ReversalRefused,
            PaymentReversed,
        ),
        two_persons_settle,
    ),
    law(
        "days",
        "环节日期早于前一环节，或早于批准、放行",
        "a step is dated before the one that it followed, or before approval or release",
        (*BATCH_STEPS, *PAYMENT_STEPS, ResultsRecorded),
        days_run_forwards,
    ),
    law(
        "notice",
        "公示期未满或异议未决即建档或支付",
        "a file was approved, or money released for it, before its notice had been served",
        (FileApproved, PaymentReleased),
        notice_is_served,
    ),
    law("cap", "超过救助上限", "a cap was exceeded", (HouseholdAided, HouseholdAidReleased), caps_hold),
    law(
        "scope",
        "使用了其他工会的预算、活动或物资",
        "a budget, a campaign or goods of another organisation were used",
        (CampaignOpened, GrantProposed, GoodsIssued),
        scope_holds,
    ),
    law(
        "paid_once",
        "同一笔救助重复支付或支付金额不符",
        "a grant was paid twice, or not as granted",
        (
            PaymentPrepared,
            PaymentReleased,
            PaymentConfirmed,
            PaymentReturned,
            OverpaymentFound,
            OverpaymentReturned,
            OverpaymentRepaid,
        ),
        paid_once,
    ),
    law(
        "after_the_end",
        "冲销或救助撤回后又发生支付",
        "money moved after a reversal, or after the grant had been withdrawn",
        (PaymentReversed, PaymentGivenUp, PaymentPrepared, PaymentReleased, PaymentConfirmed),
        nothing_after_the_end,
    ),
    law(
        "as_approved",
        "放行内容与批准时所见不符",
        "what was released is not what was approved",
        (BatchApproved, BatchReleased),
        released_as_approved,
    ),
)
"""Source: design, section 10; handbook, assistance 1.5, 2.1, 6, 7 and 8."""

explain = payment_story
"""What ``gonghui audit explain`` tells."""
