"""The demonstration as a whole: what a new user waits for, and how much memory it takes."""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.log.honest import NotHonestError
from bench.measure import Row, machine, medians_of_three
from bench.processes import ROOT

TITLE = "The demonstration: a district's year, published figures beside counted ones, replayed"
STOOD = re.compile(r"all figures stood ([0-9.]+) seconds later")
"""What the demonstration tells of the time from its last command until reporting has counted everything."""
SMALL = ROOT / "tests" / "demo" / "small.toml"


def measure(*, quick: bool = False) -> tuple[str, list[Row]]:
    """Two rows for ``make demo`` after set-up."""
    found = medians_of_three(lambda: lived(SMALL if quick else None))
    whole = Row(
        what="`make demo` after set-up, seconds; most memory of its process, MB",
        must="≤ 120; < 600, two cores",
        measured=f"{found['seconds']}; {found['megabytes']}",
        beside="four services and all checks; the memory is without what is started beside it",
    )
    figures = Row(
        what="from the year's last command until all figures stand, seconds",
        must="≤ 1",
        measured=str(found["until_figures"]),
        beside="counted by reporting over fifty thousand members and all payments, asked over the bus",
    )
    return machine("SQLite (WAL, synchronous=FULL)"), [whole, figures]


def lived(plan: Path | None) -> dict[str, float]:
    """One run in a folder of its own. Raises NotHonestError unless everything agreed."""
    with tempfile.TemporaryDirectory() as made:
        arguments = [str(Path(made) / "demo"), *([] if plan is None else [str(plan)])]
        began = time.perf_counter()
        with subprocess.Popen(
            [sys.executable, "-m", "demo", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            said = process.stdout.read()
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise NotHonestError(f"the demonstration ended with {process.returncode}")
        stood = STOOD.search(said)
        if stood is None:
            raise NotHonestError("the demonstration does not tell when its figures stood")
        return {
            "seconds": time.perf_counter() - began,
            "megabytes": used.ru_maxrss / 1024,
            "until_figures": float(stood[1]),
        }
