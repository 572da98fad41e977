"""How far each follower of a service is behind, in events and in seconds, and what is parked."""

from datetime import UTC, datetime
from typing import Literal, NamedTuple

from sqlalchemy import func, select

from shared.bus.levels import LEVEL_SECONDS_MAX
from shared.bus.reader import ReaderFacts
from shared.log.store import Store
from shared.projections import checkpoints
from shared.projections.feed import Feed
from shared.projections.tables import parked

Kind = Literal["relay", "replica", "projection", "reaction"]


class Lag(NamedTuple):
    """How far one follower is behind.

    Args:
        events: how many it lacks; ``seconds``: since when, by the oldest of them.
    """

    follower: str
    kind: Kind
    events: int
    seconds: float


class Waiting(NamedTuple):
    """How many events a subscription has parked, and for how many seconds the one that waits longest."""

    subscription: str
    events: int
    seconds: float


class Progress(NamedTuple):
    """How far a subscription has come.

    Args:
        seconds: the age of the first event that it has not done.
    """

    position: int
    head: int
    seconds: float

    @property
    def events(self) -> int:
        """How many it has not done."""
        return max(self.head - self.position, 0)


def progress_of(store: Store, feed: Feed, subscription: str) -> Progress:
    """How far a subscription has come in its feed."""
    with store.read() as connection:
        position = checkpoints.position_of(connection, subscription)
        head = feed.position(connection)
        first = feed.page(connection, position, 1) if head > position else []
    return Progress(position, head, age_seconds(first[0].recorded_at) if first else 0.0)


def of_replica(source: str, facts: ReaderFacts, level_seconds: float) -> Lag:
    """A replica's lag: what it lacks it cannot have seen, so its seconds run from when it last was level.

    Args:
        level_seconds: how long ago that was. It is noted now and then only: within LEVEL_SECONDS_MAX a
            replica that is not known to lack anything is level.
    """
    is_level = facts.lag == 0 and not facts.behind and level_seconds <= LEVEL_SECONDS_MAX
    return Lag(source, "replica", facts.lag, 0.0 if is_level else level_seconds)


def parked_by(store: Store) -> list[Waiting]:
    """What each subscription has parked; nothing for one that has nothing parked."""
    counted = select(parked.c.subscription, func.count(), func.min(parked.c.parked_at))
    with store.read() as connection:
        rows = connection.execute(counted.group_by(parked.c.subscription)).all()
    return [Waiting(name, events, age_seconds(since)) for name, events, since in rows]


def age_seconds(moment: str) -> float:
    """How long ago a moment was by this machine's clock; negative for one that lies ahead of it."""
    return (datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds()
