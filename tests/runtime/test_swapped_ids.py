"""Somebody who names their own organisation reaches nothing that belongs to another (faults.md, S-04)."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from demo.people import person
from shared.projections import waiting
from shared.runtime.access_feeds import organisation_parents_table
from shared.runtime.calls import RefusedCall
from shared.runtime.finding import methods_of, service_class
from shared.runtime.house import House
from shared.runtime.local import Local
from shared.runtime.methods import Declared
from shared.runtime.scopes import ORGANISATION
from shared.runtime.settings import embedded_settings
from shared.runtime.together import open_prepared
from tests.assistance.town import DISTRICT, FACTORY
from tests.audit.district import live
from tests.runtime.suite import token_of
from tests.runtime.test_access import arguments

OWN = "outsider"
TREE = {DISTRICT: None, FACTORY: DISTRICT, OWN: DISTRICT}

THEIRS = {
    "file_id": "file-1",
    "budget_id": "winter",
    "campaign_id": "winter",
    "grant_id": "grant-1",
    "grant_ids": ["grant-1"],
    "item_id": "rice",
    "issue_id": "rice-4",
    "batch_id": "first",
    "member_id": "member-1",
}
"""What stands in the factory or at the district."""
PERSON = "person-1"


def methods(service: str) -> list[tuple[str, Declared]]:
    """Those that name an organisation and something of it."""
    return [
        (name, declared)
        for name, declared in sorted(methods_of(service_class(service)).items())
        if declared.scope == ORGANISATION and THEIRS.keys() & declared.accepts.__dataclass_fields__.keys()
    ]


METHODS = [(service, *each) for service in ("assistance", "membership") for each in methods(service)]


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, House]]:
    """Assistance with a season of payments and membership with a member, both of others."""
    folder = tmp_path_factory.mktemp("swapped")
    live(folder)
    with ExitStack() as closing:
        opened = {}
        for name in ("assistance", "membership"):
            house = open_prepared(service_class(name), embedded_settings(name, folder), connections=4)
            closing.callback(house.close)
            with house.store.write() as connection:
                for organisation_id, parent_id in TREE.items():
                    connection.execute(
                        organisation_parents_table.insert().values(
                            organisation_id=organisation_id, parent_id=parent_id
                        )
                    )
            opened[name] = house
        found_member(Local(service_class("membership"), opened["membership"], token_of(folder)))
        yield opened


def found_member(everyone: Local) -> None:
    federation = {"kind": "federation", "level": 4, "founded_on": "2001-01-01", "basis": "1"}
    union = federation | {"kind": "basic_union", "level": 7, "parent_id": DISTRICT}
    everyone.call("found_organisation", organisation_id=DISTRICT, name="区总", **federation)
    for each in (FACTORY, OWN):
        everyone.call("found_organisation", organisation_id=each, name=each, **union)
    everyone.call(
        "set_parameter",
        key="member.joining_age_years",
        value=16,
        unit="years",
        region="CN",
        effective_from="1995-01-01",
        document_no="1",
        sureness="sample",
    )
    everyone.call(
        "join_member",
        organisation_id=FACTORY,
        member_id=THEIRS["member_id"],
        identity_number=str(person(1).identity_number),
        name=str(person(1).name),
        mobile=str(person(1).mobile),
        employment_status="on_post",
        occupation_group="none",
        migrant_worker=False,
        consent_version="1",
        joined_on="2020-01-01",
    )


def swapped(declared: Declared) -> dict[str, Any]:
    """The arguments of a call about one's own organisation with all other ids from another's."""
    given = arguments(declared, OWN)
    known = declared.accepts.__dataclass_fields__.keys()
    theirs = {name: each for name, each in THEIRS.items() if name in known}
    theirs |= {"person_id": PERSON} if "person_id" in known else {}
    if declared.kind == "commands":
        return {"rows": [given["rows"][0] | theirs]}
    return given | theirs


@pytest.mark.parametrize(("service", "method", "declared"), METHODS)
def test_anothers_ids_under_ones_own_organisation_are_refused_or_find_nothing(
    houses: dict[str, House],
    service: str,
    method: str,
    declared: Declared,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(waiting, "AWAITED_SECONDS_MAX", 0)
    house = houses[service]
    outsider = Local(service_class(service), house, token_of(house.settings.folder, scope=OWN))
    before = house.log.head().position

    told = answer_of(outsider, method, swapped(declared))

    if "answer" in told:
        assert not told["answer"], told
    else:
        assert told["refused"]["code"] not in ("input.invalid", "internal", "access.scope"), told
    assert house.log.head().position == before


def answer_of(caller: Local, method: str, given: dict[str, Any]) -> dict[str, Any]:
    """What is answered to a call, or to its only row."""
    try:
        answer = caller.call(method, **given)
    except RefusedCall as refused:
        return {"refused": refused.as_plain()}
    if answer is None:
        return {"answer": None}
    return dict(answer[0] if isinstance(answer, list) else answer)


def test_what_is_swapped_in_is_there(houses: dict[str, House]) -> None:
    streams = {
        each.stream.partition("/")[2]
        for house in houses.values()
        for each in house.log.read(0, house.log.head().position)
    }

    assert {each for each in THEIRS.values() if isinstance(each, str)} <= streams
