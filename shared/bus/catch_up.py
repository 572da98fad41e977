"""The one way to catch up: pages of the source's events, by RPC, until the replica is level with its head."""

from collections.abc import Callable
from typing import Any, Protocol

from shared.bus.cloud_event import event_of_text
from shared.bus.replica import Replica, SourceHead
from shared.log.log import Head, Log, head_of, read_events

PAGE = 1_000
PAGE_BYTES_MAX = 4_000_000
READ_AT_ONCE = 250


class SourceDown(Exception):
    """The source did not answer in time, or with something else than was asked for."""


class Source(Protocol):
    """A service whose events can be asked for."""

    def events_after(self, position: int, limit: int) -> dict[str, Any]:
        """As ``page_after``. Raises SourceDown."""


def page_after(log: Log, position: int, limit: int) -> dict[str, Any]:
    """A page of a log, as plain data for another service.

    Args:
        position: the page begins after it.
        limit: events at most, and never more than PAGE; a page of large events is shorter, yet not empty.

    Returns:
        ``events``: public text, verbatim, and hash of the sealed part in hexadecimal, of each.
        ``head``: as of ``head_told``, of the same moment or later.
    """
    events: list[list[str]] = []
    size_bytes = 0
    with log.store.read() as connection:
        while len(events) < min(limit, PAGE) and size_bytes < PAGE_BYTES_MAX:
            some = read_events(connection, position + len(events), min(limit - len(events), READ_AT_ONCE))
            if not some:
                break
            for envelope in some:
                events.append([envelope.public, envelope.sealed_hash.hex()])
                size_bytes += len(envelope.public)
        # After the events, never before them: readers may be level with it, and never beyond.
        told = head_told(head_of(connection))
    return {"events": events, "head": told}


def head_told(head: Head) -> dict[str, Any]:
    """Where a log stands, as plain data for another service."""
    return {
        "log_id": head.log_id,
        "epoch": head.epoch,
        "position": head.position,
        "root": head.root.hex(),
    }


def head_heard(told: dict[str, Any]) -> SourceHead:
    """What ``head_told`` told."""
    return SourceHead(told["log_id"], told["epoch"], told["position"], bytes.fromhex(told["root"]))


def pull(replica: Replica, source: Source, on_page: Callable[[int, int], bool]) -> bool:
    """Bring a replica level with its source, and compare the roots there.

    Each page begins with the last event that the replica has, so that another history is noticed before
    anything of it is taken.

    Args:
        on_page: called after each page with the replica's position and the source's; whether to go on.

    Returns:
        Whether the replica is level with the source.

    Raises:
        SourceDown: what came before is kept.
        ReplicaStopped: the source tells another history.
    """
    while True:
        with replica.store.read() as connection:
            position = replica.position(connection)
        page = source.events_after(max(position - 1, 0), PAGE)
        head = head_heard(page["head"])
        events = [event_of_text(public, sealed_hash) for public, sealed_hash in page["events"]]
        if head.position < position:
            replica.stop(f"the source ends at {head.position}, before {position}")
        received = replica.receive(events, head)
        level = received.position >= head.position
        if not on_page(received.position, head.position) or level:
            return level
        if not received.appended:
            raise SourceDown("a page leads no further")
