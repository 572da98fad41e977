"""The demonstration as a whole: what a new user waits for, and how much memory it takes."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.log.honest import NotHonestError
from bench.measure import Row, machine, medians_of_three
from bench.processes import ROOT

TITLE = "The demonstration: a district's year, published figures beside counted ones, replayed"
SMALL = ROOT / "tests" / "demo" / "small.toml"


def measure(*, quick: bool = False) -> tuple[str, list[Row]]:
    """One row for ``make demo`` after set-up."""
    found = medians_of_three(lambda: lived(SMALL if quick else None))
    row = Row(
        what="`make demo` after set-up, seconds; most memory of its process, MB",
        must="≤ 120; < 600, two cores",
        measured=f"{found['seconds']}; {found['megabytes']}",
        beside="four services and all checks; the memory is without what is started beside it",
    )
    return machine("SQLite (WAL, synchronous=FULL)"), [row]


def lived(plan: Path | None) -> dict[str, float]:
    """One run in a folder of its own. Raises NotHonestError unless everything agreed."""
    with tempfile.TemporaryDirectory() as made:
        arguments = [str(Path(made) / "demo"), *([] if plan is None else [str(plan)])]
        began = time.perf_counter()
        with subprocess.Popen(
            [sys.executable, "-m", "demo", *arguments], cwd=ROOT, stdout=subprocess.DEVNULL
        ) as process:
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise NotHonestError(f"the demonstration ended with {process.returncode}")
        return {"seconds": time.perf_counter() - began, "megabytes": used.ru_maxrss / 1024}
