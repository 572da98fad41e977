"""How exact a published figure is, and the range of numbers that it means (handbook, glossary 6)."""

from collections.abc import Iterable
from typing import Literal, assert_never

Precision = Literal["exact", "at_least", "about"]
_WEAKEST_LAST: tuple[Precision, ...] = ("exact", "at_least", "about")


def meant_by(figure: int, precision: Precision) -> range:
    """Returns the whole numbers that a figure stands for.

    `at_least` (5万余) reaches up to one more unit of the last non-zero digit: 50,000 to 59,999.
    `about` (约, 3.8万) reaches half such a unit either way: 37,500 to 38,499.
    """
    unit = 1
    while figure and figure % (unit * 10) == 0:
        unit *= 10
    match precision:
        case "exact":
            return range(figure, figure + 1)
        case "at_least":
            return range(figure, figure + unit)
        case "about":
            return range(figure - unit // 2, figure + max(unit // 2, 1))
        case _:
            assert_never(precision)


def weakest(precisions: Iterable[Precision]) -> Precision:
    """Returns the precision of a sum of figures: that of its least exact one; exact for none."""
    return max(precisions, key=_WEAKEST_LAST.index, default="exact")
