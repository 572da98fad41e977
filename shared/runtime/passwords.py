"""Passwords: hashed with Argon2 away from the hub, kept in a table that can forget, never in a log."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Column, Connection, MetaData, String, Table, Text, select

from shared.log.envelope import moment_text
from shared.rules.refusal import Refusal

SHORTEST, LONGEST = 10, 200
AT_ONCE = threading.BoundedSemaphore(2)
"""How many hashes are worked out at a time: each takes a core and MEMORY_KIBIBYTES."""
WAITING_MOST = 8
"""How many callers may wait for a hash: each holds a place among those whom the interface answers."""
_places = threading.BoundedSemaphore(WAITING_MOST)
MEMORY_KIBIBYTES = 19_456

LENGTH = Refusal(
    "password.length",
    zh="密码应为{shortest}至{longest}位",
    en="a password has {shortest} to {longest} characters",
)

BUSY = Refusal(
    "log_in.busy",
    zh="此刻登录的人太多，请几秒钟后再试",
    en="too many are logging in at this moment; try again in a few seconds",
)

Result = TypeVar("Result")

credentials = Table(
    "credentials",
    MetaData(),
    Column("login_id", Text, primary_key=True),
    Column("password_hash", Text, nullable=False),
    Column("changed_at", String(27), nullable=False),
)

# Source of the costs: OWASP, Password Storage Cheat Sheet, Argon2id.
_hasher = PasswordHasher(time_cost=2, memory_cost=MEMORY_KIBIBYTES, parallelism=1)
_nobodys = "$argon2id$v=19$m=19456,t=2,p=1$3x30gQAmN+/GBbxTroKo9A$sBuz0KIbueZtTTth5bgENvcXzOhTzpkyuQUnZEqgPH0"


@contextmanager
def hashing() -> Iterator[None]:
    """A place among those who wait for a hash, whoever they are. Raises the refusal ``log_in.busy``."""
    if not _places.acquire(blocking=False):
        raise BUSY()
    try:
        yield
    finally:
        _places.release()


def hash_of(password: str) -> str:
    """A password's hash. Raises the refusal ``password.length``."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise LENGTH(field="password", shortest=SHORTEST, longest=LONGEST)
    return _off_hub(lambda: _hasher.hash(password))


def is_right(password: str, password_hash: str | None) -> bool:
    """Whether it is the password of a hash; without one it takes as long, so that names stay unknown."""

    def verify() -> bool:
        try:
            return _hasher.verify(password_hash or _nobodys, password)
        except (VerificationError, InvalidHashError):
            return False

    if len(password) > LONGEST:
        return False
    return _off_hub(verify) and password_hash is not None


def keep(connection: Connection, login_id: str, password_hash: str) -> None:
    """Keep a login's hash in place of the one before, of which nothing remains."""
    connection.execute(credentials.delete().where(credentials.c.login_id == login_id))
    changed_at = moment_text(datetime.now(UTC))
    connection.execute(
        credentials.insert().values(login_id=login_id, password_hash=password_hash, changed_at=changed_at)
    )


def kept(connection: Connection, login_id: str) -> str | None:
    """A login's hash."""
    found = select(credentials.c.password_hash).where(credentials.c.login_id == login_id)
    return connection.execute(found).scalar_one_or_none()


def _off_hub(work: Callable[[], Result]) -> Result:
    """Have something worked out in a thread of the machine, so that a green process goes on meanwhile."""
    from eventlet import patcher, tpool

    with AT_ONCE:
        if not patcher.is_monkey_patched("thread"):
            return work()
        done: Any = tpool.execute(work)
        return done  # type: ignore[no-any-return]
