"""What figures and the bank's books have to come to, counted from the replayed events alone."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from services.assistance.aggregates.relief_campaign import STUDENT_AID
from services.assistance.events.goods import GoodsIssued, GoodsReturned
from services.assistance.events.payment import (
    OverpaymentFound,
    PaymentConfirmed,
    PaymentReturned,
    PaymentReversed,
)
from shared.log.verify_chunk import Finding
from shared.runtime.replaying import Law, Step


@dataclass
class Tally:
    """What figures and the bank's books have to come to, counted from nothing but the replayed events.

    Args:
        left: of each grant that was paid the programme and what it came to, net of reversals.
        lines: the fen that left the bank for each line, also those that came back later.
    """

    left: dict[str, tuple[str, int]] = field(default_factory=dict)
    lines: Counter[str] = field(default_factory=Counter)
    goods: Counter[str] = field(default_factory=Counter)

    def law(self) -> Law:
        """Watches what is counted; it is never broken."""
        counted = (PaymentConfirmed, PaymentReturned, PaymentReversed, GoodsIssued, GoodsReturned)
        return Law("tally", "", "", (*counted, OverpaymentFound), lambda: self._count)

    def _count(self, step: Step) -> None:
        match step.event:
            case PaymentConfirmed() as event:
                self.left[event.grant_id] = event.programme, event.amount_fen
                # After an overpayment the bank had paid the line before.
                if event.after != "overpayment":
                    self.lines[event.line_id] += event.amount_fen
            case OverpaymentFound() as event:
                self.lines[event.line_id] += event.amount_fen
            case PaymentReturned() as event:
                self.left.pop(event.grant_id, None)
            case PaymentReversed() as event:
                programme, paid_fen = self.left.pop(event.grant_id, (event.programme, 0))
                if paid_fen > event.reversed_fen:
                    self.left[event.grant_id] = programme, paid_fen - event.reversed_fen
            case GoodsIssued() as event:
                self.goods["packages"] += event.quantity
                self.goods["value"] += event.value_fen
            case GoodsReturned() as event:
                self.goods["packages"] -= event.quantity
                self.goods["value"] -= event.value_fen

    def figures(self) -> dict[str, int]:
        """The totals by the code of reporting's indicator."""
        relief = [fen for programme, fen in self.left.values() if programme != STUDENT_AID]
        students = [fen for programme, fen in self.left.values() if programme == STUDENT_AID]
        return {
            "relief.person_times": len(relief),
            "relief.amount": sum(relief),
            "student.amount": sum(students),
            "goods.packages": self.goods["packages"],
            "goods.value": self.goods["value"],
        }

    def against_books(self, booked: Iterable[tuple[str, int]]) -> list[Finding]:
        """Where the bank's own books and the log differ about what left, line by line.

        Args:
            booked: line and fen of each payment in the bank's books.
        """
        bank: Counter[str] = Counter()
        times: Counter[str] = Counter()
        for line_id, fen in booked:
            bank[line_id] += fen
            times[line_id] += 1
        findings = [
            Finding("bank.paid_twice", f"line {each}: {count} times")
            for each, count in times.items()
            if count > 1
        ]
        findings += [
            Finding("bank.differs", f"line {each}: bank {bank[each]} fen, log {self.lines[each]} fen")
            for each in sorted(bank.keys() | self.lines.keys())
            if bank[each] != self.lines[each]
        ]
        return findings
