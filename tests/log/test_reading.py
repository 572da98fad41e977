"""Reading a log: pages by position, single streams, moments, the head, and what became of a command."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from shared.log.envelope import HOUSE_TIME, leaf_of
from shared.log.log import Log, NotFounded
from shared.log.merkle import EMPTY_ROOT
from shared.log.migrations import migrate
from shared.log.sealing import Vault
from shared.log.store import Store
from tests.log.fund import Add, GiveLabel, Move, language
from tests.log.house import CLERK, MASTER_KEY, House
from tests.log.reader import root_of

ADDED = 10


@pytest.fixture
def filled(house: House) -> House:
    """Ten events after the one of founding: of the streams a and b in turn."""
    for number in range(ADDED):
        house.send(Add(fund_id="ab"[number % 2], amount_fen=number + 1))
    return house


@pytest.mark.parametrize("limit", [1, 2, 3, 10, 11, 100])
def test_pages_follow_one_another_without_gap_or_overlap(filled: House, limit: int) -> None:
    positions: list[int] = []
    while page := filled.log.read(len(positions), limit):
        assert len(page) <= limit
        positions += [envelope.position for envelope in page]

    assert positions == list(range(1, ADDED + 2))


def test_after_the_head_there_is_nothing_to_read(filled: House) -> None:
    head = filled.log.head().position

    assert filled.log.read(head, 100) == []
    assert filled.log.read(head + 5, 100) == []
    assert [envelope.position for envelope in filled.log.read(head - 1, 100)] == [head]


def test_a_stream_is_read_by_its_versions(filled: House) -> None:
    events = filled.log.stream("fund/b")

    assert [envelope.version for envelope in events] == [1, 2, 3, 4, 5]
    assert [envelope.facts.data["amount_fen"] for envelope in events] == [2, 4, 6, 8, 10]
    assert {envelope.stream for envelope in events} == {"fund/b"}


def test_a_stream_that_nobody_wrote_is_empty(filled: House) -> None:
    assert filled.log.stream("fund/nobody") == []


def test_an_envelope_tells_what_happened_when_and_by_whom(house: House) -> None:
    answer = house.send(Add(fund_id="a", amount_fen=5), "command-1")
    (envelope,) = house.log.stream("fund/a")
    head = house.log.head()

    facts = envelope.facts
    assert (envelope.type, facts.schema, envelope.version) == ("Added", 1, 1)
    assert envelope.position == answer.position == answer.first_position
    assert facts.data == {"fund_id": "a", "amount_fen": 5}
    assert envelope.id == f"{head.log_id}/1/{envelope.position}"
    assert (facts.log_id, facts.epoch, facts.stream) == (head.log_id, 1, "fund/a")
    assert (facts.actor_id, facts.command_id) == (CLERK.person_id, "command-1")
    assert facts.correlation_id == "command-1"
    recorded = datetime.fromisoformat(envelope.recorded_at)
    assert abs(datetime.now(UTC) - recorded) < timedelta(minutes=1)
    assert facts.effective_on == recorded.astimezone(HOUSE_TIME).date()


def test_the_head_stands_at_the_last_event_with_the_root_of_all_leaves(filled: House) -> None:
    events, head = filled.events(), filled.log.head()

    leaves = [leaf_of(each.public.encode(), sha256(each.sealed.encode()).digest()) for each in events]
    assert (head.position, head.recorded_at) == (len(events), events[-1].recorded_at)
    assert head.root == root_of(leaves)
    assert head.root != EMPTY_ROOT


def test_a_command_is_found_by_its_id_with_its_first_answer(filled: House) -> None:
    answer = filled.send(Move(fund_id="b", to_fund_id="c", amount_fen=3), "move")

    assert filled.log.command("move") == answer
    assert answer.streams == {"fund/b": 6, "fund/c": 1}
    assert filled.log.command("never sent") is None


def test_a_command_that_decided_nothing_is_found_too(filled: House) -> None:
    answer = filled.send(GiveLabel(fund_id="a", label=None), "nothing")

    assert answer.first_position is None
    assert filled.log.command("nothing") == answer


def test_a_moment_is_a_position(filled: House) -> None:
    for envelope in filled.events():
        moment = datetime.fromisoformat(envelope.recorded_at)
        last = max(each.position for each in filled.events() if each.recorded_at == envelope.recorded_at)

        assert filled.log.position_at(moment) == last
        assert filled.log.position_at(moment - timedelta(microseconds=1)) < envelope.position


def test_before_the_first_event_no_position_had_been_recorded(filled: House) -> None:
    assert filled.log.position_at(datetime(2000, 1, 1, tzinfo=UTC)) == 0


def test_in_the_future_all_is_recorded(filled: House) -> None:
    far = datetime.now(UTC) + timedelta(days=400)

    assert filled.log.position_at(far) == filled.log.head().position


def test_a_moment_is_the_same_in_every_time_zone(filled: House) -> None:
    middle = filled.events()[ADDED // 2]
    moment = datetime.fromisoformat(middle.recorded_at)

    assert filled.log.position_at(moment.astimezone(HOUSE_TIME)) == filled.log.position_at(moment)


def test_a_store_without_a_log_says_so(store_url: str) -> None:
    store = Store(store_url)
    migrate(store)
    log = Log(store, language, Vault(MASTER_KEY))

    with pytest.raises(NotFounded):
        log.head()
    assert log.read(0, 10) == []
    assert log.command("1") is None
    store.close()
