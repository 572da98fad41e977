"""Reactions may act twice, under ids that make it harmless; what is refused waits and is tried again."""

import threading
import time
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from shared.log.entry import Unavailable
from shared.log.envelope import Envelope
from shared.projections import checkpoints, parking, reacting
from shared.projections.following import ProjectionFollower
from shared.projections.parking import WAITS
from shared.projections.reacting import TRIES_MOST
from shared.projections.rebuilding import rebuild
from tests.log.fund import OVERDRAWN
from tests.log.house import House
from tests.projections.balances import balances, prepared
from tests.projections.standing_orders import (
    act_of,
    checkpoint,
    fill,
    follower,
    order,
    orders,
    parked,
    spent,
)


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reacting, "RETRY_WAIT_SECONDS", 0)


def test_what_happened_is_acted_upon_once_in_its_order(house: House) -> None:
    fill(house, "a")
    order(house, "a", 1, 2, 3)
    orders_of_house = follower(house)

    while orders_of_house.step():
        pass

    assert spent(house, "a") == [1, 2, 3]
    assert checkpoint(house) == house.log.head().position
    cause = house.log.stream("fund/order-a")[0]
    assert house.log.stream("fund/purse-a")[1].facts.causation_id == cause.id


def test_a_crash_between_acting_and_the_checkpoint_does_nothing_twice(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(house, "a")
    order(house, "a", 1, 2)
    move = checkpoints.move

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(checkpoints, "move", die)
    with pytest.raises(KeyboardInterrupt):
        follower(house).step()
    assert spent(house, "a") == [1, 2]
    monkeypatch.setattr(checkpoints, "move", move)

    another = house.another()
    follower(another).step()
    another.close()

    assert spent(house, "a") == [1, 2]


def test_two_instances_at_once_do_nothing_twice(house: House) -> None:
    fill(house, "a")
    order(house, "a", *range(1, 30))
    order(house, "empty", 1, 2)
    other = house.another()

    def follow(instance: House) -> None:
        following = follower(instance)
        while checkpoint(instance) < instance.log.head().position:
            following.step()

    threads = [threading.Thread(target=follow, args=(each,)) for each in (house, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()

    assert spent(house, "a") == list(range(1, 30))
    assert [(each.stream, each.reason) for each in parked(house)] == [
        ("fund/order-empty", OVERDRAWN.code),
        ("fund/order-empty", WAITS),
    ]


def test_what_is_refused_is_parked_with_its_code_its_stream_waits_and_others_go_on_at_once(
    house: House,
) -> None:
    fill(house, "b")
    order(house, "a", 1)
    order(house, "b", 2)
    order(house, "a", 3)

    follower(house).step()

    assert spent(house, "b") == [2]
    assert [(each.stream, each.reason, each.tries) for each in parked(house)] == [
        ("fund/order-a", OVERDRAWN.code, 1),
        ("fund/order-a", WAITS, 0),
    ]


@pytest.mark.usefixtures("no_waiting")
def test_what_fails_is_tried_five_times_and_then_left_to_an_operator(house: House) -> None:
    order(house, "a", 1)
    tries: list[str] = []

    def refuse(command: Any, command_id: str, envelope: Any) -> None:
        tries.append(command_id)
        raise OVERDRAWN()

    following = follower(house, refuse)
    while following.step():
        pass

    assert len(tries) == TRIES_MOST == parked(house)[0].tries
    assert len(set(tries)) == 1


def test_waits_between_the_tries_double(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    order(house, "a", 1)
    following = follower(house)
    following.step()

    monkeypatch.setattr(reacting, "RETRY_WAIT_SECONDS", 3_600)
    assert not following.step()
    assert parked(house)[0].tries == 1


@pytest.mark.usefixtures("no_waiting")
def test_a_cause_that_passes_needs_no_operator(house: House) -> None:
    order(house, "a", 1, 2, 3)
    following = follower(house)
    following.step()
    fill(house, "a")

    while following.step():
        pass

    assert spent(house, "a") == [1, 2, 3]
    assert parked(house) == []


def test_a_retry_does_what_waited_in_its_order(house: House) -> None:
    order(house, "a", 1, 2)
    order(house, "b", 5)
    following = follower(house)
    following.step()
    order(house, "a", 3)
    fill(house, "a")
    following.step()

    still_there = following.retry()

    assert spent(house, "a") == [1, 2, 3]
    assert [each.stream for each in still_there] == ["fund/order-b"]
    assert parked(house) == still_there


def test_a_retry_that_gets_stuck_on_the_way_tells_where(house: House) -> None:
    order(house, "a", 1, 9, 1)
    following = follower(house)
    following.step()
    fill(house, "a", 5)

    still_there = following.retry()

    assert spent(house, "a") == [1]
    assert [each.reason for each in still_there] == [OVERDRAWN.code, WAITS]


def test_a_log_that_does_not_answer_parks_nothing_and_costs_no_try(house: House) -> None:
    order(house, "a", 1)

    def be_away(command: Any, command_id: str, envelope: Any) -> None:
        raise Unavailable

    with pytest.raises(Unavailable):
        follower(house, be_away).step()
    assert (parked(house), checkpoint(house)) == ([], 0)

    follower(house).step()
    with pytest.raises(Unavailable):
        follower(house, be_away).retry()
    assert [each.tries for each in parked(house)] == [1]


def be_gone(*_: Any) -> None:
    raise OperationalError("", {}, Exception())


def test_a_database_that_goes_away_while_something_is_done_costs_no_try(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    order(house, "a", 1)
    follower(house).step()

    with pytest.raises(Unavailable):
        follower(house, be_gone).retry()
    monkeypatch.setattr(parking, "is_skipped", be_gone)
    with pytest.raises(OperationalError):
        follower(house).retry()

    assert [each.tries for each in parked(house)] == [1]


def test_a_try_that_cannot_be_taken_back_at_once_is_taken_back_later(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    order(house, "a", 1)
    follower(house).step()
    following = follower(house, be_gone)
    with monkeypatch.context() as away:
        away.setattr(parking, "unclaim", be_gone)
        with pytest.raises(Unavailable):
            following.retry()
    assert [each.tries for each in parked(house)] == [2]

    monkeypatch.setattr(reacting, "RETRY_WAIT_SECONDS", 3_600)
    following.step()

    assert [each.tries for each in parked(house)] == [1]


def test_what_one_instance_tries_again_no_other_tries_meanwhile(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    order(house, "a", 1)
    follower(house).step()
    time.sleep(0.2)
    monkeypatch.setattr(reacting, "RETRY_WAIT_SECONDS", 0.1)
    other, acted = house.another(), list[str]()

    def act_meanwhile(command: Any, command_id: str, envelope: Envelope) -> None:
        follower(other, lambda *_: acted.append(command_id)).step()
        raise OVERDRAWN()

    follower(house, act_meanwhile).step()
    other.close()

    assert acted == []
    assert [each.tries for each in parked(house)] == [2]


@pytest.mark.usefixtures("no_waiting")
def test_a_try_that_is_taken_back_takes_back_no_other_instances(house: House) -> None:
    order(house, "a", 1)
    follower(house).step()
    other = house.another()

    def be_away_after_another(command: Any, command_id: str, envelope: Envelope) -> None:
        follower(other).step()
        raise Unavailable

    with pytest.raises(Unavailable):
        follower(house, be_away_after_another).step()
    other.close()

    assert [each.tries for each in parked(house)] == [3]


def test_what_was_parked_before_a_crash_is_not_read_again(house: House) -> None:
    fill(house, "a", 1)
    order(house, "a", 1, 9)
    order(house, "b", 1)
    acting = act_of(house)

    def die_at_b(command: Any, command_id: str, envelope: Envelope) -> None:
        if envelope.stream == "fund/order-b":
            raise KeyboardInterrupt
        acting(command, command_id, envelope)

    with pytest.raises(KeyboardInterrupt):
        follower(house, die_at_b).step()

    (found,) = parked(house)
    assert (found.reason, found.tries) == (OVERDRAWN.code, 1)
    assert checkpoint(house) == found.position


def test_an_event_that_two_instances_fail_at_is_parked_once_and_both_tries_count(house: House) -> None:
    order(house, "a", 1)
    other = house.another()

    def refuse_after_another(command: Any, command_id: str, envelope: Envelope) -> None:
        follower(other).step()
        raise OVERDRAWN()

    follower(house, refuse_after_another).step()
    other.close()

    assert [(each.reason, each.tries) for each in parked(house)] == [(OVERDRAWN.code, 2)]


def test_who_was_frozen_while_others_went_on_does_nothing_that_lies_behind_them(house: House) -> None:
    order(house, "a", 1, 2)
    order(house, "b", 3)
    other, acted = house.another(), list[str]()

    def freeze(command: Any, command_id: str, envelope: Envelope) -> None:
        acted.append(envelope.stream)
        follower(other).step()
        fill(house, "a")
        fill(house, "b")
        act_of(house)(command, command_id, envelope)

    follower(house, freeze).step()
    other.close()

    assert acted == ["fund/order-a"]
    assert (spent(house, "a"), spent(house, "b")) == ([1], [])
    assert [each.reason for each in parked(house)] == [OVERDRAWN.code, WAITS, OVERDRAWN.code]


def test_an_event_that_waits_for_nothing_any_more_is_done_by_the_next_step(house: House) -> None:
    order(house, "a", 1, 2)
    following = follower(house)
    following.step()
    first = parked(house)[0]
    with house.store.write() as connection:
        parking.take_out(connection, orders.name, first.position)
    fill(house, "a")

    following.step()

    assert spent(house, "a") == [2]
    assert parked(house) == []


def test_no_rebuild_reacts(house: House) -> None:
    order(house, "a", 1)
    projection = balances()
    prepared(house.store, projection)
    while ProjectionFollower(house.store, house.log, projection).step():
        pass
    acted: list[Any] = []
    follower(house, lambda *told: acted.append(told))

    rebuild(house.store, house.log, projection)

    assert (acted, checkpoint(house)) == ([], 0)
