"""The plan of the demonstration's year, as the file tells it."""

import tomllib
from pathlib import Path
from typing import Literal

import msgspec

from services.assistance.events.campaign import Programme
from services.assistance.events.file import EducationStage

PLAN = Path(__file__).with_name("plan.toml")


class District(msgspec.Struct, frozen=True):
    """The federation, and the federations of its streets and towns below it."""

    name: str
    year: int
    towns: tuple[str, ...]
    unions_per_town: int


class Members(msgspec.Struct, frozen=True):
    """How many joined before the year, and within it."""

    earlier: int
    joined: int


class Households(msgspec.Struct, frozen=True):
    """How many households are on file, and how many of them have a child at each stage."""

    on_file: int
    preschool: int
    primary: int
    junior_secondary: int
    senior_secondary: int
    bachelor: int

    def stages(self) -> list[EducationStage]:
        """The stage of each child, one a household from the first on."""
        counted: tuple[tuple[EducationStage, int], ...] = (
            ("preschool", self.preschool),
            ("primary", self.primary),
            ("junior_secondary", self.junior_secondary),
            ("senior_secondary", self.senior_secondary),
            ("bachelor", self.bachelor),
        )
        return [stage for stage, count in counted for _ in range(count)]


class Campaign(msgspec.Struct, frozen=True):
    """One amount for each of so many households."""

    id: str
    name: str
    programme: Programme
    amount_yuan: int
    households: int


class StudentAid(msgspec.Struct, frozen=True):
    """A school year's aid, for every child on file."""

    id: str
    name: str


class Bank(msgspec.Struct, frozen=True):
    """Of every ``fails_one_in`` lines the bank turns one back."""

    fails_one_in: int


class Goods(msgspec.Struct, frozen=True):
    """Packages that came in, and of which each of some households signs for ``each``."""

    name: str
    unit: str
    value_yuan: int
    received: int
    households: int
    each: int


class Published(msgspec.Struct, frozen=True):
    """A figure that was published, and the indicator that must come to it. Money is in fen."""

    zh: str
    figure: str
    value: int
    precision: Literal["exact", "at_least"] = "exact"
    money: bool = False

    def agrees(self, counted: int | None) -> bool:
        """Whether a counted value is what was published; 5万余 stands for [50,000, 60,000)."""
        if counted is None:
            return False
        if self.precision == "exact":
            return counted == self.value
        unit: int = 10 ** (len(str(self.value)) - 1)
        return self.value <= counted < self.value + unit


class Plan(msgspec.Struct, frozen=True):
    """The whole year."""

    district: District
    members: Members
    households: Households
    campaigns: tuple[Campaign, ...]
    student_aid: StudentAid
    bank: Bank
    goods: Goods
    published: tuple[Published, ...]


def read_plan(file: Path = PLAN) -> Plan:
    """The plan in a file. Raises msgspec.ValidationError for one that says what no plan says."""
    return msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), Plan)
