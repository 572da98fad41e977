"""Parking: events that a subscription cannot do wait here, pointing to the feed; the rest of it goes on."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, func, select

from shared.log.envelope import Envelope, moment_text
from shared.log.store import insert_rows
from shared.projections.tables import parked

WAITS = "waits"
"""The reason of an event whose stream has an earlier one parked."""


@dataclass(frozen=True, slots=True)
class Parked:
    """An event that waits: where it stands, the stable reason, and how often it was tried."""

    subscription: str
    source: str
    position: int
    stream: str
    reason: str
    tries: int
    parked_at: str


def park(
    connection: Connection, subscription: str, source: str, events: Iterable[tuple[Envelope, str, int]]
) -> None:
    """Park events, each with its reason and the number of tries."""
    moment = moment_text(datetime.now(UTC))
    rows = [
        (subscription, source, envelope.position, envelope.stream, reason, tries, moment)
        for envelope, reason, tries in events
    ]
    insert_rows(connection, parked, rows)


def streams_held(connection: Connection, subscription: str) -> set[str]:
    """The streams of which an event is parked; their later events wait."""
    return set(connection.scalars(select(parked.c.stream).where(parked.c.subscription == subscription)))


def list_parked(connection: Connection, subscription: str | None = None) -> list[Parked]:
    """What is parked, oldest position first."""
    query = select(parked).order_by(parked.c.subscription, parked.c.position)
    if subscription is not None:
        query = query.where(parked.c.subscription == subscription)
    return [Parked(*row) for row in connection.execute(query)]


def count_parked(connection: Connection, subscription: str) -> int:
    counted = select(func.count()).select_from(parked).where(parked.c.subscription == subscription)
    return connection.scalar(counted) or 0


def is_parked(connection: Connection, subscription: str, position: int) -> bool:
    place = (parked.c.subscription == subscription) & (parked.c.position == position)
    return connection.scalar(select(parked.c.position).where(place)) is not None


def take_out(connection: Connection, subscription: str, position: int) -> None:
    """Remove one event from parking, because it was done or skipped."""
    connection.execute(
        parked.delete().where(parked.c.subscription == subscription, parked.c.position == position)
    )


def clear(connection: Connection, subscription: str) -> None:
    """Remove all that a subscription has parked, because a rebuild did it anew."""
    connection.execute(parked.delete().where(parked.c.subscription == subscription))
