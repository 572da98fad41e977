"""Many callers on one stream: each decision stands on the one before, and many share a commit."""

from contextlib import closing
from dataclasses import replace
from typing import Any

import eventlet
import pytest

from shared.log.entry import Answer
from shared.rules.language import Language, UnknownType
from shared.rules.personal import Personal
from shared.rules.refusal import Refused
from tests.log.fund import (
    Add,
    Added,
    Event,
    Fund,
    GiveLabel,
    KeeperNamed,
    LabelGiven,
    NameKeeper,
    Note,
    Spend,
    Spent,
    fund,
)
from tests.log.fund import evolve as fund_evolve
from tests.log.house import House, open_house

CALLERS, COMMANDS_EACH, AMOUNT_FEN = 64, 4, 10
AFFORDABLE = 200
LONG_STREAM = 3_000
REREAD_MOST = 500


def call_all(house: House, command: Any) -> list[Any]:
    """What 64 callers are answered who all send the same wish, four times each."""

    def call(_: int) -> list[Any]:
        outcomes: list[Any] = []
        for _ in range(COMMANDS_EACH):
            try:
                outcomes.append(house.send(command))
            except Refused as refused:
                outcomes.append(refused.code)
        return outcomes

    return [
        outcome for outcomes in eventlet.GreenPool(CALLERS).imap(call, range(CALLERS)) for outcome in outcomes
    ]


def test_of_many_callers_on_one_fund_exactly_those_are_accepted_whom_it_can_afford(house: House) -> None:
    house.send(Add(fund_id="a", amount_fen=AFFORDABLE * AMOUNT_FEN))

    outcomes = call_all(house, Spend(fund_id="a", amount_fen=AMOUNT_FEN))

    versions = [outcome.streams["fund/a"] for outcome in outcomes if isinstance(outcome, Answer)]
    assert sorted(versions) == list(range(2, AFFORDABLE + 2))
    assert outcomes.count("fund.overdrawn") == CALLERS * COMMANDS_EACH - AFFORDABLE
    assert len(house.log.stream("fund/a")) == AFFORDABLE + 1
    with pytest.raises(Refused, match="overdrawn"):
        house.send(Spend(fund_id="a", amount_fen=1))


def test_many_callers_on_one_stream_share_commits(postgresql_house: House) -> None:
    house = postgresql_house
    house.send(Add(fund_id="a", amount_fen=AFFORDABLE * AMOUNT_FEN))
    before = house.log.head().position

    call_all(house, Spend(fund_id="a", amount_fen=AMOUNT_FEN))

    commits = {event.recorded_at for event in house.log.read(before, AFFORDABLE)}
    assert len(commits) <= AFFORDABLE // 16


def test_entries_of_one_append_are_decided_in_their_order(house: House) -> None:
    outcomes = house.send_many(
        Spend(fund_id="a", amount_fen=5),
        Add(fund_id="a", amount_fen=5),
        GiveLabel(fund_id="a", label="医疗"),
        GiveLabel(fund_id="b", label="医疗"),
        Spend(fund_id="a", amount_fen=5),
        Spend(fund_id="a", amount_fen=5),
        GiveLabel(fund_id="a", label=None),
        GiveLabel(fund_id="b", label="医疗"),
    )

    told = [
        outcome.streams if isinstance(outcome, Answer) else str(outcome).split(":")[0] for outcome in outcomes
    ]
    assert told == [
        "fund.overdrawn",
        {"fund/a": 1},
        {"fund/a": 2},
        "fund.label_taken",
        {"fund/a": 3},
        "fund.overdrawn",
        {"fund/a": 4},
        {"fund/b": 1},
    ]


evolved: list[Event] = []


def counting_evolve(state: Fund, event: Event) -> Fund:
    evolved.append(event)
    return fund_evolve(state, event)


def test_after_a_restart_a_long_stream_is_read_from_its_snapshot(house: House) -> None:
    counting = Language("fund", (replace(fund, evolve=counting_evolve),))
    first = open_house(house.url, counting)
    first.send(NameKeeper(fund_id="a", person_id="p", account=Personal("6222"), name=Personal("王芳")))
    for _ in range(LONG_STREAM // 100):
        first.send_many(*(Add(fund_id="a", amount_fen=1) for _ in range(100)))
    first.close()
    second = open_house(house.url, counting)
    evolved.clear()

    answer = second.send(Spend(fund_id="a", amount_fen=LONG_STREAM))

    assert answer.streams == {"fund/a": LONG_STREAM + 2}
    assert len(evolved) <= REREAD_MOST + 1
    with pytest.raises(Refused, match="overdrawn"):
        second.send(Spend(fund_id="a", amount_fen=1))
    with pytest.raises(Refused, match="account_taken"):
        second.send(NameKeeper(fund_id="b", person_id="q", account=Personal("6222"), name=Personal("李伟")))
    # The keeper whom the snapshot holds gives the account back when another follows.
    second.send(NameKeeper(fund_id="a", person_id="q", account=Personal("6333"), name=Personal("李伟")))
    second.send(NameKeeper(fund_id="b", person_id="q", account=Personal("6222"), name=Personal("李伟")))
    second.close()


def test_an_event_of_a_type_that_a_process_does_not_know_keeps_it_from_that_stream_only(house: House) -> None:
    older = replace(fund, events=Added | Spent | LabelGiven | KeeperNamed)
    with closing(open_house(house.url, Language("fund", (older,)))) as not_yet_renewed:
        for fund_id in ("a", "b"):
            not_yet_renewed.send(Add(fund_id=fund_id, amount_fen=1))
        house.send(Note(fund_id="a", code_point=ord("!")))

        not_yet_renewed.send(Spend(fund_id="b", amount_fen=1))
        with pytest.raises(UnknownType, match="Noted"):
            not_yet_renewed.send(Spend(fund_id="a", amount_fen=1))
        with pytest.raises(Refused, match="overdrawn"):
            not_yet_renewed.send(Spend(fund_id="b", amount_fen=1))
