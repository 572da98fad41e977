"""Messages: the commands and events of a service's language, as frozen records with a stored name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, dataclass_transform, overload

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Kind:
    """What is said of a message type once: its stored name, schema number and whether it may lie ahead."""

    name: str
    schema: int
    plannable: bool


@overload
@dataclass_transform(frozen_default=True, kw_only_default=True)
def message(made: type[Made]) -> type[Made]: ...


@overload
@dataclass_transform(frozen_default=True, kw_only_default=True)
def message(*, schema: int = 1, plannable: bool = False) -> Callable[[type[Made]], type[Made]]: ...


def message(made: type[Any] | None = None, *, schema: int = 1, plannable: bool = False) -> Any:
    """Make a class a message.

    Args:
        schema: the number of its shape; raise it with every change and add an upcaster from the old one.
        plannable: whether an event's ``effective_on`` may lie after the day on which it is recorded.

    A message with personal fields has a field ``person_id`` beside them: whose key seals them. An event
    with a field ``effective_on`` is true in the world from that day; others from the day of recording.
    """

    def make(plain: type[Any]) -> type[Any]:
        finished: type[Any] = dataclass(frozen=True, slots=True, kw_only=True)(plain)
        finished.__kind__ = Kind(plain.__name__, schema, plannable)
        return finished

    return make if made is None else make(made)


def kind_of(message_type: type[Any]) -> Kind:
    """The kind of a message type. Raises AttributeError for a class that is no message."""
    kind: Kind = message_type.__kind__
    return kind
