"""The state of a payment batch, and what each of its events makes of it."""

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import date
from typing import Literal, assert_never

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
    Unmatched,
)
from shared.rules.message import message

Status = Literal["none", "draft", "locked", "checked", "approved", "released", "reconciled"]

STATUS_ZH: Mapping[Status, str] = {
    "none": "未开立",
    "draft": "制单中",
    "locked": "已锁定",
    "checked": "已审核",
    "approved": "已审批",
    "released": "已放行",
    "reconciled": "已对账",
}


@message
class PaymentBatch:
    """``lines`` by line_id; ``unmatched``: what was said of lines that it does not hold.

    ``last_on``: the latest day of anything that happened to it.
    """

    status: Status = "none"
    organisation_id: str = ""
    lines: Mapping[str, BatchLine] = field(default_factory=dict)
    digest: str = ""
    makers: frozenset[str] = frozenset()
    checked_by: str = ""
    approved_by: str = ""
    released_by: str = ""
    unmatched: frozenset[str] = frozenset()
    released_on: date | None = None
    file_digest: str = ""
    file_written: bool = False
    last_on: date = date.min

    @property
    def amount_fen(self) -> int:
        return sum(line.amount_fen for line in self.lines.values())


BatchEvent = (
    BatchOpened
    | LinesAdded
    | LinesRemoved
    | BatchLocked
    | BatchUnlocked
    | BatchChecked
    | BatchApproved
    | BatchReleased
    | BankFileWritten
    | ResultsRecorded
    | BatchReconciled
)


def evolve(batch: PaymentBatch, event: BatchEvent) -> PaymentBatch:
    after = _evolved(batch, event)
    # A file may be written anew at any time, which is no step on the batch.
    if isinstance(event, BankFileWritten) or event.effective_on <= after.last_on:
        return after
    return replace(after, last_on=event.effective_on)


def _evolved(batch: PaymentBatch, event: BatchEvent) -> PaymentBatch:
    match event:
        case BatchOpened():
            makers = frozenset({event.opened_by})
            return PaymentBatch(status="draft", organisation_id=event.organisation_id, makers=makers)
        case LinesAdded():
            return replace(
                batch, lines={**batch.lines, **event.lines}, makers=batch.makers | {event.added_by}
            )
        case LinesRemoved():
            removed = set(event.line_ids)
            lines = {each: line for each, line in batch.lines.items() if each not in removed}
            return replace(batch, lines=lines, makers=batch.makers | {event.removed_by})
        case BatchLocked():
            makers = batch.makers | {event.locked_by}
            return replace(batch, status="locked", digest=event.digest, makers=makers)
        case BatchUnlocked():
            return replace(batch, status="draft", digest="", checked_by="", approved_by="")
        case BatchChecked():
            return replace(batch, status="checked", checked_by=event.checked_by)
        case BatchApproved():
            return replace(batch, status="approved", approved_by=event.approved_by)
        case BatchReleased():
            return replace(
                batch,
                status="released",
                released_by=event.released_by,
                released_on=event.effective_on,
                file_digest=event.file_digest,
            )
        case BankFileWritten():
            return replace(batch, file_written=True)
        case ResultsRecorded():
            unmatched = batch.unmatched | {unmatched_key(each) for each in event.unmatched}
            return replace(batch, unmatched=unmatched)
        case BatchReconciled():
            return replace(batch, status="reconciled")
        case _:
            assert_never(event)


def unmatched_key(unmatched: Unmatched) -> str:
    return f"{unmatched.line_id} {unmatched.outcome} {unmatched.amount_fen}"
