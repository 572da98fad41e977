"""What is done under the faults: households are filed, helped by two campaigns and paid."""

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from demo import relief
from demo.calling import accepted, in_portions
from demo.district import FEDERATION, join, union_of
from demo.money import Treasury, books_of
from demo.plan import Bank, Campaign, District, Goods, Households, Members, Plan, StudentAid
from demo.population import Household, Population, staff
from demo.typed import shipped, typed
from services.assistance.parameters import ALL
from tests.faults.schedule import Size
from tests.suite.joining import found_district

CALLS_A_PORTION = 33
CALLS_AT_THE_END = 2
FAILS_ONE_IN = 7
"""Of so many lines the bank turns one back, which is then paid again."""
NEW_STAFF, HIRED_BESIDE = 100, 3
"""Who is hired beside each portion; those with lower numbers have been with the district."""
CAMPAIGNS = (("warmth", "winter_warmth", 1_000), ("living", "living_aid", 500))


def calls_of(size: Size) -> int:
    """How many calls the client begins for it."""
    return CALLS_A_PORTION * -(-size.households // size.portion) + CALLS_AT_THE_END


def plan_of(size: Size) -> Plan:
    return Plan(
        district=District("门头沟区总工会", 2015, ("大峪街道", "永定镇"), 3),
        members=Members(size.households, 0),
        households=Households(size.households, 0, 0, 0, 0, 0),
        campaigns=tuple(
            Campaign(name, name, programme, amount_yuan, size.households)  # type: ignore[arg-type]
            for name, programme, amount_yuan in CAMPAIGNS
        ),
        student_aid=StudentAid("students", "金秋助学"),
        bank=Bank(FAILS_ONE_IN),
        goods=Goods("大米", "袋", 60, 1, 0, 1),
        published=(),
    )


@dataclass
class Year:
    """A district's year, lived through by a client.

    Args:
        folder: where the services live, and the bank's books below it.
    """

    client: Any
    folder: Path
    size: Size
    persons: dict[str, str] = field(default_factory=dict)
    granted: dict[str, tuple[Household, int]] = field(default_factory=dict)
    """For each grant the household and the amount in fen."""
    hired: list[list[str]] = field(default_factory=list)
    """For each portion of the households, who is hired beside it."""
    reversed_fen: int = 0

    def __post_init__(self) -> None:
        self.population = Population(plan_of(self.size))
        self.households = list(self.population.households())
        self.treasury = Treasury(self.client, self.folder)

    @property
    def books(self) -> Path:
        return books_of(self.folder)

    def prepare(self, caller: Any) -> None:
        """Parameters, the tree, budgets, campaigns and who is going to be hired, before any fault."""
        found_district(caller)
        portions = len(list(in_portions(self.households, self.size.portion)))
        people = [staff(NEW_STAFF + number) for number in range(portions * HIRED_BESIDE)]
        found = caller.membership.identify_persons(
            persons=[
                {"identity_number": str(each.identity_number), "name": str(each.name)} for each in people
            ]
        )
        self.hired = [
            [each["person_id"] for each in found[start : start + HIRED_BESIDE]]
            for start in range(0, len(found), HIRED_BESIDE)
        ]
        accepted(caller.assistance.set_parameter_many, shipped(ALL))
        for number, town in enumerate(self.population.towns):
            caller.membership.found_organisation(
                organisation_id=town.organisation_id,
                parent_id=FEDERATION,
                name=town.name,
                kind="basic_union_federation",
                level=5,
                founded_on="2003-05-01",
                basis=f"门工组〔2003〕{number}号",
            )
        calm: Any = SimpleNamespace(approver=caller)
        relief.allocate_and_open(calm, self.population)

    def live(self) -> None:
        """The whole year."""
        for number, portion in enumerate(in_portions(self.households, self.size.portion)):
            self._join_and_hire(number, portion)
            relief.put_on_file(self.client, portion, self.persons, lambda _: None)
            grants = [
                grant
                for campaign in self.population.plan.campaigns
                for grant in self._grant(campaign, portion)
            ]
            paid = self.treasury.pay(grants, "2015-02-10", fails_one_in=FAILS_ONE_IN)
            self.treasury.pay(list(paid.failed), "2015-02-16", attempt=2)
        grant_id, (household, amount_fen) = next(iter(self.granted.items()))
        self.treasury.take_back(grant_id, household.town_id, amount_fen, "2015-03-10")
        self.reversed_fen = amount_fen

    def _join_and_hire(self, number: int, portion: list[Household]) -> None:
        self.persons |= relief.identify(self.client, portion)
        joining = [
            typed(join(each.applicant.somebody, "", "", union_of(each.number)), "person_id", "member_id")
            for each in portion
        ]
        accepted(self.client.clerk.membership.join_member_many, joining)
        hired = {"hiring_kind": "graduate", "basis": "门工录〔2009〕1号", "hired_on": "2009-09-01"}
        accepted(
            self.client.personnel.staffing.hire_worker_many,
            [{"person_id": each, **hired} for each in self.hired[number]],
        )

    def _grant(self, campaign: Campaign, portion: list[Household]) -> list[str]:
        proposals = [
            each | {"person_id": self.persons[household.applicant.somebody.identity_number]}
            for each, household in zip(relief.helped(campaign, portion), portion, strict=True)
        ]
        amount_fen = campaign.amount_yuan * relief.FEN_A_YUAN
        for each, household in zip(proposals, portion, strict=True):
            self.granted[each["grant_id"]] = household, amount_fen
        return relief.propose_and_approve(self.client, proposals, "2015-01-26", "2015-01-28")
