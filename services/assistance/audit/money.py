"""Laws of money: what is booked, who pays, once, when, and nothing but what was approved."""

from collections import Counter
from datetime import date

from services.assistance.aggregates.aid_grant import aid_grant
from services.assistance.aggregates.batch.lines import digest_of_file, digest_of_lines
from services.assistance.aggregates.budget import Budget
from services.assistance.aggregates.hardship_file import hardship_file
from services.assistance.events.batch import BatchApproved, BatchLine, BatchReconciled, ResultsRecorded
from services.assistance.events.payment import (
    ContradictionSettled,
    Line,
    OverpaymentFound,
    OverpaymentRepaid,
    PaymentConfirmed,
    PaymentGivenUp,
    PaymentPrepared,
    PaymentReleased,
    PaymentReturned,
    PaymentReversed,
    ReversalRefused,
    ReversalWithdrawn,
)
from services.assistance.projections.postings import postings
from shared.runtime.replaying import Step, Watch
from shared.standards.money import format_yuan


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


def four_persons_pay() -> Watch:
    def watch(step: Step) -> str | None:
        batch, person_id = step.before, step.actor.person_id
        earlier = {*batch.makers, batch.checked_by, batch.approved_by}
        if isinstance(step.event, BatchReconciled):
            earlier.add(batch.released_by)
        return f"batch {step.event.batch_id}" if person_id in earlier - {""} else None

    return watch


def two_persons_settle() -> Watch:
    """Who asked for a reversal and who decided on it; who released a line and who settled it at the bank
    or recorded that it was given back.

    None of them is paid by it. A request is taken back by the person who made it.
    """

    def watch(step: Step) -> str | None:
        event, payment = step.event, step.before
        others = {event.person_id}
        match event:
            case ContradictionSettled() | OverpaymentRepaid():
                others |= payment.releasers
            case PaymentReversed() | ReversalRefused():
                others.add(payment.request and payment.request.requested_by)
            case ReversalWithdrawn() if payment.request is None or (
                payment.request.requested_by != step.actor.person_id
            ):
                return f"grant {event.grant_id}"
        return f"grant {event.grant_id}" if step.actor.person_id in others else None

    return watch


def days_run_forwards() -> Watch:
    """No step on a batch or a payment is dated before the one that it followed, no release before the grant.

    What the bank says may be read in any order, but it says nothing before the release.
    """

    def watch(step: Step) -> str | None:
        event = step.event
        earliest_on: date = step.before.last_on
        match event:
            case ResultsRecorded():
                earliest_on = step.before.released_on or date.max
            case PaymentReleased():
                approved_on = step.state(aid_grant, event.grant_id).decided_on
                earliest_on = max(earliest_on, approved_on or date.max)
        if event.effective_on >= earliest_on:
            return None
        about = f"grant {event.grant_id}" if isinstance(event, Line) else f"batch {event.batch_id}"
        return f"{about}: {event.effective_on}, after {earliest_on}"

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
                broken = overpaid[grant_id] < 0
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
    """What leaves is what was seen at the approval, line by line, and the bank file says no other amounts.

    The grants and files on which the lines hang still have the versions that the approval named.
    """

    def watch(step: Step) -> str | None:
        event, batch = step.event, step.before
        amounts = {line_id: line.amount_fen for line_id, line in batch.lines.items()}
        seen = digest_of_lines(batch.lines)
        if isinstance(event, BatchApproved):
            return None if event.digest == seen else f"batch {event.batch_id}"
        same = event.digest == seen and event.file_digest == digest_of_file(event.batch_id, amounts)
        whole = (event.line_count, event.amount_fen) == (len(amounts), sum(amounts.values()))
        if not same or not whole:
            return f"batch {event.batch_id}"
        return next((f"line {each}" for each, line in batch.lines.items() if has_moved(step, line)), None)

    return watch


def has_moved(step: Step, line: BatchLine) -> bool:
    """Whether the grant or the file of a line is no longer as it was seen."""
    grant = step.state(aid_grant, line.grant_id)
    file = step.state(hardship_file, line.file_id)
    return (grant.version, file.changed_at) != (line.grant_version, line.file_version)
