"""Who waits for a position waits for it as it was recorded, and not for what stood there before a restore."""

import time

import pytest

from shared.log.entry import Answer
from shared.projections.following import ProjectionFollower
from shared.projections.waiting import AtLeast, NotYetError, OtherEpochError, wait_until_known
from shared.runtime.founding import found
from tests.log.fund import Add
from tests.log.house import House
from tests.projections.balances import balances, prepared

SECONDS_MAX = 0.2


def wait(house: House, position: int, epoch: int) -> None:
    """Wait until the balances know a position of an epoch."""
    at_least = AtLeast(source=house.log.source, epoch=epoch, position=position)
    wait_until_known(house.store, house.log, ["balances"], at_least, SECONDS_MAX)


def add(house: House) -> Answer:
    return house.send(Add(fund_id="a", amount_fen=1))


def test_what_a_restore_kept_is_known_and_what_it_lost_is_refused_at_once(house: House) -> None:
    kept = add(house)
    found(house.log, restored=True)
    after = add(house)
    projection = balances()
    prepared(house.store, projection)

    with pytest.raises(NotYetError):
        wait(house, kept.position, kept.epoch)
    ProjectionFollower(house.store, house.log, projection).step()

    assert (kept.epoch, after.epoch) == (1, 2)
    wait(house, kept.position, kept.epoch)
    wait(house, after.position, after.epoch)
    started = time.monotonic()
    for position, epoch in (
        (kept.position, 2),
        (after.position, 1),
        (after.position + 9, 1),
    ):
        with pytest.raises(OtherEpochError):
            wait(house, position, epoch)
    assert time.monotonic() - started < SECONDS_MAX
    with pytest.raises(NotYetError):
        wait(house, after.position + 9, 3)


def test_the_answer_to_a_command_keeps_its_epoch(house: House) -> None:
    first = add(house)
    found(house.log, restored=True)

    assert house.log.command(first.command_id) == first
