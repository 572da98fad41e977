"""Doing to a projection alone what two would spoil for each other."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

from shared.log.store import Store

TRY_LOCK = text("SELECT pg_try_advisory_lock(hashtext(:name))")
UNLOCK = text("SELECT pg_advisory_unlock(hashtext(:name))")


class NotAloneError(Exception):
    """Another rebuild or comparison of this projection is under way."""


@contextmanager
def alone(store: Store, projection: str) -> Iterator[None]:
    """Be the only one who rebuilds or compares a projection; whoever is killed holds up nobody.

    Raises:
        NotAloneError: another is at it.
    """
    with _session_lock(store, projection) if store.on_postgresql else _file_lock(store, projection):
        yield


@contextmanager
def _session_lock(store: Store, projection: str) -> Iterator[None]:
    """A lock that ends with its session, which is in no transaction: those may not last as long."""
    name = {"name": f"gonghui rebuild {projection}"}
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as session:
        if not session.scalar(TRY_LOCK, name):
            raise NotAloneError(projection)
        try:
            yield
        finally:
            session.execute(UNLOCK, name)


@contextmanager
def _file_lock(store: Store, projection: str) -> Iterator[None]:
    """A lock on a file beside the database, which stays: who removed it might remove another's lock."""
    with Path(f"{store.url.database}.{projection}.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotAloneError(projection) from None
        yield
