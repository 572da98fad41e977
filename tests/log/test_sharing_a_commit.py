"""Callers who come at the same moment are written together, also where the store never lets others run."""

import eventlet

from tests.log.fund import Add
from tests.log.house import found_house


def test_callers_who_come_at_once_share_a_commit(store_url: str) -> None:
    house = found_house(store_url)
    house.send(Add(fund_id="before", amount_fen=1))
    sizes: list[int] = []
    house.log.tell_of_batches(lambda size, _: sizes.append(size))
    pool = eventlet.GreenPool(8)

    answers = list(
        pool.imap(lambda number: house.send(Add(fund_id=f"fund-{number}", amount_fen=1)), range(8))
    )

    assert len({each.position for each in answers}) == 8
    assert sizes == [8]
    house.close()
