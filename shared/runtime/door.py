"""The door of an embedded suite: a Unix socket in its folder, at which its owner's commands call.

A caller writes one line of JSON, ``{service, method, token, arguments}``, and reads one:
``{result}`` or ``{refused}``. Only who may read the folder can open it; tokens are checked all the same.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from shared.runtime import correlation
from shared.runtime.access import Access
from shared.runtime.calls import MALFORMED, RefusedCall, without_text
from shared.runtime.house import House
from shared.runtime.listening import callers
from shared.runtime.local import Local
from shared.runtime.service import Service

SOCKET_FILE = "gonghui.sock"
CALLERS_MOST = 4
"""How many are answered at a time; each may hold a connection to a store."""
REQUEST_BYTES_MAX = 32 * 1024 * 1024
REQUEST_SECONDS_MAX = 10.0
READ_BYTES = 65_536

log = logging.getLogger(__name__)


class NobodyHome(Exception):
    """Nothing listens in the folder."""


class Silent(Exception):
    """Somebody listens, and does not answer in time."""


class Door:
    """The socket and whoever comes to it.

    Args:
        folder: held by this process: what an earlier one left behind there is replaced.
        houses: the opened house of each service class.
    """

    def __init__(self, folder: Path, houses: Mapping[type[Service], House]) -> None:
        self._folder = folder
        self._services = {
            service.name: (service, house, Access(house, service.projections))
            for service, house in houses.items()
        }
        self._places = threading.Semaphore(CALLERS_MOST)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    def start(self) -> None:
        """Listen from now on; returns at once."""
        (self._folder / SOCKET_FILE).unlink(missing_ok=True)
        with short_path(self._folder) as path:
            allowed = os.umask(0o177)
            try:
                self._listener.bind(path)
            finally:
                os.umask(allowed)
        self._listener.listen(CALLERS_MOST)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more calls."""
        (self._folder / SOCKET_FILE).unlink(missing_ok=True)
        self._listener.close()

    def _accept(self) -> None:
        for caller, _ in callers(self._listener, "the door"):
            threading.Thread(target=self._serve, args=(caller,), daemon=True).start()

    def _serve(self, caller: socket.socket) -> None:
        with caller, self._places:
            caller.settimeout(REQUEST_SECONDS_MAX)
            try:
                answer = self._answer(read_line(caller, time.monotonic() + REQUEST_SECONDS_MAX))
                caller.sendall(msgspec.json.encode(answer) + b"\n")
            except (OSError, Silent):
                pass  # the caller went away
            except Exception as error:  # noqa: BLE001 - one call must not close the door
                log.warning("a call at the door failed: %s", without_text(error))

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            asked = msgspec.json.decode(line, type=dict[str, Any])
            service, house, access = self._services[asked["service"]]
            method, token, arguments = str(asked["method"]), asked.get("token"), dict(asked["arguments"])
        except (msgspec.MsgspecError, LookupError, TypeError, ValueError):
            return {"refused": MALFORMED().as_plain()}
        correlation.begin(None, call=f"{service.name}.{method}")
        try:
            return {"result": Local(service, house, token, access).call(method, **arguments)}
        except RefusedCall as refused:
            return {"refused": refused.as_plain()}


def call_at_door(
    folder: Path, service: str, method: str, token: str | None, seconds_max: float, /, **arguments: Any
) -> Any:
    """What a method of a suite that runs in a folder answers.

    Args:
        seconds_max: how long the answer is waited for.

    Raises:
        RefusedCall: it refused.
        NobodyHome: nothing runs there.
        Silent: nothing was answered in time.
    """
    request = {"service": service, "method": method, "token": token, "arguments": arguments}
    deadline = time.monotonic() + seconds_max
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
        door.settimeout(seconds_max)
        try:
            with short_path(folder) as path:
                door.connect(path)
        except TimeoutError:
            raise Silent(service) from None
        except OSError:
            raise NobodyHome(str(folder)) from None
        try:
            door.sendall(msgspec.json.encode(request) + b"\n")
            answer = msgspec.json.decode(read_line(door, deadline))
        except (OSError, msgspec.MsgspecError):
            raise Silent(service) from None
    if "refused" in answer:
        raise RefusedCall(**answer["refused"])
    return answer["result"]


def read_line(speaker: socket.socket, deadline: float) -> bytes:
    """What is sent up to the end of its line.

    Args:
        deadline: until when it is waited for (time.monotonic).

    Raises:
        Silent: the line is too long or too late, or the speaker left within it.
        OSError: the connection broke; TimeoutError where nothing came in time.
    """
    pieces: list[bytes] = []
    size = 0
    while not pieces or not pieces[-1].endswith(b"\n"):
        remaining_seconds = deadline - time.monotonic()
        if remaining_seconds <= 0 or size > REQUEST_BYTES_MAX:
            raise Silent("no line")
        speaker.settimeout(remaining_seconds)
        piece = speaker.recv(READ_BYTES)
        if not piece:
            raise Silent("no line")
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)


@contextmanager
def short_path(folder: Path) -> Iterator[str]:
    """The socket's path by way of the opened folder: a socket's path may have 107 bytes only."""
    opened = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{opened}/{SOCKET_FILE}"
    finally:
        with suppress(OSError):
            os.close(opened)
