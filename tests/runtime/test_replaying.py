"""A replay decides every recorded command again, and finds what no decision of the rules has made."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from sqlalchemy import Row, insert, select, text, update

from shared.log.tables import commands, events
from shared.rules.context import Context
from shared.rules.language import Language
from shared.rules.personal import Personal
from shared.rules.refusal import Refused
from shared.runtime.replaying import Law, Replay, Step, Watch, replay
from tests.log import fund as funds
from tests.log.fund import Add, Added, Fund, GiveLabel, Move, NameKeeper, Spend, Spent
from tests.log.house import House, found_house, open_house


@pytest.fixture
def house(store_url: str) -> Iterator[House]:
    """A founded log of funds; on both stores."""
    founded = found_house(store_url)
    yield founded
    founded.close()


def language_with(**changed: Any) -> Language:
    return Language("fund", (replace(funds.fund, **changed),))


def codes(found: Replay) -> list[str]:
    return [each.code for each in found.findings]


def lived(house: House) -> None:
    """A history with decisions over two streams, one that decides nothing, refused ones and a sealed one."""
    house.send(Add(fund_id="a", amount_fen=100))
    house.send(Move(fund_id="a", to_fund_id="b", amount_fen=40))
    house.send(GiveLabel(fund_id="a", label="red"))
    house.send(GiveLabel(fund_id="a", label="red"))
    house.send(NameKeeper(fund_id="a", person_id="p", account=Personal("6222"), name=Personal("王芳")))
    with pytest.raises(Refused):
        house.send(Spend(fund_id="b", amount_fen=41))
    house.send(Spend(fund_id="a", amount_fen=5, under_fund_id="b"))


def test_a_history_that_the_rules_made_replays_without_findings(house: House) -> None:
    lived(house)

    found = replay(house.store, house.log.language)

    assert found.findings == []
    head = house.log.head()
    assert found.events == head.position
    assert found.decided == 7
    assert found.states["fund/a"].state == house_state(house, "a")


def house_state(house: House, fund_id: str) -> Fund:
    state = Fund()
    for envelope in house.log.stream(f"fund/{fund_id}"):
        event = house.log.language.event(envelope.type, envelope.facts.schema, envelope.facts.data, {})
        if envelope.type == "KeeperNamed":
            event = replace(event, account=Personal("any"), name=Personal("any"))
        state = funds.evolve(state, event)
    return state


def test_it_replays_the_same_once_a_person_was_forgotten(house: House) -> None:
    lived(house)
    house.forget("p")

    assert replay(house.store, house.log.language).findings == []


def generous(command: Any, state: Fund, context: Context) -> list[Any]:
    """Another rule: gives one fen more."""
    decided = funds.decide(command, state, context)
    return [
        replace(each, amount_fen=each.amount_fen + 1) if isinstance(each, Added) else each for each in decided
    ]


def test_a_rule_that_was_changed_without_a_new_version_decides_otherwise(house: House) -> None:
    lived(house)

    found = replay(house.store, language_with(decide=generous))

    assert codes(found) == ["replay.other_events"] * 2
    assert found.findings[0].place == "command 2 Add, events 2"


def test_an_earlier_version_of_a_rule_decides_what_it_decided_then(house: House) -> None:
    lived(house)
    two_versions = language_with(decide=generous, earlier=(funds.decide,))
    later = open_house(house.url, two_versions)
    later.send(Add(fund_id="a", amount_fen=1))
    later.close()

    found = replay(house.store, two_versions)

    assert found.findings == []
    assert found.states["fund/a"].state.balance_fen == 100 - 40 - 5 + 2


def tampered(house: House, number: int, change: Any) -> None:
    """Write another public part of a command straight into the database, as its owner could."""
    with house.store.write() as connection:
        if house.store.on_postgresql:
            connection.execute(text("ALTER TABLE commands DISABLE TRIGGER ALL"))
        else:
            connection.execute(text("DROP TRIGGER commands_refuse_update"))
        row = connection.execute(select(commands.c.public).where(commands.c.number == number)).scalar_one()
        public = msgspec.json.decode(row)
        change(public)
        written = msgspec.json.encode(public, order="sorted").decode()
        connection.execute(update(commands).where(commands.c.number == number).values(public=written))


def test_a_command_that_the_rules_would_have_refused_is_found(house: House) -> None:
    lived(house)
    tampered(house, 3, lambda public: public["body"].update(amount_fen=400))

    found = replay(house.store, house.log.language)

    assert codes(found) == ["replay.refused"]
    assert found.findings[0].place == "command 3 Move, events 3-4: fund.overdrawn"


def fragile(command: Any, state: Fund, context: Context) -> list[Any]:
    """A rule that relies on what only its own decisions make true."""
    if isinstance(command, Add):
        raise KeyError(command.fund_id)
    return funds.decide(command, state, context)


def frail(state: Fund, event: Any) -> Fund:
    """States that some event cannot follow."""
    if isinstance(event, Spent):
        raise KeyError(event.fund_id)
    return funds.evolve(state, event)


def test_what_no_rule_can_decide_or_follow_is_found_and_the_replay_goes_on(house: House) -> None:
    lived(house)

    undecided = replay(house.store, language_with(decide=fragile))
    unfollowed = replay(house.store, language_with(evolve=frail))

    assert undecided.findings[0].place == "command 2 Add, events 2: KeyError"
    assert set(codes(undecided)) == {"replay.undecidable"}
    assert undecided.events == unfollowed.events == house.log.head().position
    assert "replay.undecidable" in codes(unfollowed)


def test_a_decision_that_saw_other_states_than_history_has_is_found(house: House) -> None:
    lived(house)
    tampered(house, 3, lambda public: public["context"]["reads"].update({"fund/a": 7}))

    assert codes(replay(house.store, house.log.language)) == ["replay.other_states"]


def test_an_event_that_no_command_made_is_found(house: House) -> None:
    lived(house)
    with house.store.write() as connection:
        last: Row[Any] = connection.execute(select(events).order_by(events.c.position.desc())).first()  # type: ignore[assignment]
        forged = last._asdict() | {"position": last.position + 1, "version": last.version + 1}
        connection.execute(insert(events).values(**forged))

    found = replay(house.store, house.log.language)

    assert codes(found) == ["replay.no_command"]
    assert found.findings[0].place == f"event {last.position + 1}"


def never_below_sixty() -> Watch:
    def watch(step: Step) -> str | None:
        return f"{step.after.balance_fen} fen left" if step.after.balance_fen < 60 else None

    return watch


def test_a_law_is_shown_what_it_watches_and_tells_where_it_is_broken(house: House) -> None:
    lived(house)
    law = Law("fund.low", "余额过低", "the fund is low", (Spent,), never_below_sixty)

    found = replay(house.store, house.log.language, [law])

    (broken,) = found.findings
    assert broken.code == "fund.low"
    assert broken.place.endswith("Spent: 55 fen left")
