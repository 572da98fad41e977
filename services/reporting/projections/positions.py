"""Which events a fact rests on: every row names all of them, so that each can be looked up in its log."""

from shared.log.envelope import Envelope
from shared.projections.projection import Row


def told_by(envelope: Envelope) -> Row:
    """Where the event stands that made a fact: its ``position``, the first of the fact's ``positions``."""
    return {"position": envelope.position, "positions": str(envelope.position)}


def also_told_by(row: Row, envelope: Envelope) -> Row:
    """The positions of a fact that a further event has changed."""
    return {"positions": f"{row['positions']},{envelope.position}"}


def listed(row: Row) -> Row:
    """A row as it is shown: its positions as a list."""
    return row | {"positions": [int(each) for each in row["positions"].split(",")]}
