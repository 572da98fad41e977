"""Deciders: the whole of an aggregate's rules, as ``initial``, ``decide`` and ``evolve``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from shared.rules.context import Context
from shared.rules.personal import Personal
from shared.rules.refusal import Refusal

Decide = Callable[[Any, Any, Context], list[Any]]


@dataclass(frozen=True, slots=True)
class PersonalKey:
    """A unique key made from a personal value: a keyed digest of it is kept, and dies with the person.

    Its name in ``unique_keys`` is that of the field by which the event that takes it brings the value.
    """

    value: Personal[Any]
    refusal: Refusal


UniqueKeys = Callable[[Any], Mapping[str, Refusal | PersonalKey]]


def no_unique_keys(state: Any) -> Mapping[str, Refusal | PersonalKey]:
    return {}


@dataclass(frozen=True, slots=True, eq=False)
class Decider:
    """One kind of stream; equal to itself only, so that its initial state may hold what has no hash.

    Args:
        name: the kind's stored name; a stream is called ``name/identity``.
        identity: the field that names the stream in each of its commands and events.
        commands, events: a message type, or a union of them.
        initial: the state before the first event.
        decide: ``(command, state, context) -> events``; raises a declared refusal, or records.
        evolve: ``(state, event) -> state``; believes, never raises on a valid history.
        unique_keys: which keys a state holds, and the refusal for who comes second. A key that a rule claims
            for states recorded before is not theirs until an event changes it.
        earlier: the decide functions of rule versions 1, 2, …; the present one has the number after them.
    """

    name: str
    identity: str
    commands: Any
    events: Any
    initial: Any
    decide: Decide
    evolve: Callable[[Any, Any], Any]
    unique_keys: UniqueKeys = no_unique_keys
    earlier: tuple[Decide, ...] = ()

    @property
    def rule_version(self) -> int:
        return len(self.earlier) + 1

    def decide_as_of(self, rule_version: int) -> Decide:
        """The decide function of a rule version, for an audit that decides again. Raises ValueError."""
        if not 1 <= rule_version <= self.rule_version:
            raise ValueError(f"{self.name} has no rule version {rule_version}")
        return (*self.earlier, self.decide)[rule_version - 1]

    def stream_of(self, message: Any) -> str:
        return f"{self.name}/{getattr(message, self.identity)}"

    def command_types(self) -> tuple[type[Any], ...]:
        return get_args(self.commands) or (self.commands,)

    def event_types(self) -> tuple[type[Any], ...]:
        return get_args(self.events) or (self.events,)
