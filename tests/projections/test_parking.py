"""Poison: an event that cannot be applied waits with the later ones of its stream; all others go on."""

import random

import pytest

from shared.log.store import Store
from shared.projections import parking
from shared.projections.following import ProjectionFollower, standing
from shared.projections.parking import WAITS, Parked
from shared.projections.rebuilding import rebuild
from tests.log.fund import Added, Noted
from tests.projections.balances import BIGGEST_FEN, balances, expected, prepared, rows_of
from tests.projections.told import Told

TOO_MUCH_FEN = 10 * BIGGEST_FEN
"""More than an integer column holds."""


def parked(store: Store) -> list[Parked]:
    with store.read() as connection:
        return parking.list_parked(connection)


def followed(store: Store, told: Told, refuses_notes: bool = True) -> None:
    projection = balances(refuses_notes=refuses_notes)
    prepared(store, projection)
    follower = ProjectionFollower(store, told, projection)
    while follower.step():
        pass


def test_a_poison_event_parks_its_stream_waits_and_the_others_go_on(store: Store) -> None:
    told = Told().tell(
        Added(fund_id="a", amount_fen=1),
        Noted(fund_id="a", text="poison"),
        Added(fund_id="b", amount_fen=1),
        Added(fund_id="a", amount_fen=1),
    )
    followed(store, told)

    assert [(each.position, each.stream, each.reason) for each in parked(store)] == [
        (2, "fund/a", "ZeroDivisionError"),
        (4, "fund/a", WAITS),
    ]
    assert rows_of(store, balances()) == expected([told.events[0], told.events[2]])


def test_an_event_that_comes_after_its_stream_was_parked_waits_too(store: Store) -> None:
    told = Told().tell(Noted(fund_id="a", text="poison"))
    followed(store, told)
    told.tell(Added(fund_id="a", amount_fen=1), Added(fund_id="b", amount_fen=1))
    followed(store, told)

    assert [each.reason for each in parked(store)] == ["ZeroDivisionError", WAITS]
    assert rows_of(store, balances()) == expected(told.events[2:])


def test_what_came_before_an_event_that_cannot_be_read_is_applied(store: Store) -> None:
    told = Told().tell(Added(fund_id="a", amount_fen=1))
    told.tell_stored("Added", {"fund_id": "a"}, "fund/a")
    followed(store, told)

    assert [(each.position, each.reason) for each in parked(store)] == [(2, "UnknownShape")]
    assert rows_of(store, balances()) == expected(told.events[:1])


def test_an_event_of_a_schema_yet_to_come_is_parked(store: Store) -> None:
    told = Told().tell_stored("Added", {"fund_id": "a", "amount_fen": 1}, "fund/a", schema=2)
    followed(store, told)

    assert [each.reason for each in parked(store)] == ["UnknownType"]


def test_a_row_that_the_store_refuses_parks_the_event_that_made_it_and_no_other(store: Store) -> None:
    told = Told()
    for number in range(50):
        told.tell(Added(fund_id=str(number), amount_fen=TOO_MUCH_FEN**2 if number == 31 else 1))
    told.tell(Added(fund_id="31", amount_fen=1))
    followed(store, told)

    assert [(each.position, each.reason) for each in parked(store)][1:] == [(51, WAITS)]
    assert parked(store)[0].position == 32
    assert rows_of(store, balances()) == expected(each for each in told.events if each.stream != "fund/31")


def test_a_projection_with_something_parked_says_that_it_is_incomplete(store: Store) -> None:
    told = Told().tell(Noted(fund_id="a", text="poison"))
    followed(store, told)

    with store.read() as connection:
        found = standing(connection, told, balances())
    assert (found.parked, found.complete, found.position, found.head) == (1, False, 1, 1)


def test_a_mended_function_and_a_rebuild_leave_nothing_parked(store: Store) -> None:
    told = Told().tell(Noted(fund_id="a", text="poison"), Added(fund_id="a", amount_fen=1))
    followed(store, told)

    report = rebuild(store, told, balances(version=2))

    assert (report.swapped, report.failed) == (True, 0)
    assert parked(store) == []
    assert rows_of(store, balances()) == expected(told.events)
    with store.read() as connection:
        assert standing(connection, told, balances(version=2)).complete


def test_a_rebuild_with_functions_that_still_fail_parks_again(store: Store) -> None:
    told = Told().tell(Noted(fund_id="a", text="poison"), Added(fund_id="a", amount_fen=1))
    followed(store, told)
    before = [(each.position, each.reason) for each in parked(store)]

    report = rebuild(store, told, balances(refuses_notes=True))

    assert report.failed == 2
    assert [(each.position, each.reason) for each in parked(store)] == before


@pytest.mark.parametrize(("poison", "of"), [("unreadable", 10_000), ("refused by the store", 1_000)])
def test_one_poison_event_in_a_hundred_parks_with_the_rest_of_its_stream(
    store: Store, poison: str, of: int
) -> None:
    chance = random.Random(7)
    poisonous = set(chance.sample(range(of), of // 100))
    told = Told()
    for number in range(of):
        fund_id = str(chance.randrange(of // 5))
        if number not in poisonous:
            told.tell(Added(fund_id=fund_id, amount_fen=1))
        elif poison == "unreadable":
            told.tell_stored("Added", {"fund_id": fund_id}, f"fund/{fund_id}")
        else:
            told.tell(Added(fund_id=fund_id, amount_fen=TOO_MUCH_FEN**2))
    followed(store, told)

    held: set[str] = set()
    applied, waits, failed = [], [], []
    for number, envelope in enumerate(told.events):
        if envelope.stream in held:
            waits.append(envelope.position)
        elif number in poisonous:
            failed.append(envelope.position)
            held.add(envelope.stream)
        else:
            applied.append(envelope)
    found = parked(store)
    assert [each.position for each in found if each.reason == WAITS] == waits
    assert [each.position for each in found if each.reason != WAITS] == failed
    assert rows_of(store, balances()) == expected(applied)
    assert rebuild(store, told, balances(refuses_notes=True)).differences == 0
