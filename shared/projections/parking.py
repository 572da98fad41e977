"""Parking: events that a subscription cannot do wait here, pointing to the feed; the rest of it goes on."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, func, select, update

from shared.log.envelope import Envelope, moment_text
from shared.log.log import PUBLIC_COLUMNS, envelopes
from shared.log.store import insert_rows
from shared.log.tables import events
from shared.projections.tables import parked
from shared.rules.skipped_reaction import skipped_reaction

WAITS = "waits"
"""The reason of an event whose stream has an earlier one parked."""


@dataclass(frozen=True, slots=True)
class Parked:
    """An event that waits: where it stands, the stable reason, how often it was tried, and when last."""

    subscription: str
    source: str
    position: int
    stream: str
    reason: str
    tries: int
    parked_at: str


def park(
    connection: Connection, subscription: str, source: str, failed: Iterable[tuple[Envelope, str, int]]
) -> None:
    """Park events, each with its reason and the number of tries."""
    moment = moment_text(datetime.now(UTC))
    rows = [
        (subscription, source, envelope.position, envelope.stream, reason, tries, moment)
        for envelope, reason, tries in failed
    ]
    insert_rows(connection, parked, rows)


def streams_held(connection: Connection, subscription: str) -> set[str]:
    """The streams of which an event is parked; their later events wait."""
    return set(connection.scalars(select(parked.c.stream).where(parked.c.subscription == subscription)))


def is_held(connection: Connection, subscription: str, envelope: Envelope) -> bool:
    """Whether an earlier event of the same stream is parked."""
    earlier = (parked.c.subscription == subscription) & (parked.c.position < envelope.position)
    held = select(parked.c.position).where(earlier, parked.c.stream == envelope.stream).limit(1)
    return connection.scalar(held) is not None


def list_parked(connection: Connection, subscription: str | None = None) -> list[Parked]:
    """What is parked, oldest position first."""
    query = select(parked).order_by(parked.c.subscription, parked.c.position)
    if subscription is not None:
        query = query.where(parked.c.subscription == subscription)
    return [Parked(*row) for row in connection.execute(query)]


def first_of_streams(connection: Connection, subscription: str) -> list[Parked]:
    """Of each stream that is held, the event that stands first; the others wait for it."""
    first = (
        select(func.min(parked.c.position))
        .where(parked.c.subscription == subscription)
        .group_by(parked.c.stream)
    )
    query = select(parked).where(parked.c.subscription == subscription, parked.c.position.in_(first))
    return [Parked(*row) for row in connection.execute(query.order_by(parked.c.position))]


def count_parked(connection: Connection, subscription: str) -> int:
    """How many events a subscription has parked, those that only wait for another included."""
    counted = select(func.count()).select_from(parked).where(parked.c.subscription == subscription)
    return connection.scalar(counted) or 0


def subscriptions(connection: Connection) -> set[str]:
    """Those that have anything parked."""
    return set(connection.scalars(select(parked.c.subscription).distinct()))


def find_parked(connection: Connection, subscription: str, position: int) -> Parked | None:
    """What a subscription has parked at a position; None where nothing is."""
    row = connection.execute(select(parked).where(_place(subscription, position))).one_or_none()
    return None if row is None else Parked(*row)


def claim(connection: Connection, each: Parked) -> bool:
    """Count one more try of what is parked, from now on; False where another instance has just done so.

    Before it can fail or crash: what ends its process is not tried for ever.
    """
    counted = (
        update(parked)
        .where(_place(each.subscription, each.position), parked.c.tries == each.tries)
        .values(tries=each.tries + 1, parked_at=moment_text(datetime.now(UTC)))
    )
    return connection.execute(counted).rowcount == 1


def set_reason(connection: Connection, subscription: str, position: int, reason: str) -> None:
    """Note why the last try failed, and when."""
    noted = {"reason": reason, "parked_at": moment_text(datetime.now(UTC))}
    connection.execute(update(parked).where(_place(subscription, position)).values(noted))


def unclaim(connection: Connection, each: Parked) -> None:
    """Take back a try that came to nothing because the store was away, unless others were counted since."""
    claimed = _place(each.subscription, each.position) & (parked.c.tries == each.tries + 1)
    connection.execute(update(parked).where(claimed).values(tries=each.tries))


def take_out(connection: Connection, subscription: str, position: int) -> None:
    """Remove one event from parking, because it was done or skipped."""
    connection.execute(parked.delete().where(_place(subscription, position)))


def clear(connection: Connection, subscription: str) -> None:
    """Remove all that a subscription has parked, because a rebuild did it anew."""
    connection.execute(parked.delete().where(parked.c.subscription == subscription))


def is_skipped(connection: Connection, subscription: str, envelope: Envelope) -> bool:
    """Whether the log of the service has recorded that an event is left undone; then it is, for ever."""
    stream = f"{skipped_reaction.name}/{subscription}"
    recorded = select(*PUBLIC_COLUMNS).where(events.c.stream == stream)
    skipped = (each.facts.data["event_id"] for each in envelopes(connection, recorded))
    return envelope.id in skipped


def _place(subscription: str, position: int) -> ColumnElement[bool]:
    return (parked.c.subscription == subscription) & (parked.c.position == position)
