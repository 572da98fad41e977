"""Every rule bears erased values: no history and no command makes it read a personal value or stumble."""

from collections import defaultdict
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from shared.log.entry import Known, View
from shared.rules.context import Actor, Fact
from shared.rules.decider import Decider
from shared.rules.language import Language
from shared.rules.message import kind_of
from shared.rules.parameter import Parameter
from shared.rules.personal import ERASED, Personal
from shared.rules.plain import from_plain, personal_fields, to_plain
from shared.rules.refusal import Refused
from shared.runtime.commands import decide
from tests.golden.samples import languages
from tests.rules.any_message import AnyMessage
from tests.rules.rules import TODAY, in_force_always

COMMANDS_MOST = 30


class Unread(Personal[Any]):
    """An erased value that says so loudly if anybody reads it."""

    __slots__ = ()

    def __init__(self) -> None:
        """Holds nothing."""

    @property
    def content(self) -> Any:  # type: ignore[override]
        raise AssertionError("a rule has read a personal value")


# Few values, so that commands meet in their streams and name one another's.
FEW = AnyMessage(
    personal=st.builds(Unread),
    texts=st.sampled_from(["", "first", "second"]),
    identities=st.sampled_from(["a", "b", "c"]),
    integers=st.integers(0, 40),
    days=st.sampled_from([TODAY.replace(year=2001), TODAY.replace(year=2010), TODAY]),
)


FACTS: dict[str, Fact] = defaultdict(lambda: Fact(["anything"], "test", 1))
"""Whatever is looked up is found."""


class World:
    """The streams of one service, without a log around them, after its example history."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._streams: dict[str, Known] = {}
        for parameter in parameters(language):
            known = Known(in_force_always(parameter, parameter.shipped[0].value), 1)
            self._streams[f"parameter/{parameter.key}"] = known
        for each in history(language):
            self._record(language.decider_of_event(each), erased(each))

    def known(self, stream: str) -> Known:
        decider = self._language.deciders[stream.partition("/")[0]]
        return self._streams.get(stream) or Known(decider.initial)

    def handle(self, command: Any) -> bool:
        """Have a command decided; whether it was accepted."""
        decider = self._language.decider_of_command(command)
        try:
            events = decide(decider, decider.decide, command, Actor("wang"), View(TODAY, self.known), FACTS)
        except Refused:
            return False
        for each in events:
            self._record(self._language.decider_of_event(each), each)
        return True

    def _record(self, decider: Decider, each: Any) -> None:
        stream = decider.stream_of(each)
        before = self.known(stream)
        after = Known(decider.evolve(before.state, each), before.version + 1)
        decider.unique_keys(after.state)
        self._streams[stream] = after


def own_events(language: Language) -> set[str]:
    """The names of a service's events without those that every service understands."""
    return set(language.events) - set(Language("none", []).events)


def parameters(language: Language) -> tuple[Parameter[Any], ...]:
    """A service's policy parameters, if it has any."""
    name = f"services.{language.service}.parameters"
    found: tuple[Parameter[Any], ...] = import_module(name).ALL if find_spec(name) else ()
    return found


def history(language: Language) -> list[Any]:
    """A valid history of a service, as its rule tests keep it."""
    events: list[Any] = import_module(f"tests.rules.{language.service}.history").HISTORY
    return events


def erased(each: Any) -> Any:
    """An event as it is read after all its persons were forgotten."""
    personal = {path: Unread() for path, _, _ in personal_fields(each)}
    return from_plain(type(each), to_plain(each), personal)


def any_command(language: Language) -> st.SearchStrategy[Any]:
    return st.one_of(*(FEW.of(message_type) for message_type, _ in language.commands.values()))


each_language = pytest.mark.parametrize(
    "language",
    [language for language in languages() if own_events(language)],
    ids=lambda language: language.service,
)


@each_language
def test_the_example_history_of_a_service_holds_each_of_its_events(language: Language) -> None:
    assert {kind_of(type(each)).name for each in history(language)} == own_events(language)


@each_language
@settings(deadline=None)
@given(data=st.data())
def test_rules_decide_on_erased_histories_without_reading_a_personal_value(
    language: Language, data: st.DataObject
) -> None:
    world = World(language)

    for command in data.draw(st.lists(any_command(language), max_size=COMMANDS_MOST)):
        if world.handle(command):
            # The statistics tell whether chance reaches every command.
            event(f"accepted {type(command).__name__}")


def test_a_rule_that_reads_a_personal_value_would_be_found() -> None:
    with pytest.raises(AssertionError, match="has read"):
        _ = Unread().content
    assert Unread() == Personal(ERASED)
