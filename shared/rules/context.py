"""The context: what the house adds to a command before it is decided."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from shared.rules.parameter import Parameter

if TYPE_CHECKING:
    from shared.rules.decider import Decider


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person, with the roles and the subtree of organisations that the token names."""

    person_id: str
    roles: tuple[str, ...] = ()
    scope: str | None = None


HOUSE = Actor(person_id="house")
"""Who acts when nobody does: the software itself, when it founds, restores or makes the first login."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What a projection told before a decision.

    Args:
        value: plain JSON data.
        source, position: the feed it came from, and how far of it was known.
    """

    value: Any
    source: str
    position: int


@dataclass(frozen=True, slots=True)
class Context:
    """What a decision may know besides its command and its own stream's state.

    Args:
        actor: who wishes it.
        today: the house's date (China Standard Time) at the moment of recording.
        parameter: gives a parameter's value in force on a day, or raises ``parameter.not_in_force``.
        state: gives the state of a further stream that the command names; its version is noted and held.
        states: as ``state``, of several streams of one kind, read in one go: for commands that name many.
        facts: what was looked up in projections for this command, by the look-up's name.
    """

    actor: Actor
    today: date
    parameter: Callable[[Parameter[Any], date], Any]
    state: Callable[["Decider", str], Any]
    states: Callable[["Decider", Sequence[str]], list[Any]]
    facts: Mapping[str, Fact] = field(default_factory=dict)

    @property
    def actor_id(self) -> str:
        return self.actor.person_id

    def fact(self, name: str) -> Any:
        """The value of a fact. Raises KeyError where the service's line for the command looks none up."""
        return self.facts[name].value
