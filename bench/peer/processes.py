"""Single appends through the opponent's recorder by processes, each with one caller and one connection."""

# The library is installed in the opponent's environment only; elsewhere its classes are unknown.
# mypy: disable-error-code="import-not-found, misc, untyped-decorator"

import multiprocessing
import time
from multiprocessing.synchronize import Barrier
from uuid import uuid4

from opponent import STATE, append, arguments, check_stored, empty_schema, recorder, report, settings


def caller(environment: dict[str, str], seconds: float, start: Barrier) -> tuple[int, float, float]:
    """One process: how many it appended, and when it began and ended by the machine's monotonic clock."""
    events = recorder(environment | {"CREATE_TABLE": "no"})
    stream_id = uuid4()
    append(events, stream_id, 1)  # opens the connection before the clock starts
    start.wait()
    began = time.monotonic()
    version = 1
    while time.monotonic() < began + seconds:
        version += 1
        append(events, stream_id, version)
    ended = time.monotonic()
    events.datastore.close()
    return version - 1, began, ended


def processes_per_second(database_url: str, processes: int, seconds: float) -> float:
    """Appends a second by so many processes together."""
    empty_schema(database_url)
    environment = settings(database_url, connections=1)
    # Made once here: several workers that create the tables at once fail with "tuple concurrently updated".
    recorder(environment).datastore.close()
    spawn = multiprocessing.get_context("spawn")
    with spawn.Manager() as manager, spawn.Pool(processes) as pool:
        start = manager.Barrier(processes)
        runs = pool.starmap(caller, [(environment, seconds, start)] * processes, chunksize=1)
    appended = sum(run[0] for run in runs)
    check_stored(database_url, acknowledged=appended + processes)
    return appended / (max(run[2] for run in runs) - min(run[1] for run in runs))


def main() -> None:
    """One run, as one JSON line."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=5)
    chosen = parser.parse_args()
    report(
        appends_per_second=round(
            processes_per_second(chosen.database_url, chosen.processes, chosen.seconds), 1
        ),
        processes=chosen.processes,
        seconds=chosen.seconds,
        payload_bytes=len(STATE),
    )


if __name__ == "__main__":
    main()
