"""As of an earlier moment: projections made anew from the prefix of their feeds, in memory."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection

from shared.log.store import Store
from shared.projections.applying import apply_page
from shared.projections.feed import Feed
from shared.projections.projection import Projection

PAGE = 10_000


@contextmanager
def as_of(store: Store, followed: Sequence[tuple[Projection, Feed, int]]) -> Iterator[Connection]:
    """A connection on which the projections' queries answer as they would have answered then.

    Args:
        followed: the projections that the queries join, each with its feed and the position up to which
            it was known; ``Log.position_at`` tells the position of a moment.
    """
    memory = Store("sqlite://", connections=1)
    try:
        with memory.write() as target:
            for projection, feed, up_to in followed:
                _fill(store, target, projection, feed, up_to)
            yield target
    finally:
        memory.close()


def _fill(store: Store, target: Connection, projection: Projection, feed: Feed, up_to: int) -> None:
    projection.table.create(target)
    held: set[str] = set()
    position = 0
    while position < up_to:
        # A page in a transaction of its own: the database ends one that lies idle while rows are made.
        with store.read() as source:
            page = feed.page(source, position, min(PAGE, up_to - position))
        if not page:
            break
        apply_page(target, projection, projection.table, page, held)
        position = page[-1].position
