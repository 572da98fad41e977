"""Following a feed: a page of events is applied in one transaction with the checkpoint."""

from dataclasses import dataclass

from sqlalchemy import Connection

from shared.log.store import Store
from shared.projections import checkpoints, parking
from shared.projections.applying import apply_page
from shared.projections.feed import Feed
from shared.projections.projection import Projection

PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a projection can be trusted.

    Args:
        position: up to which it knows its feed; ``head``: where the feed ends.
        parked: events it could not apply; as long as there are any, it is incomplete.
        outdated: its rows were made by another version of its functions, or of another history of its feed,
            and wait for a rebuild.
    """

    name: str
    source: str
    position: int
    head: int
    parked: int
    outdated: bool

    @property
    def complete(self) -> bool:
        """Whether its rows tell all that they should, up to ``position``."""
        return self.parked == 0 and not self.outdated


class ProjectionFollower:
    """Keeps one projection's rows level with its feed. Any number of instances may do so at once."""

    def __init__(self, store: Store, feed: Feed, projection: Projection) -> None:
        self.name = projection.name
        self._store = store
        self.feed = feed
        self._projection = projection

    def step(self) -> bool:
        """Apply the next page, unless another instance is at it; whether there was anything to do."""
        with self._store.write() as connection:
            checkpoint = checkpoints.lock(connection, self.name)
            if checkpoint is None or checkpoint.version != self._projection.version:
                return False
            # Asked first: events that come meanwhile are for the next page.
            limit = min(PAGE, self.feed.position(connection) - checkpoint.position)
            if limit <= 0:
                return False
            page = self.feed.page(connection, checkpoint.position, limit, self._projection.handled)
            held = parking.streams_held(connection, self.name)
            failed = apply_page(connection, self._projection, self._projection.table, page, held)
            if failed:
                parking.park(connection, self.name, self.feed.source, failed)
            checkpoints.move(connection, self.name, checkpoint.position + limit)
        return True


def prepare_projection(connection: Connection, projection: Projection) -> None:
    """Make sure that a projection has its table and checkpoint; part of preparing a store, not of serving."""
    projection.table.create(connection, checkfirst=True)
    checkpoints.begin(connection, projection.name, projection.version)


def standing(connection: Connection, feed: Feed, projection: Projection) -> Standing:
    """How far a projection has come."""
    checkpoint = checkpoints.read(connection, projection.name)
    parked = parking.count_parked(connection, projection.name)
    position, version = (checkpoint.position, checkpoint.version) if checkpoint else (0, 0)
    head = feed.position(connection)
    outdated = version != projection.version or position > head
    return Standing(projection.name, feed.source, position, head, parked, outdated)
