"""Pages: the rows of a sheet in portions that a call takes, each with the rows that have to come before."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """Rows to send together.

    Args:
        indexes: of the rows, in the order in which they are sent.
        own: those that this page is about; the others only stand above them and have been sent before.
    """

    indexes: tuple[int, ...]
    own: frozenset[int]


def pages_of(parents: Sequence[int | None], most: int) -> Iterator[Page]:
    """Every row in one page of its own, from above to below, together with all rows above it.

    Args:
        parents: for each row the one above it; rows that lead back to themselves come without those above.
        most: how many rows a page holds.
    """
    above = [_above(index, parents) for index in range(len(parents))]
    sent: dict[int, None] = {}
    own: set[int] = set()
    for index in sorted(range(len(parents)), key=lambda each: len(above[each])):
        needed = [each for each in (*above[index], index) if each not in sent]
        if len(sent) + len(needed) > most and own:
            yield Page(tuple(sent), frozenset(own))
            sent, own, needed = {}, set(), [*above[index], index]
        sent |= dict.fromkeys(needed[-most:])
        own.add(index)
    if own:
        yield Page(tuple(sent), frozenset(own))


def _above(index: int, parents: Sequence[int | None]) -> tuple[int, ...]:
    """The rows above a row, the topmost first; none where they lead back."""
    found: dict[int, None] = {}
    parent = parents[index]
    while parent is not None:
        if parent in found or parent == index:
            return ()
        found[parent] = None
        parent = parents[parent]
    return tuple(reversed(found))
