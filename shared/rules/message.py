"""Messages: the commands and events of a service's language, as frozen records with a stored name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, dataclass_transform, overload

Made = TypeVar("Made")


Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
"""Turns the stored data of one shape into that of the next."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What is said of a message type once: its stored name, the way up to its present shape, and its days."""

    name: str
    upcasters: tuple[Upcaster, ...]
    plannable: bool

    @property
    def schema(self) -> int:
        """The number of the present shape; each upcaster leads from one to the next."""
        return len(self.upcasters) + 1


@overload
@dataclass_transform(frozen_default=True, kw_only_default=True)
def message(made: type[Made]) -> type[Made]: ...


@overload
@dataclass_transform(frozen_default=True, kw_only_default=True)
def message(
    *, upcasters: tuple[Upcaster, ...] = (), plannable: bool = False
) -> Callable[[type[Made]], type[Made]]: ...


def message(
    made: type[Any] | None = None, *, upcasters: tuple[Upcaster, ...] = (), plannable: bool = False
) -> Any:
    """Make a class a message.

    Args:
        upcasters: for a shape that has changed, what turns the data of shape 1 into 2, of 2 into 3, …
        plannable: whether an event's ``effective_on`` may lie after the day on which it is recorded.

    A message with personal fields has a field ``person_id`` beside them: whose key seals them. An event
    with a field ``effective_on`` is true in the world from that day; others from the day of recording.
    """

    def make(plain: type[Any]) -> type[Any]:
        finished: type[Any] = dataclass(frozen=True, slots=True, kw_only=True)(plain)
        finished.__kind__ = Kind(plain.__name__, upcasters, plannable)
        return finished

    return make if made is None else make(made)


def kind_of(message_type: type[Any]) -> Kind:
    """The kind of a message type. Raises AttributeError for a class that is no message."""
    kind: Kind = message_type.__kind__
    return kind
