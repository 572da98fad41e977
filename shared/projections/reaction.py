"""Reactions: what a service does of itself when an event arrives: commands with derived ids, and effects."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from shared.log.envelope import Envelope
from shared.rules.language import read_stored
from shared.rules.message import kind_of

React = Callable[[Any, Envelope], Iterable[Any]]
Declared = TypeVar("Declared", bound=React)


@dataclass(frozen=True, slots=True)
class Effect:
    """Something done outside the log because of an event.

    It may be done again, after a crash or beside another instance, and must then come to the same.

    Args:
        do: is told the house, whose log and folder it works with. What it raises parks the event.
    """

    do: Callable[[Any], None]


class Reaction:
    """One feed's events turned into commands and effects.

    Args:
        name: its stored name; derived command ids hold it, so it is never changed.
        source: the service whose feed it follows.
    """

    def __init__(self, name: str, *, source: str) -> None:
        self.name = name
        self.source = source
        self._handled: dict[str, tuple[type[Any], React]] = {}

    def on(self, event_type: type[Any]) -> Callable[[Declared], Declared]:
        """Declare what follows from a type of event, in order: ``(event, envelope) -> commands, effects``."""

        def declare(react: Declared) -> Declared:
            self._handled[kind_of(event_type).name] = (event_type, react)
            return react

        return declare

    @property
    def event_names(self) -> frozenset[str]:
        """The types of event that it takes up."""
        return frozenset(self._handled)

    def commands(self, envelope: Envelope) -> list[Any]:
        """The commands and effects that follow from an event; none from one that is not handled."""
        if envelope.type not in self._handled:
            return []
        event_type, react = self._handled[envelope.type]
        facts = envelope.facts
        return list(react(read_stored(event_type, facts.schema, facts.data, None), envelope))


def derived_command_id(reaction: str, envelope: Envelope, number: int) -> str:
    """The id of a command that a reaction sends: the same event always gives the same ids."""
    return f"reaction/{reaction}/{envelope.id}/{number}"
