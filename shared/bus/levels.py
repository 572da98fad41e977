"""When a replica was last seen level with its source: for those who must not act on old news."""

import time

from sqlalchemy import Connection, Float, func, select
from sqlalchemy.dialects import postgresql, sqlite

from shared.bus.tables import feed_levels

LEVEL_SECONDS_MAX = 60.0
"""A replica that is followed is seen level with its source more often; older news is not trusted."""


def note_level(connection: Connection, source: str) -> None:
    """Note that the replica of a source is level with it now."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    noted = insert(feed_levels).values(source=source, level_at=_now(connection))
    connection.execute(
        noted.on_conflict_do_update(
            index_elements=[feed_levels.c.source], set_={"level_at": noted.excluded.level_at}
        )
    )


def seconds_since_level(connection: Connection, source: str) -> float | None:
    """How long ago the replica of a source was last level with it; None: never."""
    found = select(feed_levels.c.level_at).where(feed_levels.c.source == source)
    level_at = connection.execute(found).scalar_one_or_none()
    return None if level_at is None else _now(connection) - level_at


def _now(connection: Connection) -> float:
    """Seconds since 1970 by the database's clock, which all of a service's processes share."""
    if connection.dialect.name != "postgresql":
        return time.time()
    seconds = func.extract("epoch", func.clock_timestamp()).cast(Float)
    return float(connection.execute(select(seconds)).scalar_one())
