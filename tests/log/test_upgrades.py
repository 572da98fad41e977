"""One log, and a service whose code changes: what was recorded stays, and two versions run side by side."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import inspect, select, update

from shared.log import streams
from shared.log.entry import Answer
from shared.log.store import Store
from shared.log.tables import head, metadata, snapshots
from shared.log.verify import verify
from shared.rules.context import Context
from shared.rules.decider import Decider, PersonalKey, no_unique_keys
from shared.rules.language import Language
from shared.rules.message import message
from shared.rules.personal import ERASED, Personal
from shared.rules.refusal import Refusal, Refused
from shared.runtime.commands import Request
from tests.log.fund import (
    ACCOUNT_TAKEN,
    LABEL_TAKEN,
    Add,
    Added,
    Event,
    Fund,
    GiveLabel,
    NameKeeper,
    Note,
    Noted,
    evolve,
    fund,
)
from tests.log.house import CLERK, House, open_house


@contextmanager
def opened(house: House, decider: Decider) -> Iterator[House]:
    """Another version of the service on the same store."""
    with closing(open_house(house.url, Language("fund", (decider,)))) as version:
        yield version


def later_addition() -> Decider:
    """A version whose Add tells a reason besides."""

    @message(upcasters=(lambda data: data | {"reason": "none"},))
    class Add:
        fund_id: str
        amount_fen: int
        reason: str = "none"

    def decide(command: Any, _state: Fund, _context: Context) -> list[Event]:
        return [Added(fund_id=command.fund_id, amount_fen=command.amount_fen)]

    return replace(fund, commands=Add, decide=decide)


def test_a_command_that_comes_again_after_its_shape_has_changed_gets_the_first_answer(house: House) -> None:
    decider = later_addition()
    first = house.send(Add(fund_id="a", amount_fen=5), "1")
    with opened(house, decider) as later:
        again = later.send(decider.commands(fund_id="a", amount_fen=5), "1")
        with pytest.raises(Refused, match="has been used"):
            later.send(decider.commands(fund_id="a", amount_fen=5, reason="rent"), "1")

    assert again == replace(first, repeated=True)


def test_a_command_that_comes_twice_in_one_batch_is_told_so(house: House) -> None:
    request = Request(Add(fund_id="a", amount_fen=5), CLERK, "1")

    first, second, other = house.handler.handle_many(
        [request, request, Request(Add(fund_id="a", amount_fen=1), CLERK)]
    )

    assert isinstance(first, Answer)
    assert second == replace(first, repeated=True)
    assert isinstance(other, Answer)
    assert not first.repeated
    assert not other.repeated


def test_a_key_claimed_since_an_upgrade_is_not_released_by_who_never_took_it(house: House) -> None:
    with opened(house, replace(fund, unique_keys=no_unique_keys)) as before:
        before.send(GiveLabel(fund_id="a", label="north"))

    house.send(GiveLabel(fund_id="b", label="north"))
    house.send(GiveLabel(fund_id="a", label=None))

    with pytest.raises(Refused) as refused:
        house.send(GiveLabel(fund_id="c", label="north"))
    assert refused.value.refusal is LABEL_TAKEN
    house.send(GiveLabel(fund_id="b", label=None))
    house.send(GiveLabel(fund_id="c", label="north"))
    assert not verify(house.store).findings


def test_one_batch_gives_such_a_key_from_its_holder_to_another(house: House) -> None:
    with opened(house, replace(fund, unique_keys=no_unique_keys)) as before:
        before.send(GiveLabel(fund_id="a", label="north"))
    house.send(GiveLabel(fund_id="b", label="north"))

    outcomes = house.send_many(
        GiveLabel(fund_id="c", label="north"),
        GiveLabel(fund_id="a", label=None),
        GiveLabel(fund_id="b", label=None),
        GiveLabel(fund_id="c", label="north"),
    )

    assert isinstance(outcomes[0], Refused)
    assert all(isinstance(each, Answer) for each in outcomes[1:])
    assert not verify(house.store).findings


def test_an_event_that_an_older_version_cannot_follow_stops_its_own_stream_only(house: House) -> None:
    def strict(state: Fund, event: Event) -> Fund:
        if isinstance(event, Noted):
            raise TypeError("cannot be followed")
        return evolve(state, event)

    with opened(house, replace(fund, evolve=strict)) as older:
        older.send(Add(fund_id="noted", amount_fen=5))
        older.send(Add(fund_id="other", amount_fen=5))
        house.send(Note(fund_id="noted", code_point=65))

        older.send(Add(fund_id="other", amount_fen=6))
        with pytest.raises(TypeError, match="cannot be followed"):
            older.send(Add(fund_id="noted", amount_fen=6))
        older.send(Add(fund_id="other", amount_fen=7))

    with house.store.read() as connection:
        assert house.log.states(connection, ["fund/other"])["fund/other"].balance_fen == 18


def test_a_snapshot_made_by_another_version_is_passed_over(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "SNAPSHOT_EVERY", 3)
    house.send_many(*[Add(fund_id="a", amount_fen=1)] * 4)
    with house.store.write() as connection:
        wrong = (
            connection.scalars(select(snapshots.c.state))
            .one()
            .replace('"balance_fen":4', '"balance_fen":900')
        )
        connection.execute(update(snapshots).values(shape="another", state=wrong))

    with closing(house.another()) as later, later.store.read() as connection:
        assert later.log.states(connection, ["fund/a"])["fund/a"].balance_fen == 4


def test_memory_that_is_forgotten_or_far_behind_changes_no_decision(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "REMEMBERED_MOST", 2)
    monkeypatch.setattr(streams, "FOLLOWED_MOST", 2)
    with closing(house.another()) as other:
        for fund_id in "abcd":
            house.send(Add(fund_id=fund_id, amount_fen=1))
        for fund_id in "abcd":
            other.send(Add(fund_id=fund_id, amount_fen=1))
        for fund_id in "abcd":
            house.send(Add(fund_id=fund_id, amount_fen=1))

    with house.store.read() as connection:
        states = house.log.states(connection, [f"fund/{each}" for each in "abcd"])
    assert [each.balance_fen for each in states.values()] == [3] * 4


def test_a_clock_that_steps_back_makes_no_moment_earlier(house: House) -> None:
    ahead = "2999-01-01T00:00:00.000000Z"
    with house.store.write() as connection:
        connection.execute(update(head).values(recorded_at=ahead))

    house.send(Add(fund_id="a", amount_fen=1))

    assert house.events()[-1].recorded_at == ahead


def test_a_rule_that_takes_a_personal_key_without_bringing_its_value_is_told_so(house: House) -> None:
    def only_when_rich(state: Fund) -> dict[str, Refusal | PersonalKey]:
        rich = state.balance_fen > 0 and state.account is not None
        return {"account": PersonalKey(state.account, ACCOUNT_TAKEN)} if rich and state.account else {}

    with opened(house, replace(fund, unique_keys=only_when_rich)) as faulty:
        faulty.send(NameKeeper(fund_id="a", person_id="p", account=Personal("6222"), name=Personal("王芳")))
        with pytest.raises(ValueError, match="Added takes account and does not bring it"):
            faulty.send(Add(fund_id="a", amount_fen=1))
        faulty.send(Add(fund_id="b", amount_fen=1))


def test_an_erased_value_is_not_recorded_as_if_it_were_a_text(house: House) -> None:
    with pytest.raises(ValueError, match="erased"):
        house.send(NameKeeper(fund_id="a", person_id="p", account=Personal("6222"), name=Personal(ERASED)))


def test_two_kinds_of_stream_do_not_bear_one_name() -> None:
    with pytest.raises(ValueError, match="bear one name"):
        Language("fund", (fund, replace(later_addition(), events=Note)))


def test_a_rule_version_that_never_was_is_not_decided_by() -> None:
    for version in (0, 2):
        with pytest.raises(ValueError, match="no rule version"):
            fund.decide_as_of(version)


def test_the_tables_of_the_code_are_those_of_the_migrations(house: House) -> None:
    with closing(Store(house.url)) as store:
        found = inspect(store.engine)
        for table in metadata.sorted_tables:
            columns = {each["name"]: each["nullable"] for each in found.get_columns(table.name)}
            assert columns == {each.name: each.nullable for each in table.columns}, table.name
            key = found.get_pk_constraint(table.name)["constrained_columns"]
            assert key == [each.name for each in table.primary_key], table.name
