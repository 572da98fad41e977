"""The state of a payment batch."""

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from services.assistance.events.batch import BatchLine
from shared.rules.message import message

Status = Literal["none", "draft", "locked", "checked", "approved", "released", "reconciled"]


@message
class PaymentBatch:
    """``lines`` by line_id; ``unmatched``: what was said of lines that it does not hold."""

    status: Status = "none"
    organisation_id: str = ""
    lines: Mapping[str, BatchLine] = field(default_factory=dict)
    digest: str = ""
    makers: frozenset[str] = frozenset()
    checked_by: str = ""
    approved_by: str = ""
    released_by: str = ""
    unmatched: frozenset[str] = frozenset()

    @property
    def amount_fen(self) -> int:
        return sum(line.amount_fen for line in self.lines.values())
