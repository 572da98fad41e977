"""How psycopg waits in a green process: a look at the socket first, and only if need be a turn of the hub.

psycopg's own function goes to the hub, and registers there anew, for every step of every statement; with
eight callers that was half of what an append costs.
"""

from collections.abc import Generator
from time import monotonic
from typing import Any

from eventlet import Timeout, patcher
from eventlet.hubs import trampoline
from psycopg import errors, waiting
from psycopg.waiting import Ready, Wait

_select = patcher.original("select")
_READABLE = _select.POLLIN | _select.POLLHUP | _select.POLLERR


def wait(
    gen: Generator[Any, Any, Any], fileno: int, interval: float = 0.0, timeout: float | None = None
) -> Any:
    """Drive psycopg's generator to its end; other greenlets run while the server is waited for.

    Args:
        interval: of no use here: a green process is interrupted by its hub.
        timeout: seconds.

    Raises:
        psycopg.errors._WaitTimeout: the server did not answer in time.
    """
    deadline = None if timeout is None else monotonic() + timeout
    poll = _select.poll()
    try:
        wanted = next(gen)
        while True:
            read, write = bool(wanted & Wait.R), bool(wanted & Wait.W)
            poll.register(fileno, (_select.POLLIN if read else 0) | (_select.POLLOUT if write else 0))
            found = poll.poll(0)
            if not found:
                _turn(fileno, deadline, read=read, write=write)
                found = poll.poll(0)
            seen = found[0][1] if found else 0
            readable = Ready.R if read and seen & _READABLE else 0
            writable = Ready.W if write and seen & _select.POLLOUT else 0
            wanted = gen.send(Ready(readable | writable))
    except StopIteration as stop:
        return stop.value


def _turn(fileno: int, deadline: float | None, *, read: bool, write: bool) -> None:
    seconds = None if deadline is None else max(deadline - monotonic(), 0)
    try:
        trampoline(fileno, read=read, write=write, timeout=seconds)
    except Timeout:
        raise errors._WaitTimeout("the server does not answer") from None


def install() -> None:
    """Have psycopg wait so, in this process."""
    waiting.wait = wait
