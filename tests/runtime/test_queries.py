"""Who asks sees what they themselves recorded, and every answer says how far it knows."""

import time
from collections.abc import Iterator
from threading import BoundedSemaphore
from typing import Any

import eventlet
import pytest

from demo.district import COURIERS, join, organisations, parameters
from demo.people import person
from demo.typed import typed
from services.reporting.projections.memberships import memberships
from services.reporting.service import ReportingService
from shared.projections.tables import parked
from shared.runtime import past, reading
from shared.runtime.calls import RefusedCall
from shared.runtime.house import House
from shared.runtime.together import Together
from tests.runtime.suite import calling

POSITION_FAR_AWAY = 1_000_000


def told_by(answer: dict[str, Any]) -> dict[str, Any]:
    """What an answer told that a query may be asked for."""
    return {name: answer[name] for name in ("source", "epoch", "position")}


@pytest.fixture(scope="module")
def union(caller: Any) -> str:
    """A basic union to join, and the rules' parameters."""
    rows = [typed(each) for each in parameters()]
    assert not any("refused" in each for each in caller.membership.set_parameter_many(rows=rows))
    rows = [typed(each) for each in organisations()]
    assert not any("refused" in each for each in caller.membership.found_organisation_many(rows=rows))
    return COURIERS


@pytest.fixture(scope="module")
def joined(caller: Any, union: str) -> dict[str, Any]:
    """What the first member's joining was answered."""
    return join_index(caller, union, 0)


def join_index(caller: Any, union: str, index: int) -> dict[str, Any]:
    given = typed(join(person(index), "", "", union), "person_id", "member_id")
    answer: dict[str, Any] = caller.membership.join_member(**given)
    return answer


@pytest.fixture
def house(suite: Together) -> House:
    return suite.houses[ReportingService]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Queries wait for a moment only."""
    monkeypatch.setattr(reading, "WAIT_SECONDS_MAX", 0.2)
    yield
    monkeypatch.undo()


def refusal_of(caller: Any, at_least: dict[str, Any]) -> RefusedCall:
    with pytest.raises(RefusedCall) as refused:
        caller.reporting.member_count(at_least=at_least)
    return refused.value


def test_who_would_be_one_too_many_to_wait_is_told_at_once(
    caller: Any, joined: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "WAITING", BoundedSemaphore(1))
    told = told_by(joined)
    caller.reporting.member_count(at_least=told)

    with reading.WAITING:
        started = time.monotonic()
        refused = refusal_of(caller, told | {"position": POSITION_FAR_AWAY})
        assert refused.code == reading.NOT_YET.code
        assert time.monotonic() - started < reading.WAIT_SECONDS_MAX / 2
        assert caller.reporting.member_count(at_least=told)["answer"]["members"]


def test_only_two_answers_as_of_a_moment_are_made_at_a_time(
    caller: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"from_on": "2024-01-01", "to_on": "2024-12-31", "moment": "2024-06-30T18:00:00+08:00"}
    with past.AT_ONCE, past.AT_ONCE:
        with pytest.raises(RefusedCall) as refused:
            caller.reporting.figures_as_of(**asked)
        assert refused.value.code == past.BUSY.code

    assert caller.reporting.figures_as_of(**asked)["answer"]


def test_who_joined_is_counted_by_a_query_that_is_asked_to_know_it(caller: Any, union: str) -> None:
    before = caller.reporting.member_count()["answer"]["members"]
    for index in range(100, 105):
        before += 1
        answer = join_index(caller, union, index)

        counted = caller.reporting.member_count(at_least=told_by(answer))

        assert counted["answer"]["members"] >= before
        assert counted["known"]["membership"] >= answer["position"]
        assert counted["complete"] is True


def test_a_caller_who_finds_a_lost_answer_learns_the_same_of_where_it_stands(
    caller: Any, joined: dict[str, Any]
) -> None:
    found = caller.membership.find_command(command_id=joined["command_id"])

    assert told_by(found) == told_by(joined)
    assert told_by(joined)["source"] == "membership"
    assert told_by(joined)["epoch"] == 1


def test_every_query_says_how_far_it_knows_also_where_nothing_is_asked(
    caller: Any, joined: dict[str, Any]
) -> None:
    caller.reporting.member_count(at_least=told_by(joined))

    answer = caller.reporting.member_count(organisation_id=COURIERS)

    assert answer.keys() == {"answer", "known", "complete"}
    assert answer["known"]["membership"] >= joined["position"]


@pytest.mark.usefixtures("impatient")
def test_what_is_not_known_in_time_is_refused(caller: Any, joined: dict[str, Any]) -> None:
    refused = refusal_of(caller, told_by(joined) | {"position": POSITION_FAR_AWAY})

    assert (refused.code, refused.field) == ("query.not_yet", "at_least")
    assert str(POSITION_FAR_AWAY) in refused.zh
    assert str(POSITION_FAR_AWAY) in refused.en


def test_a_position_of_another_epoch_is_refused_at_once(caller: Any, joined: dict[str, Any]) -> None:
    """It may have been lost with what the copy did not hold, and another event stand in its place."""
    caller.reporting.member_count(at_least=told_by(joined))

    for other in ({"epoch": 2}, {"epoch": 0}, {"epoch": 0, "position": POSITION_FAR_AWAY}):
        assert refusal_of(caller, told_by(joined) | other).code == "query.other_epoch"


def test_a_source_that_the_query_does_not_read_is_refused(caller: Any, joined: dict[str, Any]) -> None:
    refused = refusal_of(caller, told_by(joined) | {"source": "staffing"})

    assert refused.code == "query.source_not_read"
    assert "membership" in refused.en
    assert refusal_of(caller, {"source": "membership"}).code == "input.invalid"


def test_a_query_that_waits_holds_no_connection(
    caller: Any, house: House, joined: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "WAIT_SECONDS_MAX", 1.0)
    far_away = told_by(joined) | {"position": POSITION_FAR_AWAY}

    def ask(_: int) -> str:
        with calling(house.settings.bus_url, house.settings.folder) as proxy:
            return refusal_of(proxy, far_away).code

    waiting = [eventlet.spawn(ask, number) for number in range(8)]
    eventlet.sleep(0.3)
    held = []
    for _ in range(30):
        held.append(house.store.engine.pool.checkedout())  # type: ignore[attr-defined]
        eventlet.sleep(0.01)

    assert min(held) == 0
    assert {each.wait() for each in waiting} == {"query.not_yet"}


def test_a_projection_with_a_parked_event_reports_itself_incomplete(caller: Any, house: House) -> None:
    with house.store.write() as connection:
        connection.execute(
            parked.insert().values(
                subscription="memberships", source="membership", position=1, stream="member/x",
                reason="KeyError", tries=1, parked_at="",
            )
        )  # fmt: skip

    incomplete = caller.reporting.member_count()
    with house.store.write() as connection:
        connection.execute(parked.delete())

    assert incomplete["complete"] is False
    assert caller.reporting.member_count()["complete"] is True


def test_a_projection_made_by_other_functions_reports_itself_incomplete(
    caller: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memberships, "version", memberships.version + 1)

    incomplete = caller.reporting.member_count()
    monkeypatch.undo()

    assert incomplete["complete"] is False
    assert caller.reporting.member_count()["complete"] is True
