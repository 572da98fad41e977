"""Two processes on one log: each decides on what the other has recorded, and none can hold the other up."""

import json
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import eventlet
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.log.entry import Answer, Unavailable
from shared.log.log import lock_head
from shared.log.streams import read_event
from shared.rules.personal import ERASED, Personal
from shared.rules.refusal import Refused
from tests.log.fund import Add, GiveLabel, Move, NameKeeper, Spend, language
from tests.log.house import House, found_house
from tests.log.racer import race, start
from tests.servers.postgresql import PostgreSQL
from tests.servers.process import wait_until_ready

LABELS = 25
PERSONS = 20
LIMIT_SECONDS = 8.0
UNAVAILABLE_SECONDS_MAX = 16.0


@pytest.fixture
def other(house: House) -> Iterator[House]:
    """The same log as ``house``, as another process has it."""
    with closing(house.another()) as opened:
        yield opened


def keeper(fund_id: str, person_id: str, account: str) -> NameKeeper:
    return NameKeeper(
        fund_id=fund_id, person_id=person_id, account=Personal(account), name=Personal(f"name of {person_id}")
    )


def test_of_two_processes_that_race_for_a_unique_key_one_gets_it_and_the_other_the_refusal(
    house: House, tmp_path: Path
) -> None:
    one, two = (
        [("GiveLabel", {"fund_id": f"{side}-{n}", "label": f"{n}"}, f"{side}-{n}") for n in range(LABELS)]
        for side in ("left", "right")
    )

    left, right = race(house.url, tmp_path, one, two)

    for outcomes in zip(left, right, strict=True):
        assert sorted(isinstance(outcome, int) for outcome in outcomes) == [False, True]
        assert "fund.label_taken" in outcomes


def test_of_two_processes_that_race_to_register_one_account_one_gets_it_and_the_other_the_refusal(
    house: House, tmp_path: Path
) -> None:
    def sent(side: str, number: int) -> tuple[str, dict[str, str], str]:
        personal = {"account": f"6222{number:04}", "name": "王芳"}
        fields = {"fund_id": f"{side}-{number}", "person_id": f"{side}-{number}", **personal}
        return "NameKeeper", fields, f"{side}-{number}"

    left, right = race(
        house.url, tmp_path, *([sent(side, n) for n in range(PERSONS)] for side in ("left", "right"))
    )

    for outcomes in zip(left, right, strict=True):
        assert sorted(isinstance(outcome, int) for outcome in outcomes) == [False, True]
        assert "fund.account_taken" in outcomes


def test_two_processes_never_spend_a_fund_twice(house: House, tmp_path: Path) -> None:
    house.send(Add(fund_id="a", amount_fen=100))
    one, two = (
        [("Spend", {"fund_id": "a", "amount_fen": 1}, f"{side}-{n}") for n in range(70)]
        for side in ("left", "right")
    )

    outcomes = [outcome for outcomes in race(house.url, tmp_path, one, two) for outcome in outcomes]

    assert sum(isinstance(outcome, int) for outcome in outcomes) == 100
    assert outcomes.count("fund.overdrawn") == 40
    assert [event.version for event in house.log.stream("fund/a")] == list(range(1, 102))


def test_two_processes_that_move_money_to_and_fro_lose_none(house: House, tmp_path: Path) -> None:
    house.send(Add(fund_id="a", amount_fen=10))
    to_b = {"fund_id": "a", "to_fund_id": "b", "amount_fen": 5}
    to_a = {"fund_id": "b", "to_fund_id": "a", "amount_fen": 5}

    race(
        house.url,
        tmp_path,
        [("Move", to_b, f"left-{n}") for n in range(40)],
        [("Move", to_a, f"right-{n}") for n in range(40)],
    )

    balance = 0
    for event in house.events()[1:]:
        balance += event.facts.data["amount_fen"] * (1 if event.type == "Added" else -1)
    assert balance == 10
    house.send_many(*(Move(fund_id=fund_id, to_fund_id="c", amount_fen=5) for fund_id in "aabb"))
    assert isinstance(house.send(Spend(fund_id="c", amount_fen=10)), Answer)


def test_a_decision_is_made_on_what_another_process_did_to_its_stream(house: House, other: House) -> None:
    house.send(Add(fund_id="a", amount_fen=10))
    other.send(Spend(fund_id="a", amount_fen=10))

    with pytest.raises(Refused, match="overdrawn"):
        house.send(Spend(fund_id="a", amount_fen=10))

    other.send(Add(fund_id="a", amount_fen=10))
    assert house.send(Spend(fund_id="a", amount_fen=10)).streams == {"fund/a": 4}


def test_a_decision_is_made_on_what_another_process_did_to_a_stream_that_it_only_reads(
    house: House, other: House
) -> None:
    house.send_many(Add(fund_id="a", amount_fen=10), Add(fund_id="ceiling", amount_fen=10))
    house.send(Spend(fund_id="a", amount_fen=1, under_fund_id="ceiling"))
    other.send(Spend(fund_id="ceiling", amount_fen=10))

    with pytest.raises(Refused, match="above_ceiling"):
        house.send(Spend(fund_id="a", amount_fen=1, under_fund_id="ceiling"))


def test_a_key_that_another_process_released_may_be_taken(house: House, other: House) -> None:
    house.send(GiveLabel(fund_id="a", label="医疗"))
    with pytest.raises(Refused, match="label_taken"):
        other.send(GiveLabel(fund_id="b", label="医疗"))

    house.send(GiveLabel(fund_id="a", label=None))

    other.send(GiveLabel(fund_id="b", label="医疗"))
    with pytest.raises(Refused, match="label_taken"):
        house.send(GiveLabel(fund_id="a", label="医疗"))


def test_two_processes_that_seal_for_a_new_person_at_once_use_one_key(house: House, tmp_path: Path) -> None:
    def sent(side: str, number: int) -> tuple[str, dict[str, str], str]:
        personal = {"account": f"{side} {number}", "name": "王芳"}
        fields = {"fund_id": f"{side}-{number}", "person_id": f"person-{number}", **personal}
        return "NameKeeper", fields, f"{side}-{number}"

    left, right = race(
        house.url, tmp_path, *([sent(side, n) for n in range(PERSONS)] for side in ("left", "right"))
    )

    assert all(isinstance(outcome, int) for outcome in left + right)
    with house.store.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM person_keys")) == PERSONS
    for side in ("left", "right"):
        for number in range(PERSONS):
            assert accounts(house, f"{side}-{number}") == [f"{side} {number}"]


def test_a_person_forgotten_by_another_process_is_refused_from_then_on(house: House, other: House) -> None:
    house.send(keeper("a", "p", "1"))
    assert accounts(house, "a") == ["1"]

    other.forget("p")

    with pytest.raises(Refused, match="forgotten"):
        house.send(keeper("b", "p", "2"))
    assert accounts(house, "a") == [ERASED]
    assert house.log.stream("fund/b") == []
    house.send(keeper("b", "q", "1"))
    house.send(keeper("a", "q", "2"))
    assert accounts(house, "a") == [ERASED, "2"]


def test_a_person_forgotten_before_anything_was_sealed_is_refused_too(house: House, other: House) -> None:
    other.forget("p")

    outcomes = house.send_many(keeper("a", "p", "1"), keeper("b", "q", "1"))

    assert isinstance(outcomes[0], Refused)
    assert outcomes[0].code == "person.forgotten"
    assert isinstance(outcomes[1], Answer)


def accounts(house: House, fund_id: str) -> list[object]:
    """The accounts that a fund's events bring, opened."""
    stream = f"fund/{fund_id}"
    return [
        house.clear(
            read_event(language, stream, event.version, event.type, event.public, event.sealed).account
        )
        for event in house.log.stream(stream)
    ]


def test_a_process_that_stands_still_within_an_append_does_not_hold_the_log_beyond_the_limit(
    postgresql_house: House, tmp_path: Path
) -> None:
    house, held = postgresql_house, tmp_path / "held"
    output = tmp_path / "output"
    holder = start(json.dumps({"url": house.url, "hold": str(held)}), output)
    wait_until_ready(holder, held.exists, log=output, seconds=30)
    holder.send_signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        answer = house.send(Add(fund_id="a", amount_fen=5), "1")
        waited = time.monotonic() - began
    finally:
        holder.kill()
        holder.wait()

    assert waited < LIMIT_SECONDS
    assert house.log.head().position == answer.position


def test_a_process_that_wakes_up_after_it_lost_its_turn_has_recorded_nothing(
    postgresql_house: House,
) -> None:
    house = postgresql_house
    with closing(house.another()) as slow:
        recorded = slow.log.head()

        def oversleep() -> None:
            with slow.store.write() as connection:
                lock_head(connection)
                connection.execute(text("UPDATE head SET epoch = 99"))
                house.send(Add(fund_id="a", amount_fen=5))
                connection.execute(text("SELECT 1"))

        with pytest.raises(DBAPIError):
            oversleep()

        assert house.log.head().epoch == recorded.epoch
        assert slow.send(Add(fund_id="a", amount_fen=5)).position == recorded.position + 2


def test_a_frozen_backend_that_holds_the_head_makes_callers_unavailable_in_time_and_nothing_is_lost(
    postgresql_house: House, postgresql: PostgreSQL
) -> None:
    house = postgresql_house
    with closing(house.another()) as frozen, frozen.store.engine.connect() as connection:
        lock_head(connection)
        backend: int = connection.scalar(text("SELECT pg_backend_pid()")) or 0
        with postgresql.frozen_backend(backend):
            began = time.monotonic()
            with eventlet.Timeout(60), pytest.raises(Unavailable):
                house.send(Add(fund_id="a", amount_fen=5), "1")
            waited = time.monotonic() - began
            assert house.log.command("1") is None
        connection.invalidate()

    assert waited < UNAVAILABLE_SECONDS_MAX
    assert not house.send(Add(fund_id="a", amount_fen=5), "1").repeated


def test_a_process_that_holds_the_file_makes_callers_unavailable_in_time_and_nothing_is_lost(
    tmp_path: Path,
) -> None:
    house = found_house(f"sqlite:///{tmp_path / 'store.sqlite'}")
    held, output = tmp_path / "held", tmp_path / "output"
    holder = start(json.dumps({"url": house.url, "hold": str(held)}), output)
    wait_until_ready(holder, held.exists, log=output, seconds=30)
    try:
        began = time.monotonic()
        with pytest.raises(Unavailable):
            house.send(Add(fund_id="a", amount_fen=5), "1")
        waited = time.monotonic() - began
    finally:
        holder.kill()
        holder.wait()

    assert waited < UNAVAILABLE_SECONDS_MAX
    assert house.log.command("1") is None
    assert not house.send(Add(fund_id="a", amount_fen=5), "1").repeated
    house.close()
