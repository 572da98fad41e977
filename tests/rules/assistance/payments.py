"""The payments of assistance's tests: Zhang's winter relief, in batches that go from hand to hand.

Maker Wu, reviewer Zheng, approver Qian, cashier Feng, reconciler Chen.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, TypeVar

from services.assistance.aggregates.aid_grant import aid_grant
from services.assistance.aggregates.batch.lines import (
    ORGANISATIONS_WITHIN,
    digest_of_file,
    digest_of_lines,
)
from services.assistance.aggregates.budget import budget
from services.assistance.aggregates.hardship_file import hardship_file
from services.assistance.aggregates.paying import line_id
from services.assistance.aggregates.payment import payment
from services.assistance.aggregates.payment_batch import payment_batch
from services.assistance.events.batch import (
    BankFileWritten,
    BatchApproved,
    BatchChecked,
    BatchLine,
    BatchLocked,
    BatchOpened,
    BatchReconciled,
    BatchReleased,
    BatchUnlocked,
    LinesAdded,
    LinesRemoved,
    ResultsRecorded,
)
from services.assistance.events.payment import (
    ContradictionSettled,
    OverpaymentFound,
    OverpaymentRepaid,
    OverpaymentReturned,
    PaymentConfirmed,
    PaymentContradicted,
    PaymentFailed,
    PaymentGivenUp,
    PaymentPrepared,
    PaymentReleased,
    PaymentReturned,
    PaymentReversed,
    PaymentWithdrawn,
    ReversalRefused,
    ReversalRequested,
    ReversalWithdrawn,
)
from services.assistance.parameters import BATCH_MINUTES_OVER_FEN
from tests.rules.assistance.grants import AMOUNT_FEN, grant_approved, grant_proposed
from tests.rules.assistance.households import FACTORY, ON_FILE, account_recorded
from tests.rules.rules import TODAY, Others, Rules

PAID_ON = date(2024, 3, 4)
DISTRICT = "district"
MINUTES_OVER_FEN = 250_000
VERSIONS = {"account_version": 1, "grant_version": 2, "file_version": len(ON_FILE) + 1}
"""Those of an approved grant, and of a file that got its account once it was on file."""
Event = TypeVar("Event")


def line(grant_id: str = "1", attempt: int = 1, **changes: Any) -> dict[str, Any]:
    """What all events about a line tell."""
    fields: dict[str, Any] = {
        "grant_id": grant_id,
        "line_id": line_id(grant_id, attempt),
        "attempt": attempt,
        "reissue": attempt > 1,
        "batch_id": str(attempt),
        "organisation_id": FACTORY,
        "programme": "winter_warmth",
        "fund_source": "union_funds",
        "campaign_id": "winter",
        "budget_id": "winter",
        "file_id": grant_id,
        "person_id": "zhang",
        "amount_fen": AMOUNT_FEN,
        "effective_on": PAID_ON,
    }
    return fields | changes


def prepared(grant_id: str = "1", attempt: int = 1, **changes: Any) -> PaymentPrepared:
    fields: dict[str, Any] = VERSIONS | {"holder_id": "zhang"}
    return PaymentPrepared(**line(grant_id, attempt, **fields | changes))


def released(grant_id: str = "1", attempt: int = 1, **changes: Any) -> PaymentReleased:
    return PaymentReleased(**line(grant_id, attempt, **{"released_by": "feng"} | changes))


def confirmed(grant_id: str = "1", attempt: int = 1, **changes: Any) -> PaymentConfirmed:
    return PaymentConfirmed(**line(grant_id, attempt, **{"after": "release"} | changes))


def failed(grant_id: str = "1", attempt: int = 1, **changes: Any) -> PaymentFailed:
    return PaymentFailed(**line(grant_id, attempt, **{"code": "account_closed", "final": True} | changes))


def returned(grant_id: str = "1", attempt: int = 1, **changes: Any) -> PaymentReturned:
    return PaymentReturned(**line(grant_id, attempt, **{"code": "account_closed"} | changes))


def overpaid(grant_id: str = "1", attempt: int = 1, **changes: Any) -> OverpaymentFound:
    return OverpaymentFound(**line(grant_id, attempt, **changes))


def overpayment_returned(grant_id: str = "1", attempt: int = 1, **changes: Any) -> OverpaymentReturned:
    return OverpaymentReturned(**line(grant_id, attempt, **{"code": "account_closed"} | changes))


def repaid(grant_id: str = "1", attempt: int = 1, **changes: Any) -> OverpaymentRepaid:
    return OverpaymentRepaid(
        **line(grant_id, attempt, **{"receipt_no": "8", "recorded_by": "chen"} | changes)
    )


def given_up(grant_id: str = "1", attempt: int = 1, **changes: Any) -> PaymentGivenUp:
    return PaymentGivenUp(**line(grant_id, attempt, **changes))


def batch_line(grant_id: str = "1", **changes: Any) -> BatchLine:
    fields: dict[str, Any] = {
        "file_id": grant_id,
        "person_id": "zhang",
        "holder_id": "zhang",
        "amount_fen": AMOUNT_FEN,
    } | VERSIONS
    return BatchLine(grant_id=grant_id, **fields | changes)


def opened(batch_id: str = "1", **changes: Any) -> BatchOpened:
    fields: dict[str, Any] = {
        "organisation_id": DISTRICT,
        "opened_by": "wu",
        "effective_on": PAID_ON,
    }
    return BatchOpened(batch_id=batch_id, **fields | changes)


def added(batch_id: str = "1", lines: Mapping[str, BatchLine] | None = None, **changes: Any) -> LinesAdded:
    fields: dict[str, Any] = {
        "lines": {"1.1": batch_line()} if lines is None else lines,
        "not_payable": (),
        "added_by": "wu",
        "effective_on": PAID_ON,
    }
    return LinesAdded(batch_id=batch_id, **fields | changes)


def locked(event: LinesAdded, **changes: Any) -> BatchLocked:
    fields: dict[str, Any] = {
        "line_count": len(event.lines),
        "amount_fen": sum(each.amount_fen for each in event.lines.values()),
        "digest": digest_of_lines(event.lines),
        "locked_by": "wu",
        "effective_on": PAID_ON,
    }
    return BatchLocked(batch_id=event.batch_id, **fields | changes)


def checked(event: LinesAdded, **changes: Any) -> BatchChecked:
    fields: dict[str, Any] = {"checked_by": "zheng", "effective_on": PAID_ON}
    return BatchChecked(batch_id=event.batch_id, digest=digest_of_lines(event.lines), **fields | changes)


def approved(event: LinesAdded, **changes: Any) -> BatchApproved:
    fields: dict[str, Any] = {"minutes_no": None, "approved_by": "qian", "effective_on": PAID_ON}
    return BatchApproved(batch_id=event.batch_id, digest=digest_of_lines(event.lines), **fields | changes)


def batch_released(event: LinesAdded, **changes: Any) -> BatchReleased:
    amounts = {each: line.amount_fen for each, line in event.lines.items()}
    fields: dict[str, Any] = {
        "organisation_id": DISTRICT,
        "line_count": len(event.lines),
        "amount_fen": sum(amounts.values()),
        "digest": digest_of_lines(event.lines),
        "file_digest": digest_of_file(event.batch_id, amounts),
        "released_by": "feng",
        "effective_on": PAID_ON,
    }
    return BatchReleased(batch_id=event.batch_id, **fields | changes)


def file_written(event: LinesAdded, **changes: Any) -> BankFileWritten:
    amounts = {each: line.amount_fen for each, line in event.lines.items()}
    fields: dict[str, Any] = {"written_by": "feng", "effective_on": TODAY}
    digest = digest_of_file(event.batch_id, amounts)
    return BankFileWritten(batch_id=event.batch_id, file_digest=digest, **fields | changes)


def up_to(last: str, event: LinesAdded | None = None) -> list[Any]:
    """A batch's history up to one of its steps: opened, added, locked, checked, approved or released."""
    event = event or added()
    steps = {
        "opened": opened(event.batch_id),
        "added": event,
        "locked": locked(event),
        "checked": checked(event),
        "approved": approved(event),
        "released": batch_released(event),
    }
    names = list(steps)
    return [steps[name] for name in names[: names.index(last) + 1]]


def world(payments: Mapping[str, list[Any]] | None = None, grants: int = 1, **changed: list[Any]) -> Rules:
    """The rules of batches around approved grants "1", "2", … of households with accounts.

    Args:
        payments: what was recorded of payments, by grant.
        changed: other histories of a grant's file (``file_1``) or of the grant (``grant_1``).
    """
    others: Others = {}
    for number in range(1, grants + 1):
        key = str(number)
        person = "zhang" if number == 1 else f"person-{number}"
        grant = {"file_id": key, "person_id": person, "household_person_ids": (person,)}
        approval = {"file_id": key, "person_id": person}
        others[aid_grant, key] = changed.get(
            f"grant_{key}", [grant_proposed(key, **grant), grant_approved(key, **approval)]
        )
        others[hardship_file, key] = changed.get(f"file_{key}", [*ON_FILE, account_recorded(key)])
        others[payment, key] = (payments or {}).get(key, [])
    others[budget, "winter"] = []
    return Rules(
        payment_batch, {BATCH_MINUTES_OVER_FEN: MINUTES_OVER_FEN}, others, {ORGANISATIONS_WITHIN: [FACTORY]}
    )


def every_event() -> list[Any]:
    """A valid history that holds every event of payments and batches, on grant "c" of the file "a"."""
    day = date(2001, 6, 2)
    of_c: dict[str, Any] = {
        "organisation_id": "a",
        "campaign_id": "a",
        "budget_id": "a",
        "file_id": "a",
        "person_id": "a",
        "amount_fen": 4,
        "effective_on": day,
    }
    second: dict[str, Any] = {"attempt": 2, "batch_id": "b", **of_c}
    in_c: dict[str, Any] = {"effective_on": day}
    seen = {"file_id": "a", "person_id": "a", "holder_id": "a", "amount_fen": 4}
    first, again = (
        added(batch_id, {line_id("c", attempt): batch_line("c", **seen)}, **in_c)
        for batch_id, attempt in (("a", 1), ("b", 2))
    )
    none: dict[str, Any] = dict.fromkeys(("confirmed", "failed", "in_doubt", "returned", "contradicted"), 0)
    sums: dict[str, Any] = dict.fromkeys(("confirmed_fen", "failed_fen", "returned_fen"), 0)
    asked: dict[str, Any] = {"reversed_fen": 3, "reason": "not_entitled"}
    said: dict[str, Any] = {"reported": "paid", "reported_fen": 4, "code": None}
    return [
        *(replace(each, organisation_id="a", **in_c) for each in (opened("a"), opened("b"))),
        prepared("c", batch_id="a", **of_c, holder_id="a"),
        first,
        locked(first, **in_c),
        BatchUnlocked(batch_id="a", reason="wrong_lines", unlocked_by="zheng", **in_c),
        LinesRemoved(
            batch_id="a", line_ids=("c.1",), amount_fen=4, reason="not_now", removed_by="wu", **in_c
        ),
        PaymentWithdrawn(**line("c", batch_id="a", **of_c), reason="not_now"),
        prepared("c", **second, reissue=False, holder_id="a"),
        again,
        locked(again, **in_c),
        checked(again, **in_c),
        approved(again, **in_c),
        released("c", **second),
        replace(batch_released(again, **in_c), organisation_id="a"),
        file_written(again, **in_c),
        failed("c", **second),
        PaymentContradicted(**line("c", **second), **said),
        ContradictionSettled(**line("c", **second), settlement="paid", document_no="first"),
        confirmed("c", **second),
        returned("c", **second),
        ResultsRecorded(batch_id="b", **none, **sums, unmatched=(), file_digest="d", **in_c),
        BatchReconciled(batch_id="b", paid_fen=0, statement_no="first", reconciled_by="chen", **in_c),
        overpaid("c", batch_id="a", **of_c),
        overpayment_returned("c", batch_id="a", **of_c),
        overpaid("c", batch_id="a", **of_c),
        repaid("c", batch_id="a", **of_c),
        given_up("c", **second),
        ReversalRequested(**line("c", **second), **asked, requested_by="feng"),
        ReversalWithdrawn(**line("c", **second), withdrawn_by="feng"),
        ReversalRequested(**line("c", **second), **asked, requested_by="feng"),
        ReversalRefused(**line("c", **second), cause="paid_rightly", refused_by="qian"),
        ReversalRequested(**line("c", **second), **asked, requested_by="feng"),
        PaymentReversed(**line("c", **second), **asked),
    ]
