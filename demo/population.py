"""Who lives in the district: members of unions, households in hardship, children at school, and the staff.

Generated from the plan; nothing is random, and no number belongs to anybody.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from demo.people import Person, identity_number, person
from demo.plan import Plan
from services.assistance.events.file import EducationStage
from shared.standards.bank_card import BankCardNumber
from shared.standards.identity_number import IdentityNumber
from shared.standards.person_name import PersonName

FEDERATION = "federation"
YOUNGEST_BORN_ON = date(1997, 12, 31)
"""Who was born later is not among the generated members: nobody joins before 16."""
FIRST_SPOUSE, FIRST_STAFF = 600_000, 700_000
"""From which index on people are neither members nor children."""
CHILD_BORN_FROM: dict[EducationStage, date] = {
    "preschool": date(2010, 1, 1),
    "primary": date(2005, 1, 1),
    "junior_secondary": date(2001, 1, 1),
    "senior_secondary": date(1998, 1, 1),
    "bachelor": date(1995, 1, 1),
}
CHILD_SEQUENCE = 500
"""Sequences of children's numbers begin here, those of other people below."""


@dataclass(frozen=True, slots=True)
class Union:
    """An organisation of the plan, with the one above it."""

    organisation_id: str
    name: str
    parent_id: str


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One line of the roster."""

    somebody: Person
    union: Union
    joined_on: date


@dataclass(frozen=True, slots=True)
class Child:
    """A child at school, whom the roster does not know."""

    identity_number: IdentityNumber
    name: PersonName
    stage: EducationStage


@dataclass(frozen=True, slots=True)
class Household:
    """A household in hardship: a member of a union, a spouse, and perhaps a child.

    Args:
        town_id: whose federation keeps the file.
    """

    number: int
    applicant: MemberRow
    spouse: Person
    child: Child | None
    account: BankCardNumber

    @property
    def file_id(self) -> str:
        return f"household-{self.number:04}"

    @property
    def town_id(self) -> str:
        return self.applicant.union.parent_id


class Population:
    """Everybody whom the plan speaks of."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    @cached_property
    def towns(self) -> list[Union]:
        return [
            Union(f"town-{number:02}", f"{town}工会联合会", FEDERATION)
            for number, town in enumerate(self.plan.district.towns, 1)
        ]

    @cached_property
    def unions(self) -> list[Union]:
        """The basic unions, one town after the other in turn."""
        return [
            Union(f"{town.organisation_id}-{number:02}", f"{name}第{number}基层工会", town.organisation_id)
            for number in range(1, self.plan.district.unions_per_town + 1)
            for name, town in zip(self.plan.district.towns, self.towns, strict=True)
        ]

    def roster(self) -> Iterator[MemberRow]:
        """The members: those who joined before the year first, then those who joined within it."""
        people = (
            each for index in range(FIRST_SPOUSE) if (each := person(index)).born_on <= YOUNGEST_BORN_ON
        )
        year = self.plan.district.year
        for number in range(self.plan.members.earlier + self.plan.members.joined):
            somebody = next(people)
            if number < self.plan.members.earlier:
                grown = date(somebody.born_on.year + 17, 1, 1)
                joined_on = max(date(2005, 1, 1) + timedelta(days=number * 37 % 3_600), grown)
                joined_on = min(joined_on, date(year - 1, 12, 31))
            else:
                joined_on = date(year, 1, 5) + timedelta(days=number % 340)
            yield MemberRow(somebody, self.unions[number % len(self.unions)], joined_on)

    def households(self) -> Iterator[Household]:
        """The households on file: those of the first members of the roster."""
        stages = self.plan.households.stages()
        for number, applicant in zip(range(self.plan.households.on_file), self.roster(), strict=False):
            child = _child(number, stages[number]) if number < len(stages) else None
            yield Household(number + 1, applicant, person(FIRST_SPOUSE + number), child, _account(number))


def staff(number: int) -> Person:
    """One of the district's own people."""
    return person(FIRST_STAFF + number)


def _child(number: int, stage: EducationStage) -> Child:
    days, round_ = number % 300, number // 300
    born_on = CHILD_BORN_FROM[stage] + timedelta(days=days)
    sequence = CHILD_SEQUENCE + 2 * round_ + number % 2
    return Child(identity_number(born_on, sequence), person(number).name, stage)


def _account(number: int) -> BankCardNumber:
    first = f"621700{number:012}"
    return next(card for digit in range(10) if (card := BankCardNumber(f"{first}{digit}")).check_digit_holds)
