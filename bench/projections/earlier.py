"""Figures as of earlier moments: made anew from prefixes of the feeds, against what was told at the time."""

import random
import tempfile
import time
from pathlib import Path

from bench.log.honest import NotHonestError
from bench.measure import Row, machine, medians_of_three
from services.reporting.service import COUNTED
from shared.projections.as_of import as_of
from tests.audit.district import opened
from tests.audit.remembered import CHOICES, SEED, Remembered, counted, remember

TITLE = "As of: figures at earlier moments, equal to what was told then"
EARLIER = 100


def measure(*, quick: bool = False) -> tuple[str, list[Row]]:
    """One row. Raises NotHonestError where a figure is not what was told then."""
    moments = 10 if quick else EARLIER
    with tempfile.TemporaryDirectory() as folder:
        history = remember(Path(folder))
        found = medians_of_three(lambda: asked(history, moments))
        steps = len(history.by_position)
    row = Row(
        what=f"figures at {moments} random earlier moments of {steps}, by subtree, programme and period",
        must="all equal to what was recorded then",
        measured=f"all equal; {found['seconds']} seconds for all, {found['milliseconds_each']} ms a moment",
        beside=f"{len(CHOICES)} choices a moment; members, payments, reversals and goods, two feeds",
    )
    return machine("SQLite (WAL, synchronous=FULL)"), [row]


def asked(history: Remembered, moments: int) -> dict[str, float]:
    """Ask for the figures at so many moments, chosen by chance."""
    earlier = random.Random(SEED).sample(history.by_position, moments)
    with opened(history.folder, "reporting") as reporting:
        began = time.perf_counter()
        for known, told in earlier:
            up_to = [(each, reporting.feed(each.source), known[each.source]) for each in COUNTED]
            with as_of(reporting.store, up_to) as then:
                if not then.complete or counted(then.connection) != told:
                    raise NotHonestError(f"the figures as of {known} are not those told then")
        seconds = time.perf_counter() - began
    return {"seconds": seconds, "milliseconds_each": 1_000 * seconds / moments}
