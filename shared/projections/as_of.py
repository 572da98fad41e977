"""As of an earlier moment: projections made anew from the prefix of their feeds, in memory."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection

from shared.log.store import Store
from shared.projections.applying import apply_page
from shared.projections.feed import Feed
from shared.projections.projection import Projection

PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Past:
    """What was known at an earlier moment.

    Args:
        connection: on which the projections' queries answer as they would have answered then.
        known: by source, the position up to which they know, as in the answer to a query.
        complete: False where an event up to there could not be applied, as in the answer to a query.
    """

    connection: Connection
    known: dict[str, int]
    complete: bool


@contextmanager
def as_of(
    store: Store,
    followed: Sequence[tuple[Projection, Feed, int]],
    check_time: Callable[[], None] = lambda: None,
) -> Iterator[Past]:
    """What was known then, in memory for as long as it is looked at.

    Args:
        followed: the projections that the queries join, each with its feed and the position up to which
            it was known; ``Log.position_at`` tells the position of a moment.
        check_time: raises once it has taken too long; asked before each page.
    """
    memory = Store("sqlite://", connections=1)
    known: dict[str, int] = {}
    complete = True
    try:
        with memory.write() as target:
            for projection, feed, up_to in followed:
                position, is_whole = _fill(store, target, projection, feed, up_to, check_time)
                known[feed.source] = min(position, known.get(feed.source, position))
                complete = complete and is_whole
            yield Past(target, known, complete)
    finally:
        memory.close()


def _fill(
    store: Store,
    target: Connection,
    projection: Projection,
    feed: Feed,
    up_to: int,
    check_time: Callable[[], None],
) -> tuple[int, bool]:
    """Apply a prefix of a feed; the position reached, and whether every event could be applied."""
    projection.table.create(target)
    with store.read() as source:
        last = min(up_to, feed.position(source))
    held: set[str] = set()
    for position in range(0, last, PAGE):
        check_time()
        # A page in a transaction of its own: the database ends one that lies idle while rows are made.
        with store.read() as source:
            page = feed.page(source, position, min(PAGE, last - position), projection.handled)
        apply_page(target, projection, projection.table, page, held)
        time.sleep(0)  # whoever else is served in this process has its turn
    return last, not held
