"""Membership's interface as a clerk's import meets it: a district with two unions, on a store of its own."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from demo.district import FEDERATION, FEDERATION_NAME, UNIONS, organisations, parameters
from demo.people import person
from demo.typed import typed
from services.membership.service import MembershipService
from shared.projections.following import ProjectionFollower
from shared.runtime.house import House
from shared.runtime.local import Local
from shared.runtime.opening import make_master_key, prepare
from shared.runtime.settings import embedded_settings
from shared.runtime.together import open_prepared
from tests.runtime.suite import token_of

MACHINERY, HOSPITAL = list(UNIONS.values())[:2]
MACHINERY_ID = next(iter(UNIONS))
Rows = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Office:
    """Membership with its district, and a clerk who calls it.

    Args:
        folder: where its keys lie.
    """

    house: House
    folder: Path

    def call(self, method: str, *, scope: str | None = None, **arguments: Any) -> Any:
        """What the interface answers a clerk, after projections have followed as a worker has them."""
        self.follow()
        token = token_of(self.folder, "clerk", "administrator", scope=scope)
        return Local(MembershipService, self.house, token).call(method, **arguments)

    def follow(self) -> None:
        for projection in MembershipService.projections:
            if projection.source == "membership":
                follower = ProjectionFollower(self.house.store, self.house.log, projection)
                while follower.step():
                    pass

    def members(self, rows: Rows, **arguments: Any) -> list[dict[str, Any]]:
        answers: list[dict[str, Any]] = self.call("import_members", rows=rows, **arguments)
        return answers

    def organisations(self, rows: Rows, **arguments: Any) -> list[dict[str, Any]]:
        answers: list[dict[str, Any]] = self.call("import_organisations", rows=rows, **arguments)
        return answers

    @property
    def position(self) -> int:
        return self.house.log.head().position


def open_office(store_url: str, folder: Path) -> Office:
    settings = replace(embedded_settings("membership", folder), database_url=store_url)
    make_master_key(settings.master_key_file)
    token_of(folder)
    prepare(settings, MembershipService.language)
    office = Office(open_prepared(MembershipService, settings, 4), folder)
    for method, commands in (
        ("set_parameter_many", parameters()),
        ("found_organisation_many", organisations()),
    ):
        office.call(method, rows=[typed(each) for each in commands])
    return office


def row_of(index: int, **changes: str) -> dict[str, str]:
    """The roster's row of the person with an index, as a clerk types it; blank changes leave cells out."""
    someone = person(index)
    row = {
        "name": str(someone.name),
        "identity_number": str(someone.identity_number),
        "mobile": str(someone.mobile),
        "employment_status": "在岗",
        "occupation_group": "无",
        "migrant_worker": "否",
        "organisation": MACHINERY,
        "joined_on": "2024-03-01",
        "consent_version": "2024-1",
    }
    return {name: text for name, text in (row | changes).items() if text}


def union_row(name: str, **changes: str) -> dict[str, str]:
    """The row of a basic union under the district's federation."""
    row = {
        "name": name,
        "kind": "基层工会",
        "level": "7",
        "parent": FEDERATION_NAME,
        "founded_on": "2010-05-01",
        "basis": "门工组〔2010〕1号",
    }
    return {field: text for field, text in (row | changes).items() if text}


def words(answers: list[dict[str, Any]]) -> list[str]:
    """What became of each row: a word, or why it was refused and about which column."""
    return [
        each["row"] if each["row"] != "refused" else " ".join(sorted(reasons(each["refused"])))
        for each in answers
    ]


def reasons(refused: dict[str, Any]) -> list[str]:
    told = refused.get("problems") or [refused]
    return [f"{each['code']}@{each['field']}" for each in told]


__all__ = ["FEDERATION", "HOSPITAL", "MACHINERY", "MACHINERY_ID", "Office", "open_office", "row_of", "words"]
