"""The range that a published figure means; the vectors are those of the handbook, glossary 6."""

import pytest

from shared.standards.precision import Precision, meant_by, weakest


@pytest.mark.parametrize(
    ("figure", "precision", "first", "end"),
    [
        (14_425, "exact", 14_425, 14_426),
        (50_000, "at_least", 50_000, 60_000),
        (1_700_000, "at_least", 1_700_000, 1_800_000),
        (320_000, "at_least", 320_000, 330_000),
        (100, "at_least", 100, 200),
        (38_000, "about", 37_500, 38_500),
        (7, "about", 7, 8),
        (0, "at_least", 0, 1),
    ],
)
def test_a_figure_means_the_range_that_the_handbook_gives(
    figure: int, precision: Precision, first: int, end: int
) -> None:
    assert meant_by(figure, precision) == range(first, end)


def test_a_sum_is_as_exact_as_its_least_exact_figure() -> None:
    assert weakest(["exact", "at_least", "exact"]) == "at_least"
    assert weakest(["about", "at_least"]) == "about"
    assert weakest([]) == "exact"
