"""The laws that the whole history of disbursements keeps, whatever the rules decided; checked by replay."""

from collections import Counter
from datetime import date
from typing import Any

from services.assistance.aggregates.aid_grant import aid_grant
from services.assistance.aggregates.batch.lines import digest_of_file, digest_of_lines
from services.assistance.aggregates.budget import Budget, budget
from services.assistance.aggregates.goods_item import goods_item
from services.assistance.aggregates.hardship_file import hardship_file
from services.assistance.aggregates.relief_campaign import relief_campaign
from services.assistance.aggregates.scope import ORGANISATIONS_ABOVE
from services.assistance.events.batch import BatchApproved, BatchChecked, BatchReconciled, BatchReleased
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
    OverpaymentFound,
    OverpaymentReturned,
    PaymentConfirmed,
    PaymentGivenUp,
    PaymentPrepared,
    PaymentReleased,
    PaymentReturned,
    PaymentReversed,
)
from services.assistance.parameters import (
    LIVING_AID_CAP_MONTHS,
    MINIMUM_LIVING_STANDARD,
    STUDENT_AID_CAP_MONTHS,
)
from services.assistance.projections.payment_story import payment_story
from services.assistance.projections.postings import POSTINGS, postings
from services.assistance.projections.tally import Tally
from shared.rules.parameter import Parameter
from shared.rules.policy_parameter import PolicyParameter, policy_parameter
from shared.runtime.replaying import Law, Step, Watch
from shared.standards.money import format_yuan

BUDGET_EVENTS = (
    BudgetAllocated,
    BudgetReserved,
    BudgetCommitted,
    BudgetSpent,
    BudgetReleased,
    BudgetRestored,
)


def entries_balance() -> Watch:
    def watch(step: Step) -> str | None:
        difference = sum(each.amount_fen for each in postings(step.event))
        return f"{format_yuan(difference)} yuan" if difference else None

    return watch


def budgets_hold() -> Watch:
    def watch(step: Step) -> str | None:
        after: Budget = step.after
        parts = (after.reserved_fen, after.committed_fen, after.spent_fen, after.free_fen)
        return f"budget {step.event.budget_id}" if min(parts) < 0 else None

    return watch


def two_persons_decide() -> Watch:
    """Of a file: approver, reviewer and caseworkers; of a grant: who proposed it and who approved it.

    A household that changed is confirmed by none of the caseworkers.
    """

    def watch(step: Step) -> str | None:
        match step.event:
            case FileApproved():
                others = {*step.before.caseworkers, step.before.reviewer_id}
                return f"file {step.event.file_id}" if step.actor.person_id in others else None
            case RevisionConfirmed():
                is_caseworker = step.actor.person_id in step.before.caseworkers
                return f"file {step.event.file_id}" if is_caseworker else None
            case _:
                proposal = step.before.proposal
                others = {step.event.person_id, proposal and proposal.proposed_by}
                return f"grant {step.event.grant_id}" if step.actor.person_id in others else None

    return watch


def four_persons_pay() -> Watch:
    def watch(step: Step) -> str | None:
        batch, person_id = step.before, step.actor.person_id
        earlier = {*batch.makers, batch.checked_by, batch.approved_by}
        if isinstance(step.event, BatchReconciled):
            earlier.add(batch.released_by)
        return f"batch {step.event.batch_id}" if person_id in earlier - {""} else None

    return watch


def notice_is_served() -> Watch:
    """Before a file is approved, and before any money leaves for its household."""

    def watch(step: Step) -> str | None:
        event = step.event
        file = step.before if isinstance(event, FileApproved) else step.state(hardship_file, event.file_id)
        last_on: date | None = file.notice_last_on
        served = last_on is not None and event.effective_on > last_on and not file.open_objections
        return None if served else f"file {event.file_id}"

    return watch


def caps_hold() -> Watch:
    """The sum of each person's year over all files against the cap in force on the day of the decision.

    Living aid is everybody's who stands in the household's file then, student aid the student's.
    """
    sums: Counter[tuple[str, int, str]] = Counter()
    grants: dict[str, list[tuple[str, int, str]]] = {}

    def watch(step: Step) -> str | None:
        event: HouseholdAided | HouseholdAidReleased = step.event
        if isinstance(event, HouseholdAidReleased):
            sums.subtract(dict.fromkeys(grants.pop(event.grant_id, ()), event.amount_fen))
            return None
        months = LIVING_AID_CAP_MONTHS if event.kind == "living_aid" else STUDENT_AID_CAP_MONTHS
        cap_fen = in_force(step, months) * in_force(step, MINIMUM_LIVING_STANDARD)
        household = [each.person_id for each in step.before.members]
        persons = household if event.kind == "living_aid" else [event.person_id]
        years = grants[event.grant_id] = [(event.kind, event.year, each) for each in persons]
        sums.update(dict.fromkeys(years, event.amount_fen))
        over = [each for each in years if sums[each] > cap_fen]
        if not over:
            return None
        aided_fen, most = max((sums[each], each) for each in over)
        return f"person {most[2]}: {format_yuan(aided_fen)} of {format_yuan(cap_fen)} yuan in {most[1]}"

    return watch


def in_force(step: Step, parameter: Parameter[int]) -> int:
    """A parameter's value on the day from which an event is true; 0 where no value of use is in force."""
    setting: PolicyParameter = step.state(policy_parameter, parameter.key)
    found = setting.in_force(step.event.effective_on)
    return int(found[1]) if found and parameter.takes(found[1]) else 0


def scope_holds() -> Watch:
    """Budgets, campaigns and goods serve their own organisation and those below it (design, section 9)."""

    def watch(step: Step) -> str | None:
        event = step.event
        match event:
            case CampaignOpened():
                line = step.state(budget, event.budget_id).line
                owner_ids, user_id = {line and line.organisation_id}, event.organisation_id
            case GrantProposed():
                line = step.state(budget, event.budget_id).line
                opening = step.state(relief_campaign, event.campaign_id).opening
                owner_ids = {each and each.organisation_id for each in (line, opening)}
                user_id = event.organisation_id
            case _:
                goods = step.state(goods_item, event.item_id).goods
                owner_ids = {goods and goods.organisation_id, event.organisation_id}
                user_id = step.state(hardship_file, event.file_id).organisation_id
        above = step.facts.get(ORGANISATIONS_ABOVE)
        foreign = owner_ids - {user_id, *(above.value if above else ())}
        return f"{user_id} used what is of {min(map(str, foreign))}" if foreign else None

    return watch


def paid_once() -> Watch:
    """The bank pays a grant once, as granted; what it paid beside that stands open until it came back.

    As long as money is out for a grant, also money that has to be asked back, no further line leaves for it.
    """
    paid: Counter[str] = Counter()
    overpaid: Counter[str] = Counter()

    def watch(step: Step) -> str | None:
        event, grant_id = step.event, step.event.grant_id
        broken = False
        match event:
            case PaymentPrepared() | PaymentReleased():
                broken = paid[grant_id] + overpaid[grant_id] > 0
            case PaymentConfirmed():
                overpaid[grant_id] -= event.after == "overpayment"
                paid[grant_id] += 1
                proposal = step.state(aid_grant, grant_id).proposal
                as_granted = proposal is not None and proposal.amount_fen == event.amount_fen
                broken = paid[grant_id] > 1 or overpaid[grant_id] < 0 or not as_granted
            case PaymentReturned():
                paid[grant_id] -= 1
            case OverpaymentFound():
                overpaid[grant_id] += 1
            case _:
                overpaid[grant_id] -= 1
        return f"grant {grant_id}" if broken else None

    return watch


def nothing_after_the_end() -> Watch:
    """A reversal ends a payment, and so does its being given up with the grant."""
    ended: set[str] = set()

    def watch(step: Step) -> str | None:
        grant_id = step.event.grant_id
        broken = f"grant {grant_id}" if grant_id in ended else None
        if isinstance(step.event, PaymentReversed | PaymentGivenUp):
            ended.add(grant_id)
        return broken

    return watch


def released_as_approved() -> Watch:
    """What leaves is what was seen at the approval, line by line, and the bank file says no other amounts."""

    def watch(step: Step) -> str | None:
        event, batch = step.event, step.before
        amounts = {line_id: line.amount_fen for line_id, line in batch.lines.items()}
        seen = digest_of_lines(batch.lines)
        if isinstance(event, BatchApproved):
            return None if event.digest == seen else f"batch {event.batch_id}"
        same = event.digest == seen and event.file_digest == digest_of_file(event.batch_id, amounts)
        whole = (event.line_count, event.amount_fen) == (len(amounts), sum(amounts.values()))
        return None if same and whole else f"batch {event.batch_id}"

    return watch


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
        "notice",
        "公示期未满或异议未决即建档或放款",
        "a file was approved, or money released for it, before its notice had been served",
        (FileApproved, PaymentReleased),
        notice_is_served,
    ),
    law("cap", "超过救助上限", "a cap was exceeded", (HouseholdAided, HouseholdAidReleased), caps_hold),
    law(
        "scope",
        "使用了其他单位的预算、活动或物资",
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
        ),
        paid_once,
    ),
    law(
        "after_the_end",
        "冲销或随救助撤回后又有支付",
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

__all__ = ["LAWS", "Tally", "explain"]
