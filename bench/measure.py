"""What every benchmark needs: the median of three, the machine it ran on, its section of the results."""

import os
import platform
import re
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psycopg

RESULTS = Path(__file__).with_name("RESULTS.md")
OPENING = "# Measured\n\nEach section is rewritten by its benchmark; figures are medians of three runs.\n"
LIBRARIES = ("nameko", "kombu", "eventlet", "SQLAlchemy", "psycopg", "cryptography", "msgspec", "marshmallow")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """The median of three runs, with the lowest and the highest beside it so that noise is seen."""

    median: float
    lowest: float
    highest: float

    def __str__(self) -> str:
        return f"{figure(self.median)} ({figure(self.lowest)} to {figure(self.highest)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of a section: what was measured, what it must be, what it was, and what stands beside it."""

    what: str
    must: str
    measured: str
    beside: str


def figure(value: float) -> str:
    """A figure as it is read: thousands marked, three digits where it is small."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def medians_of_three(run: Callable[[], Mapping[str, float]]) -> dict[str, Figure]:
    """Run three times; result: a figure for each name that the runs report."""
    runs = [run() for _ in range(3)]
    return {
        name: Figure(
            median=statistics.median(each[name] for each in runs),
            lowest=min(each[name] for each in runs),
            highest=max(each[name] for each in runs),
        )
        for name in runs[0]
    }


def resident_bytes_peak(process_id: int | None = None) -> int:
    """The most memory, in bytes, that a living process (this one if none is named) ever held resident.

    Read from /proc and not from getrusage, which keeps the peak of the process it was forked from.
    """
    status = Path(f"/proc/{process_id or os.getpid()}/status").read_text()
    return int(_found(r"^VmHWM:\s+(\d+) kB", status)) * 1024


def busy_seconds() -> float:
    """Processor time that all processes of this machine have spent since it began."""
    user, nice, system, _idle, _waiting, *interrupts = map(
        int, Path("/proc/stat").read_text().partition("\n")[0].split()[1:8]
    )
    return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")


def postgresql(database_url: str) -> str:
    """The server's version, and whether it waits for its disk; the URL is one that psycopg takes."""
    shown = []
    with psycopg.connect(database_url) as connection:
        for setting in (b"SHOW server_version", b"SHOW fsync", b"SHOW synchronous_commit"):
            row = connection.execute(setting).fetchone()
            shown.append(str(row[0]) if row else "unknown")
    return "PostgreSQL {}, fsync {}, synchronous_commit {}".format(*shown)


def machine(*servers: str) -> str:
    """One paragraph on where and with what the figures were taken; servers are named by the caller."""
    processor = _found(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text())
    memory_bytes = int(_found(r"^MemTotal:\s+(\d+) kB", Path("/proc/meminfo").read_text())) * 1024
    return ", ".join(
        [
            f"{datetime.now(UTC):%Y-%m-%d}: {processor}, {len(os.sched_getaffinity(0))} cores",
            f"{memory_bytes / 2**30:.1f} GiB, {platform.system()} {platform.release()}",
            f"Python {platform.python_version()}",
            *servers,
            *(f"{library} {_version(library)}" for library in LIBRARIES),
        ]
    )


def write_section(name: str, machine: str, rows: Sequence[Row], path: Path = RESULTS) -> None:
    """Write the named section into the results, in the place of its last writing; others stay as they are."""
    cells = [("what", "must", "measured", "ratio / beside"), ("---",) * 4]
    cells += [(row.what, row.must, row.measured, row.beside) for row in rows]
    table = "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in cells)
    section = f"## {name}\n\n{machine}\n\n{table}\n"
    text = path.read_text(encoding="utf-8") if path.exists() else OPENING
    opening, *others = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    sections = {other.partition("\n")[0].removeprefix("## "): other.rstrip() + "\n" for other in others}
    sections[name] = section
    path.write_text("\n".join([opening.rstrip() + "\n", *sections.values()]), encoding="utf-8")


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "absent"


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.MULTILINE)
    return match[1].strip() if match else "0"
