"""A sheet: the rows of a spreadsheet as text, with the numbers that people see beside them."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Args:
        number: as the spreadsheet shows it, from 1.
        cells: as text; empty where there is nothing.
    """

    number: int
    cells: tuple[str, ...]

    @property
    def is_blank(self) -> bool:
        return not any(map(str.strip, self.cells))


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet's name, empty for text files, and its rows."""

    name: str
    rows: Sequence[Row]
