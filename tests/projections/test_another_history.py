"""A source tells another history: what followed its replica begins anew with it, and loses nothing of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.bus.catch_up import pull
from shared.bus.replica import Replica, restart_replica
from shared.log.envelope import Envelope
from shared.log.store import Store
from shared.projections import checkpoints, parking, rebuilding
from shared.projections.following import ProjectionFollower, Standing, prepare_projection, standing
from shared.projections.projection import Projection
from shared.projections.reacting import ReactionFollower
from shared.projections.rebuilding import OtherHistoryError, compare, rebuild
from tests.bus.district import AskedSource, add, fresh_house, fresh_replica
from tests.log.fund import OVERDRAWN, Add
from tests.log.house import House
from tests.projections.balances import balances, expected, rows_of
from tests.projections.standing_orders import orders

OLD, NEW = 50, 10
"""Events besides the one by which a log is founded."""


@pytest.fixture
def before(tmp_path: Path) -> Iterator[House]:
    """The history that was followed at first."""
    founded = fresh_house(f"sqlite:///{tmp_path / 'before.sqlite'}")
    add(founded, OLD)
    yield founded
    founded.close()


@pytest.fixture
def after(tmp_path: Path) -> Iterator[House]:
    """The history that the source tells since."""
    founded = fresh_house(f"sqlite:///{tmp_path / 'after.sqlite'}")
    founded.send_many(*(Add(fund_id=f"order-{n}", amount_fen=n + 1) for n in range(NEW)))
    yield founded
    founded.close()


@pytest.fixture
def replica(before: House, store_url: str) -> Iterator[Replica]:
    """A replica of the first history, with a projection that is level with it; on both stores."""
    made = fresh_replica(store_url, "fund")
    fill(made, before)
    with made.store.write() as connection:
        prepare_projection(connection, balances())
        checkpoints.begin(connection, orders.name, 1)
    follow(made)
    yield made
    made.store.close()


def fill(replica: Replica, history: House) -> None:
    pull(replica, AskedSource(history.log), lambda *_: True)


def follow(replica: Replica, projection: Projection | None = None) -> None:
    follower = ProjectionFollower(replica.store, replica, projection or balances())
    while follower.step():
        pass


def stands(replica: Replica) -> Standing:
    with replica.store.read() as connection:
        return standing(connection, replica, balances())


def test_a_projection_waits_outdated_and_is_rebuilt_from_the_new_history_alone(
    replica: Replica, after: House
) -> None:
    old = rows_of(replica.store, balances())
    restart_replica(replica.store, "fund", ["balances"])
    fill(replica, after)
    follow(replica)
    found = stands(replica)
    assert (found.outdated, found.complete, found.position, found.head) == (True, False, 0, NEW + 1)
    assert rows_of(replica.store, balances()) == old

    report = rebuild(replica.store, replica, balances())

    assert (report.swapped, report.position) == (True, NEW + 1)
    assert rows_of(replica.store, balances()) == expected(after.events())
    add(after, OLD + NEW)
    fill(replica, after)
    follow(replica)
    assert rows_of(replica.store, balances()) == expected(after.events())
    assert stands(replica).complete


def test_rows_that_know_more_than_their_feed_are_not_called_complete_and_are_rebuilt_to_its_end(
    replica: Replica, after: House
) -> None:
    restart_replica(replica.store, "fund", [])
    fill(replica, after)
    assert (stands(replica).outdated, stands(replica).complete) == (True, False)
    assert compare(replica.store, replica, balances()).position == NEW + 1

    assert rebuild(replica.store, replica, balances(), accept_difference=True).swapped

    add(after, OLD + NEW)
    fill(replica, after)
    follow(replica)
    assert rows_of(replica.store, balances()) == expected(after.events())


@pytest.mark.parametrize("page", [1, rebuilding.PAGE])
def test_a_restart_in_the_middle_of_a_rebuild_ends_it_and_leaves_the_rows(
    replica: Replica, after: House, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuilding, "PAGE", page)

    def restart(*_: int) -> None:
        restart_replica(replica.store, "fund", ["balances"])
        fill(replica, after)

    with pytest.raises(OtherHistoryError):
        rebuild(replica.store, replica, balances(), progress=restart)

    assert rebuild(replica.store, replica, balances()).swapped
    assert rows_of(replica.store, balances()) == expected(after.events())


def reacting(store: Store, feed: Replica, acted: list[int], *, refused: bool = False) -> ReactionFollower:
    def act(command: Any, command_id: str, envelope: Envelope) -> None:
        acted.append(envelope.position)
        if refused:
            raise OVERDRAWN()

    return ReactionFollower(store, feed, orders, act)


def test_a_reaction_reads_the_new_history_from_its_first_event_and_holds_nothing_of_the_old(
    replica: Replica, before: House, after: House
) -> None:
    before.send(Add(fund_id="order-a", amount_fen=9))
    fill(replica, before)
    reacting(replica.store, replica, [], refused=True).step()
    with replica.store.read() as connection:
        assert parking.count_parked(connection, orders.name) == 1

    restart_replica(replica.store, "fund", [orders.name])
    fill(replica, after)
    acted = list[int]()
    while reacting(replica.store, replica, acted).step():
        pass

    assert acted == list(range(2, NEW + 2))
    with replica.store.read() as connection:
        assert parking.count_parked(connection, orders.name) == 0


def test_a_restart_in_the_middle_of_a_page_lets_the_reaction_begin_at_the_first_event(
    replica: Replica, before: House, after: House
) -> None:
    before.send(Add(fund_id="order-a", amount_fen=9))
    fill(replica, before)

    def restart(command: Any, command_id: str, envelope: Envelope) -> None:
        restart_replica(replica.store, "fund", [orders.name])
        fill(replica, after)

    ReactionFollower(replica.store, replica, orders, restart).step()
    acted = list[int]()
    while reacting(replica.store, replica, acted).step():
        pass

    assert acted == list(range(2, NEW + 2))
