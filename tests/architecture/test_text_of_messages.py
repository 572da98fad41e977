"""Text in a message is an identity or a value of the standards, is sealed, or declares that it is public."""

import re
from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from shared.rules.message import message
from shared.rules.personal import Personal, PublicText
from tests.golden.samples import languages

IDENTITY = re.compile(r"(.*_)?(ids?|by|digest)$")
OTHER_IDENTITIES = {
    "BeginEpoch.service",
    "EpochBegan.service",
    "GoodsReturned.returned_to",
    "HouseholdAided.counted_for",
    "HouseholdAidReleased.counted_for",
    "LinesAdded.lines",
}
"""Ids under another name, and names of services."""
OF_THE_HOUSE = {"SetParameter", "ParameterSet", "SkipReaction", "ReactionSkipped"}
"""What they name are keys, codes and places of the suite's own, and values that are published."""


def undeclared(message_type: type[Any]) -> Iterator[str]:
    """The fields of a message, and of those within, that hold text of which nothing is said."""
    for name, hint in get_type_hints(message_type, include_extras=True).items():
        place = f"{message_type.__name__}.{name}"
        if not IDENTITY.fullmatch(name) and place not in OTHER_IDENTITIES and holds_text(hint):
            yield place
        for inner in parts_of(hint):
            if is_dataclass(inner) and isinstance(inner, type):
                yield from undeclared(inner)


def parts_of(hint: Any) -> Iterator[Any]:
    """A type with all that stands in its brackets; nothing of what is sealed or declared."""
    if get_origin(hint) is Personal or hint == PublicText:
        return
    yield hint
    for each in get_args(hint):
        yield from parts_of(each)


def holds_text(hint: Any) -> bool:
    return any(each is str for each in parts_of(hint))


def messages() -> list[type[Any]]:
    """Every command and event of every service."""
    found = {made for each in languages() for made, _ in (*each.commands.values(), *each.events.values())}
    return sorted(
        (made for made in found if made.__name__ not in OF_THE_HOUSE), key=lambda made: made.__name__
    )


@pytest.mark.parametrize("message_type", messages(), ids=lambda made: made.__name__)
def test_text_is_sealed_unless_it_declares_itself_public(message_type: type[Any]) -> None:
    assert list(undeclared(message_type)) == []


def test_text_of_which_nothing_is_said_is_found() -> None:
    @message
    class Remark:
        text: str

    @message
    class Noted:
        note_id: str
        basis: PublicText
        secret: Personal[str] | None
        remarks: tuple[Remark, ...]
        story: str | None

    assert list(undeclared(Noted)) == ["Remark.text", "Noted.story"]
