"""Single appends through the opponent's recorder by threads, and its `Application.save` by one caller."""

# The library is installed in the opponent's environment only; elsewhere its classes are unknown.
# mypy: disable-error-code="import-not-found, misc, untyped-decorator"

import threading
import time
from uuid import UUID, uuid4

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from opponent import (
    FIELDS,
    REST,
    STATE,
    append,
    arguments,
    check_stored,
    empty_schema,
    recorder,
    report,
    settings,
)


class Member(Aggregate):
    """Carries the same fields as the raw event, so that both figures are about the same payload."""

    @event("Joined")
    def __init__(
        self, name: str, identity_number: str, account_number: str, organisation_id: str, joined_on: str
    ) -> None:
        self.name = name
        self.identity_number = identity_number
        self.account_number = account_number
        self.organisation_id = organisation_id
        self.joined_on = joined_on


class Members(Application[UUID]):
    """The opponent's application with nothing added."""


def threads_per_second(database_url: str, threads: int, seconds: float) -> float:
    """Appends a second by so many threads, each on a stream of its own, over one pool of connections."""
    empty_schema(database_url)
    events = recorder(settings(database_url, connections=threads))
    appended = [0] * threads
    start = threading.Barrier(threads + 1)
    stop = threading.Event()

    def caller(number: int) -> None:
        stream_id = uuid4()
        append(events, stream_id, 1)  # opens the connection before the clock starts
        start.wait()
        while not stop.is_set():
            append(events, stream_id, appended[number] + 2)
            appended[number] += 1

    callers = [threading.Thread(target=caller, args=(number,)) for number in range(threads)]
    for thread in callers:
        thread.start()
    start.wait()
    began = time.perf_counter()
    time.sleep(seconds)
    stop.set()
    for thread in callers:
        thread.join()
    took = time.perf_counter() - began
    events.datastore.close()
    check_stored(database_url, acknowledged=sum(appended) + threads)
    return sum(appended) / took


def saves_per_second(database_url: str, seconds: float) -> float:
    """`Application.save` of one new aggregate with one event, one after the other."""
    empty_schema(database_url)
    rest = {key: REST[key] for key in ("organisation_id", "joined_on")}
    with Members(env=settings(database_url, connections=1)) as members:
        members.save(Member(**FIELDS, **rest))
        saved = 0
        began = time.perf_counter()
        while time.perf_counter() < began + seconds:
            members.save(Member(**FIELDS, **rest))
            saved += 1
        return saved / (time.perf_counter() - began)


def main() -> None:
    """One run of both, as one JSON line."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=5)
    chosen = parser.parse_args()
    report(
        appends_per_second=round(threads_per_second(chosen.database_url, chosen.threads, chosen.seconds), 1),
        saves_per_second=round(saves_per_second(chosen.database_url, chosen.seconds), 1),
        threads=chosen.threads,
        seconds=chosen.seconds,
        payload_bytes=len(STATE),
    )


if __name__ == "__main__":
    main()
