"""A decision that reads thousands of streams has them read together, not one after the other."""

from contextlib import closing
from typing import Any

import pytest

from shared.log.deciding import LOADED_MOST
from shared.log.entry import Answer
from shared.log.streams import Streams
from shared.rules.context import Context
from shared.rules.decider import Decider
from shared.rules.language import Language
from shared.rules.message import message
from tests.log.fund import Add, fund
from tests.log.house import found_house


@message
class Count:
    census_id: str
    fund_ids: tuple[str, ...]


@message
class Counted:
    census_id: str
    balance_fen: int


@message
class Census:
    balance_fen: int = 0


def count(command: Count, state: Census, context: Context) -> list[Counted]:
    balance_fen = sum(each.balance_fen for each in context.states(fund, command.fund_ids))
    return [Counted(census_id=command.census_id, balance_fen=balance_fen)]


census = Decider(
    "census",
    "census_id",
    Count,
    Counted,
    Census(),
    count,
    lambda _, event: Census(balance_fen=event.balance_fen),
)
language = Language("census", (fund, census))
FUNDS = LOADED_MOST + 500


def test_thousands_of_streams_are_read_in_a_few_goes(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    loads: list[int] = []
    load = Streams.load

    def watched(self: Streams, connection: Any, streams: Any, *others: Any) -> Any:
        loads.append(len(set(streams)))
        return load(self, connection, streams, *others)

    with closing(found_house(store_url, language)) as house:
        fund_ids = tuple(f"fund-{number}" for number in range(FUNDS))
        house.send_many(*(Add(fund_id=each, amount_fen=3) for each in fund_ids))
        with closing(house.another()) as after_restart:
            monkeypatch.setattr(Streams, "load", watched)
            answer = after_restart.send(Count(census_id="first", fund_ids=fund_ids))
            (counted,) = [each for each in house.events() if each.type == "Counted"]

    assert isinstance(answer, Answer)
    assert counted.facts.data["balance_fen"] == 3 * FUNDS
    assert loads == [1, LOADED_MOST, 500]


def test_what_is_pending_in_the_same_batch_is_seen(store_url: str) -> None:
    with closing(found_house(store_url, language)) as house:
        house.send_many(
            Add(fund_id="fund", amount_fen=3), Count(census_id="first", fund_ids=("fund", "unknown"))
        )

        assert [each.facts.data["balance_fen"] for each in house.events() if each.type == "Counted"] == [3]
