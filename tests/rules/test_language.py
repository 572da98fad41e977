"""A language knows its words, is loud about all others, and brings old shapes up to the present one."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from shared.rules.decider import Decider
from shared.rules.language import Language, UnknownType
from shared.rules.message import message
from shared.rules.personal import Personal
from shared.rules.plain import UnknownShape, plan_of
from tests.golden.samples import languages


@message
class Greet:
    greeting_id: str
    person_id: str
    name: Personal[str]


def split_words(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "words": data["words"].split()}


def add_day(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "on": "1970-01-01"}


@message(upcasters=(split_words, add_day))
class Greeted:
    greeting_id: str
    person_id: str
    name: Personal[str]
    words: tuple[str, ...]
    on: date


@message
class Greeting:
    words: tuple[str, ...] = ()


def decider(name: str = "greeting", commands: Any = Greet, events: Any = Greeted) -> Decider:
    return Decider(name, "greeting_id", commands, events, Greeting(), lambda *_: [], lambda state, _: state)


language = Language("greetings", [decider()])
NAME: Personal[str] = Personal("金丝雀")
OLDEST = {"greeting_id": "1", "person_id": "li", "words": "good day"}
PRESENT = Greeted(greeting_id="1", person_id="li", name=NAME, words=("good", "day"), on=date(1970, 1, 1))


@pytest.mark.parametrize(
    ("schema", "data"),
    [
        (1, OLDEST),
        (2, OLDEST | {"words": ["good", "day"]}),
        (3, OLDEST | {"words": ["good", "day"], "on": "1970-01-01"}),
    ],
)
def test_each_shape_that_an_event_ever_had_is_understood(schema: int, data: dict[str, Any]) -> None:
    event = language.event("Greeted", schema, data, {"name": NAME})

    assert event == PRESENT
    assert event.name is NAME


def test_a_commands_old_shape_is_understood_too() -> None:
    quiet: Any = message(upcasters=(lambda data: {**data, "loud": False},))
    later: Any = quiet(type("Greet", (), {"__annotations__": {"greeting_id": str, "loud": bool}}))
    understands = Language("greetings", [decider(commands=later)])

    assert understands.command("Greet", 1, {"greeting_id": "1"}, {}) == later(greeting_id="1", loud=False)


def test_an_upcaster_leaves_the_stored_data_as_it_was() -> None:
    stored = dict(OLDEST)
    language.event("Greeted", 1, stored, {})

    assert stored == OLDEST


@pytest.mark.parametrize("understood", [language.event, language.command], ids=["event", "command"])
def test_an_unknown_type_is_loud(understood: Callable[..., Any]) -> None:
    with pytest.raises(UnknownType, match="Waved"):
        understood("Waved", 1, {}, {})


def test_an_event_is_no_command_and_a_command_no_event() -> None:
    with pytest.raises(UnknownType):
        language.command("Greeted", 3, OLDEST, {})
    with pytest.raises(UnknownType):
        language.event("Greet", 1, OLDEST, {})


def test_a_message_of_no_decider_is_loud() -> None:
    with pytest.raises(UnknownType):
        Language("silence", []).decider_of_event(PRESENT)


def test_a_schema_of_the_future_is_loud() -> None:
    with pytest.raises(UnknownType, match="schema 4"):
        language.event("Greeted", 4, OLDEST, {})


@pytest.mark.parametrize("schema", [0, -1])
def test_a_schema_that_never_was_is_loud(schema: int) -> None:
    with pytest.raises(UnknownType, match=f"schema {schema}"):
        language.event("Greeted", schema, OLDEST | {"words": ["good", "day"]}, {})


def test_an_upcaster_that_makes_another_shape_is_loud() -> None:
    half: Any = message(upcasters=(split_words, dict))
    annotations = {"greeting_id": str, "person_id": str, "words": tuple[str, ...], "on": date}
    wrong = Language(
        "greetings", [decider(events=half(type("Greeted", (), {"__annotations__": annotations})))]
    )

    with pytest.raises(UnknownShape, match="on"):
        wrong.event("Greeted", 1, OLDEST, {})


def test_one_name_cannot_stand_for_two_events_or_two_commands() -> None:
    other: Any = message(type("Wave", (), {"__annotations__": {"greeting_id": str}}))

    with pytest.raises(ValueError, match="Greeted is declared twice"):
        Language("greetings", [decider(), decider("wave", commands=other)])


def test_a_field_that_a_log_cannot_keep_is_found_at_the_start() -> None:
    other: Any = message(type("Wave", (), {"__annotations__": {"greeting_id": str, "height": float}}))

    with pytest.raises(TypeError, match="float"):
        Language("greetings", [decider("wave", commands=other, events=PRESENT.__class__)])


def test_every_service_understands_policy_parameters_epochs_and_skipped_reactions() -> None:
    silent = Language("silence", [])

    assert set(silent.commands) == {"BeginEpoch", "SetParameter", "SkipReaction"}
    assert set(silent.events) == {"EpochBegan", "ParameterSet", "ReactionSkipped"}


def test_the_state_of_every_stream_can_be_kept_in_a_snapshot() -> None:
    for each in languages():
        for stream in each.deciders.values():
            assert plan_of(type(stream.initial)).made is type(stream.initial)
