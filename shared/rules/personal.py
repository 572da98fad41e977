"""Personal values: what a rule may carry from a command to an event but can neither read nor compare."""

from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

Value = TypeVar("Value")

PublicText = Annotated[str, "public"]
"""Free text of a message that names nobody, such as a document's number; any other is ``Personal[str]``."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A personal value as it stands in a log: readable only with the key of the person it is about."""

    person_id: str
    place: str
    box: str


class Erased:
    """What is left of a personal value whose person was forgotten."""

    def __repr__(self) -> str:
        return "[erased]"


ERASED = Erased()


class Personal(Generic[Value]):
    """A value about a person, marked by its type: ``identity_number: Personal[IdentityNumber]``.

    The edge has checked it; the vault alone opens it. Any two are equal, so that a rule which compares
    them learns nothing, and a decision that is replayed on erased data still compares equal.
    """

    __slots__ = ("content",)

    def __init__(self, content: Value | Sealed | Erased) -> None:
        self.content = content

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Personal)

    def __hash__(self) -> int:
        return hash(Personal)

    def __repr__(self) -> str:
        return "‹personal›"
