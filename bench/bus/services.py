"""Neutral services to measure with: one issues cards, three others follow it with a row for each card."""

from typing import Any

from bench.log.cards import IssueCard, language
from bench.projections.card_rows import row_per_event
from shared.rules.language import Language
from shared.runtime.calls import Call
from shared.runtime.methods import command, operation
from shared.runtime.service import Service


def echo(call: Call, *, text: str) -> dict[str, Any]:
    """What was said."""
    return {"text": text}


class CardsService(Service):
    """Issues cards."""

    name = "cards"
    language = language

    echo = operation(echo, role="clerk")
    issue_card = command(IssueCard, role="clerk", minted=("card_id", "person_id"))


def reader(name: str) -> type[Service]:
    """A service that follows the cards, and does nothing else."""
    members = {
        "name": name,
        "language": Language(name, ()),
        "projections": (row_per_event(),),
        "__doc__": "Follows the cards.",
        "__module__": __name__,
    }
    return type(f"{name.capitalize()}Service", (Service,), members)


READERS = ("reader1", "reader2", "reader3")
SERVICES: dict[str, type[Service]] = {"cards": CardsService} | {name: reader(name) for name in READERS}
