"""Whose turn it is to publish: of the relays of one log one publishes, and the others stand by."""

import time
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, text

from shared.log.store import Store

SILENT_SECONDS_MAX = 12
"""Longer than a relay waits for a confirm, and short enough for another to take over within 15 s (F-25)."""
KEEP_SECONDS = 2.0

LIMIT = text("SELECT set_config('idle_session_timeout', :limit, false)")
TAKE = text("SELECT pg_try_advisory_lock(hashtext(:name))")


class Turn:
    """The right to publish a log's events, held by a session of its database and by no row or message.

    So it ends with the process that holds it, and also when that stands still: PostgreSQL ends a session in
    which nothing is said for SILENT_SECONDS_MAX. In a SQLite file it is always ours, since one process holds
    the folder. Who lost it unnoticed publishes some events twice, which readers pass over.

    Args:
        source: the service whose log it is.
    """

    def __init__(self, store: Store, source: str) -> None:
        self._store = store
        self._name = f"gonghui relay of {source}"
        self._connection: Connection | None = None
        self._kept_at = 0.0

    def __enter__(self) -> Self:
        return self

    def take(self) -> bool:
        """Whether it is ours now; to be asked again every second where it is not. Raises DBAPIError."""
        if not self._store.on_postgresql:
            return True
        if self._connection is None:
            engine = self._store.engine.execution_options(isolation_level="AUTOCOMMIT")
            self._connection = engine.connect()
            self._connection.execute(LIMIT, {"limit": f"{SILENT_SECONDS_MAX}s"})
        self._kept_at = time.monotonic()
        return bool(self._connection.execute(TAKE, {"name": self._name}).scalar_one())

    def keep(self) -> None:
        """Say something in time. Raises DBAPIError once it may be another's."""
        if self._connection is not None and time.monotonic() > self._kept_at + KEEP_SECONDS:
            self._connection.execute(text("SELECT 1"))
            self._kept_at = time.monotonic()

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Give it up, with the session: who gets it from the pool next would else hold the turn."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.invalidate()
            connection.close()
