"""What a call touches is found by look-ups, and an answer tells of nothing outside its caller's subtree."""

import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, Table, Text, create_engine, func, select

from services.staffing.projections.postings import assignments_table, service_stations, stations_table
from services.staffing.service import (
    StaffingService,
    organisation_of_grant,
    organisation_of_posting,
    organisation_of_station,
)
from shared.log.store import Store
from shared.projections import checkpoints, waiting
from shared.runtime import scopes
from shared.runtime.access import ANYWHERE
from shared.runtime.access_feeds import organisation_parents_table
from shared.runtime.calls import RefusedCall
from shared.runtime.house import House
from shared.runtime.local import Local
from shared.runtime.methods import Declared, operation, query
from shared.runtime.schemas import json_schema_of
from shared.runtime.scopes import EVERYTHING, SUBTREE, Reach
from shared.runtime.settings import embedded_settings
from shared.runtime.together import open_prepared
from tests.runtime.suite import token_of

ABOVE = {"federation": None, "town": "federation", "union": "town", "other": "federation"}
DAY = date(2024, 1, 1)

facts = Table("counted_facts", MetaData(), Column("organisation_id", Text))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Staffing with a small district, a station in the town and somebody assigned to the other union."""
    folder: Path = tmp_path_factory.mktemp("scopes")
    house = open_prepared(StaffingService, embedded_settings("staffing", folder), connections=4)
    with house.store.write() as connection:
        for organisation_id, parent_id in ABOVE.items():
            connection.execute(
                organisation_parents_table.insert().values(
                    organisation_id=organisation_id, parent_id=parent_id
                )
            )
        for station_id, organisation_id in (("in-town", "town"), ("elsewhere", "other")):
            connection.execute(
                stations_table.insert().values(
                    station_id=station_id, organisation_id=organisation_id, name=station_id, opened_on=DAY
                )
            )
        connection.execute(
            assignments_table.insert().values(
                assignment_id="first",
                person_id="fang",
                organisation_id="other",
                posting_level="grassroots",
                begins_on=DAY,
            )
        )
        # Nothing follows here: the rows above stand for all that was recorded.
        for name in ("service_stations", "assignments"):
            checkpoints.move(connection, name, 1)
    yield house
    house.close()


def caller(house: House, role: str, scope: str | None) -> Local:
    return Local(StaffingService, house, token_of(house.settings.folder, role, scope=scope))


def code_of(caller: Local, method: str, **given: Any) -> str:
    try:
        caller.call(method, **given)
    except RefusedCall as refused:
        return refused.code
    return "accepted"


# look-ups


def test_many_rows_are_looked_up_together_and_what_is_unknown_belongs_to_nobody(house: House) -> None:
    rows = [{"station_id": each} for each in ("in-town", "nowhere", None, "elsewhere", "in-town")]

    assert organisation_of_station(house, rows) == ["town", None, None, "other", "town"]


def test_a_posting_touches_its_stations_organisation_or_the_one_it_names(house: House) -> None:
    rows = [
        {"station_id": "in-town", "organisation_id": None},
        {"station_id": None, "organisation_id": "federation"},
    ]

    assert organisation_of_posting(house, rows) == ["town", "federation"]


def test_a_grant_touches_its_assignments_organisation_unless_it_names_one(house: House) -> None:
    rows: list[dict[str, Any]] = [
        {"assignment_id": "first", "organisation_id": None},
        {"assignment_id": "first", "organisation_id": "town"},
        {"assignment_id": None, "organisation_id": None},
    ]

    assert organisation_of_grant(house, rows) == ["other", "town", None]


def test_a_command_that_names_no_organisation_is_held_to_the_one_that_was_looked_up(house: House) -> None:
    posting = {"person_id": "li", "basis": "1", "begins_on": "2024-01-01"}
    of_town = caller(house, "personnel", "town")

    codes = {
        station: code_of(of_town, "assign_worker", station_id=station, **posting)
        for station in ("in-town", "elsewhere", "nowhere")
    }

    assert codes == {
        "in-town": "assignment.station_unknown",  # by the rule: the log itself holds no station here
        "elsewhere": "access.scope",
        "nowhere": "access.scope",
    }
    assert code_of(caller(house, "personnel", None), "assign_worker", station_id="nowhere", **posting) == (
        "assignment.station_unknown"
    )


def test_each_of_many_rows_is_held_to_its_own_organisation(house: House) -> None:
    rows = [
        {"person_id": "li", "basis": "1", "begins_on": "2024-01-01", "station_id": station}
        for station in ("elsewhere", "in-town")
    ]

    answers = caller(house, "personnel", "town").call("assign_worker_many", rows=rows)

    assert [each["refused"]["code"] for each in answers] == ["access.scope", "assignment.station_unknown"]


def test_what_was_recorded_a_moment_ago_is_waited_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[int] = []

    def arrive(store: Store, name: str, position: int, seconds_max: float) -> None:
        waited.append(position)
        with store.write() as connection:
            connection.execute(
                stations_table.insert().values(
                    station_id="new", organisation_id="union", name="new", opened_on=DAY
                )
            )

    monkeypatch.setattr(waiting, "wait_for", arrive)

    assert organisation_of_station(house, [{"station_id": "new"}, {"station_id": "in-town"}]) == [
        "union",
        "town",
    ]
    assert waited == [house.log.head().position]


def test_a_look_up_has_a_name_for_contracts() -> None:
    declared: Declared = StaffingService.assign_worker.declared  # type: ignore[attr-defined]

    assert declared.scope_name == "organisation_of_posting"
    assert scopes.organisation_of(service_stations, "station_id").__name__ == "organisation_of_station"


# queries


@pytest.mark.parametrize(
    ("scope", "asked", "told"),
    [
        (None, None, ["elsewhere", "in-town"]),
        ("federation", None, ["elsewhere", "in-town"]),
        ("town", None, ["in-town"]),
        ("union", None, []),
        (None, "town", ["in-town"]),
        ("federation", "other", ["elsewhere"]),
        ("town", "other", "access.scope"),
        ("town", "federation", "access.scope"),
    ],
)
def test_a_query_tells_of_its_callers_subtree_only_and_of_less_where_asked(
    house: House, scope: str | None, asked: str | None, told: list[str] | str
) -> None:
    given = {} if asked is None else {"organisation_id": asked}
    try:
        answer = caller(house, "personnel", scope).call("stations", **given)["answer"]
        found: list[str] | str = [row["station_id"] for row in answer if row["station_id"] != "new"]
    except RefusedCall as refused:
        found = refused.code

    assert found == told


def test_a_caller_cannot_say_how_far_they_see(house: House) -> None:
    declared: Declared = StaffingService.stations.declared  # type: ignore[attr-defined]

    assert "reach" not in json_schema_of(declared.accepts)["properties"]
    assert code_of(caller(house, "personnel", "town"), "stations", reach={"roots": None}) == "input.invalid"


def test_a_query_with_the_scope_of_a_subtree_has_to_heed_it() -> None:
    def heedless(connection: Any) -> list[Any]:
        return [connection]

    def heeding(connection: Any, *, reach: Reach) -> list[Any]:
        return [connection, reach]

    with pytest.raises(ValueError, match="must take a reach"):
        query(heedless, role="auditor", scope=SUBTREE, reads=())
    with pytest.raises(ValueError, match="must take a reach"):
        query(heeding, role="auditor", scope=ANYWHERE, reads=())


def test_nothing_but_a_query_can_answer_for_a_part() -> None:
    def run(call: Any) -> Any:
        return call

    with pytest.raises((ValueError, RuntimeError)):
        type("Wrong", (), {"run": operation(run, role="auditor", scope=SUBTREE)})


TREES = st.lists(st.integers(-1, 8), min_size=1, max_size=9)


@settings(deadline=None, max_examples=60)
@given(TREES, st.sets(st.integers(0, 8), max_size=3))
def test_a_reach_holds_for_exactly_the_organisations_below_its_roots(
    parents: list[int], roots: set[int]
) -> None:
    """In any forest: each organisation stands under an earlier one, or under none."""
    above = {str(n): str(p) if 0 <= p < n else None for n, p in enumerate(parents)}
    engine = create_engine("sqlite://")
    reach = Reach(frozenset(map(str, roots)))
    with engine.begin() as connection:
        organisation_parents_table.create(connection)
        facts.create(connection)
        for organisation_id, parent_id in above.items():
            connection.execute(organisation_parents_table.insert().values((organisation_id, parent_id)))
            connection.execute(facts.insert().values((organisation_id,)))
        found = select(facts.c.organisation_id)
        column = facts.c.organisation_id
        told = {row[0] for row in connection.execute(found.where(reach.holds(column)))}
        everything = {row[0] for row in connection.execute(found.where(EVERYTHING.holds(column)))}

    def is_within(organisation_id: str | None) -> bool:
        while organisation_id is not None:
            if organisation_id in (reach.roots or ()):
                return True
            organisation_id = above[organisation_id]
        return False

    assert told == {each for each in above if is_within(each)}
    assert everything == above.keys()


ORGANISATIONS = 30_000
SECONDS_MAX = 2.0


def test_a_subtree_of_tens_of_thousands_is_counted_at_once(store_url: str) -> None:
    store = Store(store_url)
    names = ["root", *(f"organisation-{number}" for number in range(1, ORGANISATIONS))]
    rows = [
        {"organisation_id": name, "parent_id": None if number == 0 else names[(number - 1) // 12]}
        for number, name in enumerate(names)
    ]
    with store.write() as connection:
        organisation_parents_table.create(connection)
        facts.create(connection)
        connection.execute(organisation_parents_table.insert(), rows)
        connection.execute(facts.insert(), [{"organisation_id": name} for name in names])
    begun = time.monotonic()
    with store.read() as connection:
        count = select(func.count()).select_from(facts)
        whole, part = (
            connection.execute(
                count.where(Reach(frozenset({root})).holds(facts.c.organisation_id))
            ).scalar_one()
            for root in ("root", "organisation-5")
        )
    seconds = time.monotonic() - begun
    store.close()

    assert whole == ORGANISATIONS
    assert 1_000 < part < ORGANISATIONS / 5
    assert seconds < SECONDS_MAX
