"""Embedded: what the four services together take when nobody calls, and how quickly they answer."""

import os
import sys
import tempfile
import time
from pathlib import Path

from bench.measure import Row, machine, medians_of_three
from bench.processes import ROOT, run_process
from tests.servers.process import spawn

TITLE = "Embedded: all four services in one process"
SERVICES = ("membership", "assistance", "staffing", "reporting")
SETTLING_SECONDS = 12.0


def measure(*, quick: bool = False) -> tuple[str, list[Row]]:
    """Rows for the idle process and for calls."""
    seconds, calls = (5.0, 60) if quick else (60.0, 600)

    def run() -> dict[str, float]:
        return idle(seconds) | run_process("bench.bus.embedded", work="calls", events=calls)

    found = medians_of_three(run)
    return machine("SQLite (WAL, synchronous=FULL)"), [
        Row(
            what=f"processor time of the four services over {seconds:.0f} idle seconds, % of one core",
            must="≤ 1",
            measured=str(found["percent"]),
            beside="relays, readers, projections and interfaces run",
        ),
        Row(
            what="resident memory, MB",
            must="≤ 200",
            measured=str(found["resident_mb"]),
            beside="at the end of the idle time",
        ),
        Row(
            what="an echo, median, ms",
            must="≤ 2",
            measured=str(found["echo_ms"]),
            beside="nameko's own proxy",
        ),
        Row(
            what="a command on SQLite, median, ms",
            must="≤ 6",
            measured=str(found["command_ms"]),
            beside="three sealed fields, a unique key; waits for the disk",
        ),
    ]


def idle(seconds: float) -> dict[str, float]:
    """What a process takes that nobody calls."""
    with tempfile.TemporaryDirectory() as folder:
        process = spawn(
            [sys.executable, "-W", "ignore", "-m", "shared.runtime.start", "together", *SERVICES],
            log=Path(folder) / "process.log",
            environment={"GONGHUI_FOLDER": str(Path(folder) / "house"), "PYTHONPATH": str(ROOT)},
        )
        try:
            time.sleep(SETTLING_SECONDS)
            before, began = processor_seconds(process.pid), time.monotonic()
            time.sleep(seconds)
            spent, took = processor_seconds(process.pid) - before, time.monotonic() - began
            return {"percent": 100 * spent / took, "resident_mb": resident_bytes(process.pid) / 1e6}
        finally:
            process.kill()
            process.wait()


def processor_seconds(process_id: int) -> float:
    """User and system time of a living process so far."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_bytes(process_id: int) -> int:
    """The memory that a living process holds resident."""
    return int(Path(f"/proc/{process_id}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
