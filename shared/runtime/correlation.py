"""Correlation: one id for all that follows from one wish, carried by calls, events and log lines."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from structlog import contextvars

from shared.runtime.logs import masked_text

HEADER = "correlation_id"
"""In nameko's context of a call."""

_is_identity = re.compile(r"[A-Za-z0-9._:-]{1,64}").fullmatch


def heard(sent: object) -> str | None:
    """The correlation id that a caller sent, if it is one that may be kept: it stands in logs for ever."""
    return sent if isinstance(sent, str) and _is_identity(sent) and masked_text(sent) == sent else None


def current() -> str | None:
    """The id under which this thread or greenlet works at the moment."""
    found: str | None = contextvars.get_contextvars().get(HEADER)
    return found


def headers(token: str | None) -> dict[str, str]:
    """What a call to another service tells of itself, under nameko's names: the token, and this id."""
    told = {"auth_token": token, HEADER: current()}
    return {f"nameko.{name}": value for name, value in told.items() if value is not None}


@contextmanager
def carried(correlation_id: str, **more: str) -> Iterator[None]:
    """Work under an id: it stands in every command that has none of its own, and in every log line.

    Args:
        more: what else log lines shall tell.
    """
    with contextvars.bound_contextvars(correlation_id=correlation_id, **more):
        yield


def begin(correlation_id: str | None, **more: str) -> None:
    """Work under an id, or none, until this greenlet ends: of a call, which has a greenlet of its own."""
    contextvars.clear_contextvars()
    contextvars.bind_contextvars(**({HEADER: correlation_id} if correlation_id else {}), **more)
