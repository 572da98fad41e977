"""A measured process: verifies a whole log, alone or with a second process; tells memory and busy cores."""

import os
import time
from itertools import chain
from pathlib import Path

from bench.measure import busy_seconds, resident_bytes_peak
from bench.processes import given, tell, wait_for_start
from shared.log.store import Store
from shared.log.verify import verify


def family(process_id: int) -> list[int]:
    """A process with all that it started, itself or through others, and that still run."""
    children = Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()
    return [process_id, *chain.from_iterable(family(int(each)) for each in children)]


def main() -> None:
    chosen = given()
    store = Store(chosen["url"])
    peaks: dict[int, int] = {}

    def note_peaks(_done: int) -> None:
        for process_id in family(os.getpid()):
            peaks[process_id] = max(peaks.get(process_id, 0), resident_bytes_peak(process_id))

    wait_for_start()
    began, busy_before = time.perf_counter(), busy_seconds()
    verdict = verify(store, chosen["processes"], note_peaks)
    seconds, busy = time.perf_counter() - began, busy_seconds() - busy_before
    note_peaks(verdict.events)
    tell(
        events=verdict.events,
        findings=[f"{finding.code} {finding.place}" for finding in verdict.findings[:5]],
        per_second=verdict.events / seconds,
        busy_cores=busy / seconds,
        memory_mb=max(peaks.values()) / 1e6,
    )
    store.close()


if __name__ == "__main__":
    main()
