"""A measured process: audits a history as ``gonghui audit replay`` does, and tells the memory it took."""

import os
import time

from bench.log.verifying import family
from bench.measure import resident_bytes_peak
from bench.processes import given, tell, wait_for_start
from services.assistance.aggregates import language
from services.assistance.audit import LAWS, Tally
from shared.log.store import Store
from shared.runtime.auditing import verify_and_replay


def main() -> None:
    store = Store(given()["url"])
    tally = Tally()
    peaks: dict[int, int] = {}

    def note_peaks(_done: int) -> None:
        for process_id in family(os.getpid()):
            peaks[process_id] = max(peaks.get(process_id, 0), resident_bytes_peak(process_id))

    wait_for_start()
    began = time.perf_counter()
    verdict, replayed = verify_and_replay(store, language, (*LAWS, tally.law()), note_peaks)
    seconds = time.perf_counter() - began
    note_peaks(replayed.events)
    own = peaks.pop(os.getpid())
    findings = [*verdict.findings, *replayed.findings]
    tell(
        events=replayed.events,
        decided=replayed.decided,
        findings=[f"{each.code} {each.place}" for each in findings[:5]],
        grants=sum(stream.startswith("aid_grant/") for stream in replayed.states),
        paid=tally.figures()["relief.person_times"],
        seconds=seconds,
        per_second=replayed.events / seconds,
        replaying_mb=own / 1e6,
        verifying_mb=max(peaks.values(), default=0) / 1e6,
    )
    store.close()


if __name__ == "__main__":
    main()
