"""A projection's live rows are those of a rebuild, whatever the pages, and move with their checkpoint."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy.exc import DBAPIError

from shared.log.store import Store
from shared.projections import checkpoints, following, parking
from shared.projections.following import ProjectionFollower, standing
from shared.projections.rebuilding import rebuild
from shared.projections.subscriptions import Subscriptions
from shared.projections.tables import metadata
from tests.log.fund import Added
from tests.projections.balances import balances, expected, prepared, rows_of
from tests.projections.histories import histories
from tests.projections.told import Told

PAGES = (1, 7, 1_000)


def outcome(store: Store, told: Told, page: int, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Rows and parked events after a follower has done all in pages of one size."""
    projection = balances(refuses_notes=True)
    monkeypatch.setattr(following, "PAGE", page)
    with store.write() as connection:
        projection.table.drop(connection, checkfirst=True)
        metadata.drop_all(connection)
        metadata.create_all(connection)
    prepared(store, projection)
    follower = ProjectionFollower(store, told, projection)
    while follower.step():
        pass
    return rows_of(store, projection), waiting(store)


def waiting(store: Store) -> list[tuple[int, str, int]]:
    with store.read() as connection:
        return [(each.position, each.reason, each.tries) for each in parking.list_parked(connection)]


@given(told=histories())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pages_of_any_size_and_a_rebuild_make_the_same_rows_and_park_the_same_events(
    told: Told, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = [outcome(store, told, page, monkeypatch) for page in PAGES]

    assert live[0] == live[1] == live[2]
    report = rebuild(store, told, balances(refuses_notes=True))
    assert report.differences == 0
    assert report.failed == len(live[0][1])
    assert (rows_of(store, balances()), waiting(store)) == live[0]


def test_rows_and_checkpoint_move_together_or_not_at_all(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, projection = Told().tell(Added(fund_id="a", amount_fen=1)), balances()
    prepared(store, projection)
    follower = ProjectionFollower(store, told, projection)
    move = checkpoints.move

    def move_and_die(*arguments: Any) -> None:
        move(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(checkpoints, "move", move_and_die)
    with pytest.raises(KeyboardInterrupt):
        follower.step()
    assert rows_of(store, projection) == {}
    with store.read() as connection:
        assert standing(connection, told, projection).position == 0

    monkeypatch.setattr(checkpoints, "move", move)
    assert follower.step()
    assert rows_of(store, projection) == expected(told.events)
    assert not follower.step()


def test_a_table_that_is_missing_parks_nothing(store: Store) -> None:
    told, projection = Told().tell(Added(fund_id="a", amount_fen=1)), balances()
    with store.write() as connection:
        checkpoints.begin(connection, projection.name, 1)

    with pytest.raises(DBAPIError):
        ProjectionFollower(store, told, projection).step()

    assert waiting(store) == []
    prepared(store, projection)
    assert ProjectionFollower(store, told, projection).step()
    assert rows_of(store, projection) == expected(told.events)


@dataclass
class Named:
    """A follower that notes that it was asked to work."""

    name: str
    feed: Told
    stepped: list[str]

    def step(self) -> bool:
        self.stepped.append(self.name)
        return True


def test_only_who_is_behind_or_has_something_parked_is_asked_to_work(store: Store) -> None:
    told, stepped = Told().tell(Added(fund_id="a", amount_fen=1)), list[str]()
    followers = [Named(name, told, stepped) for name in ("level", "behind", "parks")]
    with store.write() as connection:
        for each in followers:
            checkpoints.begin(connection, each.name, 1)
        checkpoints.move(connection, "level", 1)
        checkpoints.move(connection, "parks", 1)
        parking.park(connection, "parks", told.source, [(told.events[0], "refused", 1)])

    Subscriptions(store, followers, 0.01).step()

    assert stepped == ["behind", "parks"]
