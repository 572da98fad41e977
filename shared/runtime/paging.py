"""Pages: how much of a long answer is given at a time."""

from dataclasses import dataclass
from typing import Annotated

PAGE_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Between:
    """Limits of a number, both included: they stand in the schema, and no other number is taken."""

    least: int
    most: int


PageLimit = Annotated[int, Between(1, PAGE_MOST)]
"""The most entries of a page that a caller wants."""
