"""The one way to catch up: pages of the source's events, by RPC, until the replica is level with its head."""

from collections.abc import Callable
from typing import Any, Protocol, TypedDict

import msgspec
from sqlalchemy import Connection

from shared.bus.cloud_event import Malformed, PublicEvent, event_of_text
from shared.bus.replica import Replica, SourceHead
from shared.log.log import Head, Log, head_of, read_events

PAGE = 1_000
PAGE_BYTES_MAX = 4_000_000
"""Of the answer as it is encoded; at 16 MiB a broker closes the channel (faults.md, 1.7)."""
READ_FIRST, READ_AT_ONCE = 10, 250
EVENTS_LEAST = 2
"""The first of a page is one that the reader has."""


class HeadTold(TypedDict):
    """Where a log stands, as plain data for another service; ``root`` in hexadecimal."""

    log_id: str
    epoch: int
    position: int
    root: str


class Page(TypedDict):
    """Events, each as its public text and the hash of its sealed part, and where their log stands."""

    events: list[tuple[str, str]]
    head: HeadTold


class SourceDown(Exception):
    """The source did not answer in time, or with something else than was asked for."""


class Source(Protocol):
    """A service whose events can be asked for."""

    def events_after(self, position: int, limit: int) -> dict[str, Any]:
        """As ``page_after``. Raises SourceDown."""


class LiveSource(Source, Protocol):
    """One that is asked again and again over a connection."""

    def keep_alive(self) -> None:
        """Say between two questions that more may come; never raises."""


def page_after(log: Log, position: int, limit: int) -> dict[str, Any]:
    """A page of a log, as plain data for another service.

    Args:
        position: the page begins after it.
        limit: events at most, and never more than PAGE; a page of large events is shorter, yet leads on.

    Returns:
        ``events``: public text, verbatim, and hash of the sealed part in hexadecimal, of each.
        ``head``: as of ``head_told``, of the same moment or later.
    """
    with log.store.read() as connection:
        events = _page(connection, position, min(limit, PAGE))
        # After the events, never before them: readers may be level with it, and never beyond.
        told = head_told(head_of(connection))
    return {"events": events, "head": told}


def _page(connection: Connection, position: int, limit: int) -> list[list[str]]:
    """As many events as are wanted and fit; never many more are read than fit."""
    events: list[list[str]] = []
    size_bytes, at_once = 0, READ_FIRST
    while len(events) < limit:
        some = read_events(connection, position + len(events), min(limit - len(events), at_once))
        if not some:
            break
        for envelope in some:
            event = [envelope.public, envelope.sealed_hash.hex()]
            size_bytes += len(msgspec.json.encode(event))
            if size_bytes > PAGE_BYTES_MAX and len(events) >= EVENTS_LEAST:
                return events
            events.append(event)
        fit = (PAGE_BYTES_MAX - size_bytes) * len(events) // size_bytes
        at_once = min(max(fit, 1), READ_AT_ONCE)
    return events


def head_told(head: Head) -> HeadTold:
    """Where a log stands, as plain data for another service."""
    return {
        "log_id": head.log_id,
        "epoch": head.epoch,
        "position": head.position,
        "root": head.root.hex(),
    }


def head_heard(told: HeadTold) -> SourceHead:
    """What ``head_told`` told. Raises ValueError: its root is no hexadecimal text."""
    return SourceHead(told["log_id"], told["epoch"], told["position"], bytes.fromhex(told["root"]))


def _heard(page: Any) -> tuple[list[PublicEvent], SourceHead]:
    """What ``page_after`` told. Raises SourceDown where it is no page."""
    try:
        told = msgspec.convert(page, Page)
        return [event_of_text(*event) for event in told["events"]], head_heard(told["head"])
    except (Malformed, ValueError) as error:
        raise SourceDown(f"what was told is no page: {type(error).__name__}") from None


def pull(replica: Replica, source: Source, on_page: Callable[[int, int], bool]) -> bool:
    """Bring a replica level with its source, and compare the roots there.

    Each page begins with the last event that the replica has, so that another history is noticed before
    anything of it is taken.

    Args:
        on_page: called after each page with the replica's position and the source's; whether to go on.

    Returns:
        Whether the replica is level with the source.

    Raises:
        SourceDown: it does not answer, or with no page; what came before is kept.
        ReplicaStopped: the source tells another history.
        SQLAlchemyError: the replica's store is away.
    """
    while True:
        with replica.store.read() as connection:
            position = replica.position(connection)
        events, head = _heard(source.events_after(max(position - 1, 0), PAGE))
        if head.position < position:
            replica.stop(f"the source ends at {head.position}, before {position}")
        received = replica.receive(events, head)
        level = received.position >= head.position
        if not on_page(received.position, head.position) or level:
            return level
        if received.position <= position:  # another instance may have appended what the page held
            raise SourceDown("a page leads no further")
