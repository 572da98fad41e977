"""The one door from tests to rules: what was recorded, what is wished, what is decided.

A decision goes through the same few lines as in a running service, on states folded from given events.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import reduce
from typing import Any

from shared.log.deciding import check_brought
from shared.log.entry import Known, View
from shared.rules.context import Actor, Fact
from shared.rules.decider import Decider, PersonalKey
from shared.rules.parameter import Parameter
from shared.rules.plain import personal_fields
from shared.rules.policy_parameter import ParameterSet, policy_parameter
from shared.rules.refusal import Refusal, Refused
from shared.runtime.commands import decide

Others = dict[tuple[Decider, str], Sequence[Any]]
"""What was recorded in further streams, by decider and identity."""
LONG_AGO = date(1990, 1, 1)
TODAY = date(2025, 6, 2)


def fold(decider: Decider, events: Sequence[Any]) -> Any:
    """The state that events leave."""
    return reduce(decider.evolve, events, decider.initial)


@dataclass(frozen=True)
class Rules:
    """The rules of one kind of stream, with what stands around them.

    Args:
        decider: whose rules are tested.
        parameters: the values in force on every day since 1990.
        others: what was recorded in further streams, by decider and identity.
        facts: what is looked up for the command, by name.
    """

    decider: Decider
    parameters: Mapping[Parameter[Any], int | str] = field(default_factory=dict)
    others: Mapping[tuple[Decider, str], Sequence[Any]] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)

    def given(self, *events: Any) -> "Given":
        """What was recorded before in the stream that the command is about."""
        return Given(self, events)


@dataclass(frozen=True)
class Given:
    """A stream with its history, before a command."""

    rules: Rules
    events: tuple[Any, ...]

    @property
    def state(self) -> Any:
        return fold(self.rules.decider, self.events)

    def when(self, command: Any, *, by: str = "wang", on: date = TODAY) -> "Decision":
        """Have a command decided: ``by`` is the person who acts, ``on`` the house's date."""
        streams = {
            f"{decider.name}/{identity}": Known(fold(decider, events), len(events))
            for (decider, identity), events in self.rules.others.items()
        }
        for parameter, value in self.rules.parameters.items():
            streams[f"parameter/{parameter.key}"] = Known(in_force_always(parameter, value), 1)
        own = self.rules.decider
        streams[own.stream_of(command)] = Known(self.state, len(self.events))

        def known(stream: str) -> Known:
            return streams.get(stream) or Known(_decider_named(stream, own, *self.rules.others).initial)

        facts = {name: Fact(value, "test", 1) for name, value in self.rules.facts.items()}
        try:
            events = decide(own, own.decide, command, Actor(by), view := View(on, known), facts)
            self._check_keys(events)
        except Refused as refused:
            return Decision([], refused)
        return Decision(events, None, view.reads)

    def _check_keys(self, events: Sequence[Any]) -> None:
        """Refuse a unique key that another stream of the same kind holds, as the log does."""
        own = self.rules.decider
        held = {
            _comparable(name, key)
            for (decider, _), history in self.rules.others.items()
            if decider is own
            for name, key in own.unique_keys(fold(own, history)).items()
        }
        # A decision may make events of other streams too.
        its_own = [each for each in events if type(each) in own.event_types()]
        state = self.state
        for event in its_own:
            before, state = own.unique_keys(state), own.evolve(state, event)
            for name, key in own.unique_keys(state).items():
                if _comparable(name, key) in held:
                    raise (key.refusal if isinstance(key, PersonalKey) else key)()
                if name not in before:
                    check_brought(name, key, event, list(personal_fields(event)))


@dataclass(frozen=True)
class Decision:
    """What a command came to: events, or a refusal; ``reads``: the version of each stream that it saw."""

    events: list[Any]
    refused: Refused | None
    reads: Mapping[str, int] = field(default_factory=dict)

    def then(self, *events: Any) -> "Decision":
        """Exactly these events were decided; personal values count as equal (see ``then_carries``)."""
        assert self.refused is None, f"refused: {self.refused}"
        assert self.events == list(events), f"decided: {self.events}"
        return self

    def then_nothing(self) -> None:
        """The command was accepted and changes nothing."""
        self.then()

    def then_refused(self, refusal: Refusal, *, field: str | None = None) -> None:
        """The command was refused for this reason, where ``field`` is given about that field of it."""
        assert self.refused is not None, f"not refused but decided: {self.events}"
        assert self.refused.refusal is refusal, f"refused for another reason: {self.refused}"
        assert self.refused.zh, "the refusal has a sentence"
        assert self.refused.en, "the refusal has a sentence"
        assert field in (None, self.refused.field), f"refused about another field: {self.refused}"

    def then_carries(self, **values: str) -> "Decision":
        """The only event carries these personal values, by field."""
        assert self.refused is None, f"refused: {self.refused}"
        (event,) = self.events
        carried = {name: getattr(event, name).content for name in values}
        assert carried == values, f"carries: {carried}"
        return self


def in_force_always(parameter: Parameter[Any], value: int | str) -> Any:
    """The state of a policy parameter that has had one value all along."""
    setting = ParameterSet(
        key=parameter.key,
        value=value,
        unit=parameter.unit,
        region="CN",
        effective_from=LONG_AGO,
        document_no="test",
        sureness="sample",
    )
    return fold(policy_parameter, [setting])


def _comparable(name: str, key: Refusal | PersonalKey) -> tuple[str, Any]:
    return name, key.value.content if isinstance(key, PersonalKey) else None


def _decider_named(stream: str, own: Decider, *others: tuple[Decider, str]) -> Decider:
    kind = stream.partition("/")[0]
    for decider in (own, policy_parameter, *(other for other, _ in others)):
        if decider.name == kind:
            return decider
    raise KeyError(f"name the decider of {stream} in others, be it without events")
