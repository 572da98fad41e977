"""As of an earlier position, a projection's queries answer as they did then."""

import random
import time

import pytest
from sqlalchemy import select

from shared.log.store import Store
from shared.projections import as_of as as_of_module
from shared.projections import following, parking
from shared.projections.as_of import as_of
from shared.projections.following import ProjectionFollower
from shared.projections.waiting import NotYetError, wait_for
from tests.log.fund import Added, Spent
from tests.projections.balances import balances, prepared, rows_of
from tests.projections.calendar_of_posts import days
from tests.projections.told import Told

POSITIONS = 30


@pytest.mark.parametrize("page", [3, 10_000])
def test_as_of_any_position_the_rows_are_those_that_were_live_there(
    store: Store, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(following, "PAGE", 1)
    monkeypatch.setattr(as_of_module, "PAGE", page)
    chance, told, projection = random.Random(3), Told(), balances()
    prepared(store, projection)
    follower = ProjectionFollower(store, told, projection)
    live = [rows_of(store, projection)]
    for number in range(90):
        fund_id, amount_fen = str(chance.randrange(5)), chance.randrange(1, 100)
        if number % 17 == 16:
            told.tell_stored("Added", {"fund_id": fund_id}, f"fund/{fund_id}")
        else:
            told.tell(chance.choice((Added, Spent))(fund_id=fund_id, amount_fen=amount_fen))
        follower.step()
        live.append(rows_of(store, projection))

    for position in chance.sample(range(len(live)), POSITIONS):
        with as_of(store, [(projection, told, position)]) as then:
            found = then.connection.execute(select(projection.table)).mappings()
            assert {(row["fund_id"],): dict(row) for row in found} == live[position]
    assert rows_of(store, projection) == live[-1]
    with store.read() as connection:
        assert parking.list_parked(connection)


def test_several_projections_can_be_joined_each_at_its_own_position(store: Store) -> None:
    told, posts = Told().tell(Added(fund_id="a", amount_fen=1)), Told("posts")

    with as_of(store, [(balances(), told, 1), (days, posts, 9)]) as then:
        assert len(then.connection.execute(select(balances().table)).all()) == 1
        assert then.connection.execute(select(days.table)).all() == []
        assert then.known == {"fund": 1, "posts": 0}


def test_who_asks_as_of_a_position_is_told_whether_every_event_up_to_there_could_be_applied(
    store: Store,
) -> None:
    told = Told().tell(Added(fund_id="a", amount_fen=1))
    told.tell_stored("Added", {"fund_id": "b"}, "fund/b").tell(Added(fund_id="a", amount_fen=2))

    for position, complete in ((1, True), (2, False), (3, False)):
        with as_of(store, [(balances(), told, position)]) as then:
            assert then.complete is complete
            assert then.known == {"fund": position}


def test_an_answer_as_of_a_position_that_takes_too_long_is_broken_off_between_pages(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(as_of_module, "PAGE", 2)
    told, asked = Told(), []
    for number in range(6):
        told.tell(Added(fund_id="a", amount_fen=number))

    def check_time() -> None:
        asked.append(1)
        if len(asked) == 2:
            raise TimeoutError

    with pytest.raises(TimeoutError), as_of(store, [(balances(), told, 6)], check_time):
        pass
    assert len(asked) == 2


def test_who_waits_for_a_position_goes_on_once_it_is_reached(store: Store) -> None:
    told, projection = Told().tell(Added(fund_id="a", amount_fen=1)), balances()
    prepared(store, projection)
    with pytest.raises(NotYetError):
        wait_for(store, projection.name, 1, 0.05)

    ProjectionFollower(store, told, projection).step()

    started = time.monotonic()
    wait_for(store, projection.name, 1, 5)
    assert time.monotonic() - started < 1


def test_nobody_waits_for_ever_for_a_projection_that_is_unknown(store: Store) -> None:
    with pytest.raises(NotYetError):
        wait_for(store, "nothing", 1, 0)
