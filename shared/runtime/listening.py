"""Listening: whoever comes to a socket, one after the other, until it is closed."""

import logging
import socket
import time
from collections.abc import Iterator
from typing import Any

WAIT_SECONDS = 0.5

log = logging.getLogger(__name__)


def callers(listener: socket.socket, name: str) -> Iterator[tuple[socket.socket, Any]]:
    """The connection and the address of each caller; ends when the listener is closed.

    What keeps one from being let in (too many open files, a caller who has gone) passes: it is tried again.

    Args:
        name: what listens, for the log.
    """
    while listener.fileno() != -1:
        try:
            caller = listener.accept()
        except OSError as error:
            if listener.fileno() == -1:
                return
            log.warning("%s let a caller wait: %s", name, error.strerror)
            time.sleep(WAIT_SECONDS)
            continue
        yield caller
