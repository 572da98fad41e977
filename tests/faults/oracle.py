"""The oracle: what must hold once all faults are over; each check tells what it found wrong."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import select

from demo.bank_double import BankDouble
from services.assistance.aggregates.paying import line_id
from services.assistance.audit import LAWS
from shared.bus.tables import replica_events
from shared.log.tables import commands, events
from shared.log.verify import verify
from shared.projections import checkpoints
from shared.projections.parking import list_parked
from shared.projections.projection import Projection
from shared.projections.reaction import Reaction
from shared.projections.rebuilding import compare
from shared.runtime.finding import service_class
from shared.runtime.house import House, open_house
from shared.runtime.replaying import Replay, replay
from shared.runtime.settings import embedded_settings
from tests.faults.client import Client
from tests.faults.schedule import SERVICES
from tests.faults.year import CAMPAIGNS, Year
from tests.runtime.suite import await_true
from tests.suite.deployment import Deployment

REST_SECONDS_MAX = 60.0
ATTEMPTS = (1, 2)
SETTLED = (
    "fund_reserved",
    "fund_committed",
    "payable_to_beneficiaries",
    "bank_clearing",
    "returned_payments",
    "overpayments",
)
"""Accounts on which nothing is left once everything is paid."""


class Oracle:
    """Looks at the stores themselves, at the bank's own books, and at what reporting answers.

    Args:
        client: with all answers that it was given.
    """

    def __init__(self, deployment: Deployment, folder: Path, client: Client, year: Year) -> None:
        self.client, self.year = client, year
        self.houses: dict[str, House] = {}
        for service in SERVICES:
            url = deployment.databases[service].service_url
            settings = replace(embedded_settings(service, folder), database_url=url)
            self.houses[service] = open_house(settings, service_class(service).language)
        with closing(BankDouble(year.books)) as bank:
            self.booked = bank.paid()
        self.paid_fen = sum(amount_fen for *_, amount_fen in self.booked)

    def close(self) -> None:
        for house in self.houses.values():
            house.close()

    def await_rest(self) -> None:
        """Wait until everything that follows a feed has come to its end."""
        await_true(lambda: not list(self.behind()), REST_SECONDS_MAX)

    def behind(self) -> Iterator[str]:
        for service, house in self.houses.items():
            declared = service_class(service)
            followers: list[Projection | Reaction] = [*declared.projections, *declared.reactions]
            for each in followers:
                head = self.houses[each.source].log.head().position
                with house.store.read() as connection:
                    if checkpoints.position_of(connection, each.name) < head:
                        yield f"{service}: {each.name} is behind"

    def findings(self) -> Iterator[str]:
        """Everything that is not as it must be."""
        for service, house in self.houses.items():
            yield from self.lost(service, house)
            yield from (f"{service}: {each.code} {each.place}" for each in verify(house.store).findings)
            yield from self.projected(service, house)
        replayed = {
            service: replay(house.store, house.log.language, LAWS if service == "assistance" else ())
            for service, house in self.houses.items()
        }
        for service, each in replayed.items():
            yield from (f"{service}: {found.code} {found.place}" for found in each.findings)
        yield from self.paid_once()
        yield from self.confirmed(replayed["assistance"])
        yield from self.spent(replayed["assistance"])
        yield from self.counted()

    def lost(self, service: str, house: House) -> Iterator[str]:
        """Commands whose acceptance was told and that the log does not hold, or holds otherwise."""
        log = house.log
        with house.store.read() as connection:
            held = set(connection.scalars(select(commands.c.id)))
        answers = self.client.accepted.get(service, {})
        yield from (f"{service}: lost {each}" for each in answers.keys() - held)
        # The others are known to be in the table: asking for each is what takes time.
        for command_id in list(answers)[:: max(len(answers) // 50, 1)]:
            found = log.command(command_id)
            told = answers[command_id]
            if found is None or (found.position, dict(found.streams)) != (told["position"], told["streams"]):
                yield f"{service}: {command_id} was told otherwise than it is recorded"

    def projected(self, service: str, house: House) -> Iterator[str]:
        """Projections that are not what the events make, parked events, and replicas that differ."""
        for projection in service_class(service).projections:
            report = compare(house.store, house.feed(projection.source), projection)
            if report.differences or report.failed:
                yield f"{service}: {report}"
        with house.store.read() as connection:
            yield from (f"{service}: parked {each}" for each in list_parked(connection))
        for source in {each.source for each in service_class(service).projections} - {service}:
            if replicated(house, source) != recorded(self.houses[source]):
                yield f"{service}: the replica of {source} is not its log"

    def paid_once(self) -> Iterator[str]:
        """By the bank's own books: each grant once, to its household's account, with its amount."""
        paid = Counter(self.booked)
        lines = {}
        for grant_id, (household, amount_fen) in self.year.granted.items():
            rows = [(line_id(grant_id, each), str(household.account), amount_fen) for each in ATTEMPTS]
            lines[grant_id] = sum(paid.pop(row, 0) for row in rows)
        yield from (f"{each} was paid {times} times" for each, times in lines.items() if times != 1)
        yield from (f"the bank paid {row}, which nobody granted" for row in paid)

    def confirmed(self, assistance: Replay) -> Iterator[str]:
        """The bank's books against the payments that the log confirms."""
        states = [assistance.states[f"payment/{each}"].state for each in self.year.granted]
        paid = [line for each in states for line in each.lines("confirmed", "reversed", "overpaid")]
        by_log = sorted((line.line_id, line.amount_fen) for line in paid)
        if by_log != sorted((line, amount_fen) for line, _, amount_fen in self.booked):
            yield "the confirmed payments are not those in the bank's books"
        attempts = [attempt.status for each in states for attempt in each.attempts.values()]
        statuses = Counter(each for each in attempts if each not in ("withdrawn", "failed", "returned"))
        if statuses != {"confirmed": len(states) - 1, "reversed": 1}:
            yield f"payments are {statuses}"

    def spent(self, assistance: Replay) -> Iterator[str]:
        """Budgets are spent to the fen, but for what was reversed; every entry balances, and so do all."""
        budgets = [assistance.states[f"budget/{name}"].state for name, *_ in CAMPAIGNS]
        allocated_fen = sum(each.allocated_fen for each in budgets)
        spent_fen = sum(each.spent_fen for each in budgets)
        if not allocated_fen == self.paid_fen == spent_fen + self.year.reversed_fen:
            yield f"{allocated_fen} fen allocated, {spent_fen} spent, {self.paid_fen} paid by the bank"
        if any(each.reserved_fen or each.committed_fen for each in budgets):
            yield "a budget still holds money for grants that are paid"
        balance = self._answer("cashier", "assistance", "trial_balance")
        if balance["difference_fen"]:
            yield f"the ledger does not balance: {balance}"
        accounts = {each["account"]: each["balance_fen"] for each in balance["accounts"]}
        students_fen = assistance.states["budget/students"].state.allocated_fen
        expected = {
            "aid_expense": spent_fen,
            "fund_spent": -spent_fen,
            "bank": allocated_fen + students_fen - spent_fen,
            **dict.fromkeys(SETTLED, 0),
        }
        if {each: accounts.get(each, 0) for each in expected} != expected:
            yield f"the ledger says {accounts} instead of {expected}"

    def counted(self) -> Iterator[str]:
        """Reporting's figures against what the bank paid and who joined."""
        told = self._answer("statistician", "reporting", "figures", from_on="2015-01-01", to_on="2024-12-31")
        counted = {each["code"]: each["value"] for each in told}
        households = len(self.year.households)
        expected = {
            "relief.person_times": len(self.booked) - 1,
            "relief.amount": self.paid_fen - self.year.reversed_fen,
            "relief.households": households,
            "member.stock": households,
        }
        found = {code: counted[code] for code in expected}
        if found != expected:
            yield f"reporting counts {found} instead of {expected}"

    def _answer(self, role: str, service: str, query: str, **arguments: Any) -> Any:
        head = self.houses["assistance"].log.head()
        known = {"source": "assistance", "epoch": head.epoch, "position": head.position}
        return getattr(getattr(getattr(self.client, role), service), query)(**arguments, at_least=known)[
            "answer"
        ]


def recorded(house: House) -> list[tuple[Any, ...]]:
    """Position, leaf and public part of every event of a log."""
    with house.store.read() as connection:
        rows = connection.execute(
            select(events.c.position, events.c.leaf, events.c.public).order_by("position")
        )
        return [tuple(row) for row in rows]


def replicated(house: House, source: str) -> list[tuple[Any, ...]]:
    """The same of a replica."""
    held = replica_events.c
    with house.store.read() as connection:
        rows = connection.execute(
            select(held.position, held.leaf, held.public).where(held.source == source).order_by(held.position)
        )
        return [tuple(row) for row in rows]
