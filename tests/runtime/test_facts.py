"""Facts: looked up in a projection before a command is decided, and recorded with how far they were known."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, select

from shared.log.envelope import Envelope
from shared.log.tables import commands
from shared.projections.following import ProjectionFollower, prepare_projection
from shared.projections.projection import Projection, Row
from shared.rules.context import Context
from shared.rules.language import Language
from shared.rules.refusal import Refusal, Refused
from shared.runtime.commands import Request
from shared.runtime.facts import LookUp, look_up
from tests.log.fund import Add, Added, Spend, fund
from tests.log.house import CLERK, House, found_house

POOR = Refusal("test.poor", zh="不够", en="not enough")

table = Table(
    "richest", MetaData(), Column("fund_id", Text, primary_key=True), Column("times", Integer, default=0)
)
richest = Projection(table, source="fund", key="fund_id")


@richest.on(Added)
def added(row: Row, event: Added, envelope: Envelope) -> Row:
    return row | {"times": row["times"] + 1}


def times_added(connection: Connection, wishes: Sequence[Spend]) -> list[int]:
    rows = {row.fund_id: row.times for row in connection.execute(select(table))}
    return [rows.get(wish.fund_id, 0) for wish in wishes]


def times_added_if_any(connection: Connection, wishes: Sequence[Spend]) -> list[int | None]:
    return [times or None for times in times_added(connection, wishes)]


def only_from_those_added_to_twice(command: Any, state: Any, context: Context) -> list[Any]:
    if isinstance(command, Spend) and context.fact("times_added") < 2:
        raise POOR()
    return fund.decide(command, state, context)


@pytest.fixture
def house(store_url: str) -> Iterator[House]:
    house = found_house(store_url, Language("fund", (replace(fund, decide=only_from_those_added_to_twice),)))
    with house.store.write() as connection:
        prepare_projection(connection, richest)
    yield house
    house.close()


def send(house: House, command: Any) -> Any:
    (facts,) = look_up(house, [LookUp("times_added", richest, times_added)], [command])  # type: ignore[arg-type]
    return house.handler.handle(Request(command, CLERK, facts=facts))


def follow(house: House) -> None:
    follower = ProjectionFollower(house.store, house.log, richest)
    while follower.step():
        pass


def test_a_rule_decides_on_what_a_projection_tells_and_the_command_keeps_it(house: House) -> None:
    house.send(Add(fund_id="a", amount_fen=5))
    follow(house)
    with pytest.raises(Refused, match=POOR.code):
        send(house, Spend(fund_id="a", amount_fen=1))
    house.send(Add(fund_id="a", amount_fen=5))
    follow(house)
    known = house.log.head().position

    answer = send(house, Spend(fund_id="a", amount_fen=1))

    with house.store.read() as connection:
        public = connection.execute(
            select(commands.c.public).where(commands.c.id == answer.command_id)
        ).scalar_one()
    assert msgspec.json.decode(public)["context"]["facts"] == {"times_added": ["fund", known, 2]}


def test_each_of_several_commands_has_its_own_facts(house: House) -> None:
    house.send(Add(fund_id="a", amount_fen=5))
    follow(house)
    wishes = [Spend(fund_id=each, amount_fen=1) for each in ("a", "b")]

    told = look_up(house, [LookUp("times_added", richest, times_added)], wishes)  # type: ignore[arg-type]

    assert [facts["times_added"].value for facts in told] == [1, 0]


def test_a_fact_that_may_not_have_arrived_yet_is_waited_for(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.send(Add(fund_id="a", amount_fen=5))
    awaited = LookUp("times_added", richest, times_added_if_any, awaited=True)
    wish = [Spend(fund_id="a", amount_fen=1)]
    monkeypatch.setattr("time.sleep", lambda _: follow(house))

    (told,) = look_up(house, [awaited], wish)  # type: ignore[arg-type]
    (at_once,) = look_up(house, [replace(awaited, awaited=False)], [Spend(fund_id="b", amount_fen=1)])  # type: ignore[arg-type]

    assert (told["times_added"].value, at_once["times_added"].value) == (1, None)
