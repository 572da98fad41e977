"""Commands: recorded once under their id, refused ones not at all, and one that fails harms no other."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import eventlet
import pytest
from sqlalchemy.exc import DBAPIError

from shared.log.entry import LARGEST_BYTES, Answer
from shared.rules.personal import Personal
from shared.rules.refusal import Refused
from shared.runtime.commands import Request
from tests.log.fund import Add, GiveLabel, Move, NameKeeper, Note, Spend
from tests.log.house import CLERK, OTHER_CLERK, House
from tests.log.racer import race

BULK = 500
AS_STORED = (Answer, DBAPIError)
"""SQLite stores what PostgreSQL does not, which says so by an error of its own."""
LETTERS = "".join(map(chr, range(0x4E00, 0x9FA5)))
LONG_LABEL = "".join(Random(1).choices(LETTERS, k=10_000))  # too large for a row of a b-tree


def same(one: Answer, other: Answer) -> bool:
    return (one.first_position, one.position, one.streams) == (
        other.first_position,
        other.position,
        other.streams,
    )


def keeper(name: str = "王芳", account: str = "6222020200112233") -> NameKeeper:
    return NameKeeper(fund_id="a", person_id="p", account=Personal(account), name=Personal(name))


@pytest.mark.parametrize(
    "command",
    [
        lambda: Add(fund_id="a", amount_fen=5),
        lambda: Move(fund_id="rich", to_fund_id="b", amount_fen=5),
        lambda: keeper(),
    ],
    ids=["one event", "two streams", "personal"],
)
def test_the_same_command_twice_gets_the_first_answer(house: House, command: Callable[[], Any]) -> None:
    house.send(Add(fund_id="rich", amount_fen=100))
    first = house.send(command(), "1")
    house.send(Add(fund_id="a", amount_fen=1))
    head = house.log.head()

    second = house.send(command(), "1")
    with closing(house.another()) as restarted:
        after_restart = restarted.send(command(), "1")

    assert same(second, first)
    assert same(after_restart, first)
    assert (first.repeated, second.repeated, after_restart.repeated) == (False, True, True)
    assert house.log.head() == head


def test_the_same_command_twice_within_one_batch_is_recorded_once(house: House) -> None:
    before = house.log.head().position
    request = Request(keeper(), CLERK, "1")

    one, two = house.handler.handle_many([request, request])

    assert isinstance(one, Answer)
    assert isinstance(two, Answer)
    assert same(one, two)
    assert house.log.head().position == before + 1


def test_the_same_command_from_many_callers_at_once_is_recorded_once(house: House) -> None:
    before = house.log.head().position
    pool = eventlet.GreenPool()

    answers = list(pool.imap(lambda _: house.send(Add(fund_id="a", amount_fen=5), "1"), range(16)))

    assert all(same(answer, answers[0]) for answer in answers)
    assert house.log.head().position == before + 1


def test_the_same_commands_from_two_processes_at_once_are_recorded_once(house: House, tmp_path: Path) -> None:
    before = house.log.head().position
    sent = [("Add", {"fund_id": "a", "amount_fen": 5}, f"add-{number}") for number in range(50)]

    one, two = race(house.url, tmp_path, sent, sent)

    assert one == two
    assert house.log.head().position == before + len(sent)
    assert [event.version for event in house.log.stream("fund/a")] == list(range(1, len(sent) + 1))


@pytest.mark.parametrize(
    "other",
    [
        Add(fund_id="a", amount_fen=6),
        Add(fund_id="b", amount_fen=5),
        Spend(fund_id="a", amount_fen=5),
    ],
)
def test_an_id_used_for_another_request_is_refused(house: House, other: Any) -> None:
    first = house.send(Add(fund_id="a", amount_fen=5), "1")
    head = house.log.head()

    with pytest.raises(Refused, match="id_reused"):
        house.send(other, "1")

    assert house.log.head() == head
    assert same(house.send(Add(fund_id="a", amount_fen=5), "1"), first)


@pytest.mark.parametrize("other", [{"name": "李伟"}, {"account": "6222020200112234"}])
def test_an_id_used_with_another_personal_value_is_refused(house: House, other: dict[str, str]) -> None:
    house.send(keeper(), "1")

    with pytest.raises(Refused, match="id_reused"):
        house.send(keeper(**other), "1")


def test_an_id_used_by_another_actor_is_refused(house: House) -> None:
    house.send(Add(fund_id="a", amount_fen=5), "1", CLERK)

    with pytest.raises(Refused, match="id_reused"):
        house.send(Add(fund_id="a", amount_fen=5), "1", OTHER_CLERK)


def test_an_id_used_twice_within_one_batch_for_different_requests_is_refused_the_second_time(
    house: House,
) -> None:
    outcomes = house.handler.handle_many(
        [
            Request(keeper(), CLERK, "1"),
            Request(Add(fund_id="a", amount_fen=5), CLERK, "1"),
            Request(keeper(), OTHER_CLERK, "1"),
            Request(keeper(name="李伟"), CLERK, "1"),
        ]
    )

    assert isinstance(outcomes[0], Answer)
    assert [str(outcome).partition(":")[0] for outcome in outcomes[1:]] == ["command.id_reused"] * 3


def test_a_refused_command_leaves_no_row_and_may_be_sent_again(house: House) -> None:
    head = house.log.head()
    with pytest.raises(Refused, match="overdrawn"):
        house.send(Spend(fund_id="a", amount_fen=5), "1")
    assert house.log.command("1") is None
    assert house.log.head() == head

    house.send(Add(fund_id="a", amount_fen=5))
    answer = house.send(Spend(fund_id="a", amount_fen=5), "1")

    found = house.log.command("1")
    assert found is not None
    assert same(found, answer)


def test_an_id_refused_once_may_be_used_for_another_request(house: House) -> None:
    with pytest.raises(Refused, match="overdrawn"):
        house.send(Spend(fund_id="a", amount_fen=5), "1")

    assert not house.send(Add(fund_id="a", amount_fen=5), "1").repeated


def test_an_accepted_command_that_decided_nothing_is_found_by_its_id_and_tied_into_the_next_leaf(
    house: House,
) -> None:
    house.send(GiveLabel(fund_id="a", label="医疗"))
    head = house.log.head()

    idle = house.send(GiveLabel(fund_id="a", label="医疗"), "1")

    assert (idle.first_position, idle.position, idle.streams) == (None, head.position, {})
    assert house.log.head().position == head.position
    found = house.log.command("1")
    assert found is not None
    assert same(found, idle)
    house.send(Add(fund_id="b", amount_fen=5))
    house.send(Add(fund_id="b", amount_fen=5))
    assert same(house.send(GiveLabel(fund_id="a", label="医疗"), "1"), idle)
    first_after, second_after = house.log.read(head.position, 2)
    assert first_after.facts.idle != ""
    assert second_after.facts.idle == ""
    with pytest.raises(Refused, match="id_reused"):
        house.send(GiveLabel(fund_id="a", label="助学"), "1")


@pytest.mark.parametrize(
    ("command", "code", "field"),
    [
        (GiveLabel(fund_id="a", label="half \ud800"), "text.not_storable", "label"),
        (
            NameKeeper(fund_id="a", person_id="p", account=Personal("half \ud800"), name=Personal("n")),
            "text.not_storable",
            "account",
        ),
        (GiveLabel(fund_id="a", label="长" * LARGEST_BYTES), "command.too_large", "label"),
    ],
    ids=["surrogate", "surrogate in a personal value", "too large"],
)
def test_what_cannot_be_stored_is_refused_with_its_field(
    house: House, command: Any, code: str, field: str
) -> None:
    with pytest.raises(Refused) as refused:
        house.send(command)

    assert (refused.value.code, refused.value.field) == (code, field)


@pytest.mark.parametrize(
    ("unstorable", "told"),
    [
        pytest.param(Note(fund_id="a", code_point=0xD800), Refused, id="surrogate from a rule"),
        pytest.param(Note(fund_id="a", code_point=0x110000), ValueError, id="a rule that fails"),
        pytest.param(GiveLabel(fund_id="a", label=LONG_LABEL), AS_STORED, id="large key"),
        pytest.param(GiveLabel(fund_id="a", label="nul \0"), AS_STORED, id="nul in a key"),
        pytest.param(GiveLabel(fund_id="a", label="half \ud800"), Refused, id="surrogate in a key"),
        pytest.param(Add(fund_id="nul \0", amount_fen=1), AS_STORED, id="nul in a stream"),
        pytest.param(Add(fund_id="half \ud800", amount_fen=1), Refused, id="surrogate in a stream"),
        pytest.param(
            NameKeeper(fund_id="a", person_id="nul \0", account=Personal("1"), name=Personal("n")),
            AS_STORED,
            id="nul in a person",
        ),
        pytest.param(
            NameKeeper(fund_id="a", person_id="p", account=Personal("half \ud800"), name=Personal("n")),
            Refused,
            id="surrogate in a personal value",
        ),
        pytest.param(Add(fund_id="a", amount_fen=2**70), AS_STORED, id="large number"),
    ],
)
def test_one_command_that_cannot_be_stored_does_not_harm_the_others_of_a_bulk(
    house: House, unstorable: Any, told: tuple[type, ...]
) -> None:
    before = house.log.head().position
    commands: list[Any] = [Add(fund_id=f"bulk-{number % 7}", amount_fen=number) for number in range(BULK)]
    commands[BULK // 3] = unstorable

    outcomes = house.send_many(*commands)

    bad = outcomes.pop(BULK // 3)
    assert isinstance(bad, told)
    assert [outcome for outcome in outcomes if not isinstance(outcome, Answer)] == []
    stored = BULK - 1 + isinstance(bad, Answer)
    assert [event.position for event in house.log.read(before, BULK)] == [
        before + number for number in range(1, stored + 1)
    ]
    assert house.log.head().position == before + stored


def test_a_rule_that_fails_harms_only_its_own_caller(house: House) -> None:
    pool = eventlet.GreenPool()

    def call(number: int) -> Any:
        try:
            return house.send(Note(fund_id="a", code_point=0x110000 if number == 20 else 0x4E00 + number))
        except ValueError as error:
            return error

    outcomes = list(pool.imap(call, range(64)))

    assert [number for number, each in enumerate(outcomes) if isinstance(each, ValueError)] == [20]
    assert len(house.log.stream("fund/a")) == 63
