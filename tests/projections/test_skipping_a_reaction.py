"""A parked reaction is skipped with a reason, which is an event first; then what waited for it is done."""

from typing import Any

import pytest

from shared.log.envelope import Envelope
from shared.projections import parking
from shared.projections.reacting import NotParkedError, WaitsError
from shared.projections.tables import checkpoints as checkpoints_table
from shared.projections.tables import parked as parked_table
from shared.rules.refusal import Refused
from shared.rules.skipped_reaction import REASON_MISSING
from tests.log.fund import OVERDRAWN
from tests.log.house import CLERK, House
from tests.projections.standing_orders import (
    act_of,
    fill,
    follower,
    order,
    orders,
    parked,
    recorder,
    spent,
)

REASON = "已用现金支付"


@pytest.fixture
def stuck(house: House) -> House:
    """A house where an order of nine is stuck, and one of one and one of two wait behind it."""
    order(house, "a", 9, 1, 2)
    fill(house, "a", 3)
    follower(house).step()
    return house


def die(*_: Any) -> None:
    raise KeyboardInterrupt


def skipped(house: House) -> list[Envelope]:
    return house.log.stream(f"reaction/{orders.name}")


def test_a_skipped_event_is_recorded_with_its_reason_and_what_waited_is_done(stuck: House) -> None:
    first = parked(stuck)[0]

    follower(stuck).skip(first.position, REASON, recorder(stuck))

    (event,) = skipped(stuck)
    assert event.facts.actor_id == CLERK.person_id
    assert event.facts.data == {
        "subscription": orders.name,
        "source": "fund",
        "event_id": stuck.log.stream(first.stream)[0].id,
        "position": first.position,
        "stream": first.stream,
        "code": OVERDRAWN.code,
        "reason": REASON,
    }
    assert spent(stuck, "a") == [1, 2]
    assert parked(stuck) == []


@pytest.mark.parametrize("reason", ["", "  "])
def test_nothing_is_skipped_without_a_reason(stuck: House, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        follower(stuck).skip(parked(stuck)[0].position, reason, recorder(stuck))

    assert refused.value.refusal is REASON_MISSING
    assert (len(parked(stuck)), skipped(stuck)) == (3, [])


def test_who_waits_is_not_skipped_before_whom_it_waits_for(stuck: House) -> None:
    with pytest.raises(WaitsError):
        follower(stuck).skip(parked(stuck)[1].position, REASON, recorder(stuck))

    assert skipped(stuck) == []


def test_what_is_not_parked_cannot_be_skipped(stuck: House) -> None:
    with pytest.raises(NotParkedError):
        follower(stuck).skip(1, REASON, recorder(stuck))

    assert skipped(stuck) == []


def test_a_crash_after_the_event_leaves_it_parked_and_the_repeat_records_nothing_twice(
    stuck: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    position, take_out = parked(stuck)[0].position, parking.take_out
    monkeypatch.setattr(parking, "take_out", die)
    with pytest.raises(KeyboardInterrupt):
        follower(stuck).skip(position, REASON, recorder(stuck))
    assert (len(skipped(stuck)), len(parked(stuck))) == (1, 3)
    monkeypatch.setattr(parking, "take_out", take_out)

    follower(stuck).skip(position, "another reason this time", recorder(stuck))

    assert [each.facts.data["reason"] for each in skipped(stuck)] == [REASON]
    assert (spent(stuck, "a"), parked(stuck)) == ([1, 2], [])


def test_what_was_recorded_as_skipped_before_a_crash_is_not_done_by_a_later_try(
    stuck: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    position = parked(stuck)[0].position
    with monkeypatch.context() as patched:
        patched.setattr(parking, "take_out", die)
        with pytest.raises(KeyboardInterrupt):
            follower(stuck).skip(position, REASON, recorder(stuck))
    fill(stuck, "a", 9)

    follower(stuck).retry()

    assert (spent(stuck, "a"), parked(stuck)) == ([1, 2], [])


def test_what_was_parked_before_a_crash_and_then_skipped_is_not_done_after_the_restart(house: House) -> None:
    order(house, "a", 9)
    order(house, "b", 1)

    def die_at_b(command: Any, command_id: str, envelope: Envelope) -> None:
        if envelope.stream == "fund/order-b":
            raise KeyboardInterrupt
        act_of(house)(command, command_id, envelope)

    with pytest.raises(KeyboardInterrupt):
        follower(house, die_at_b).step()
    follower(house).skip(parked(house)[0].position, REASON, recorder(house))
    fill(house, "a", 9)
    fill(house, "b", 1)

    following = follower(house)
    while following.step():
        pass

    assert (spent(house, "a"), spent(house, "b"), parked(house)) == ([], [1], [])


def test_what_was_skipped_stays_undone_when_the_feed_is_read_from_its_beginning(stuck: House) -> None:
    follower(stuck).skip(parked(stuck)[0].position, REASON, recorder(stuck))
    fill(stuck, "a", 9)
    with stuck.store.write() as connection:
        connection.execute(checkpoints_table.update().values(position=0))

    following = follower(stuck)
    while following.step():
        pass

    assert (spent(stuck, "a"), parked(stuck)) == ([1, 2], [])


def test_a_crash_before_what_waited_is_done_leaves_it_to_the_next_step(stuck: House) -> None:
    position = parked(stuck)[0].position
    with pytest.raises(KeyboardInterrupt):
        follower(stuck, die).skip(position, REASON, recorder(stuck))
    assert spent(stuck, "a") == []
    with stuck.store.write() as connection:
        connection.execute(parked_table.update().values(parked_at="2020-01-01T00:00:00.000000Z"))

    following = follower(stuck)
    while following.step():
        pass

    assert (spent(stuck, "a"), parked(stuck)) == ([1, 2], [])
