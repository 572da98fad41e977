"""The side port of a process: whether it lives, and whether it can do its work, with the reasons why not."""

import errno
import json
import logging
import socket
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler

from shared.runtime.listening import callers
from shared.runtime.wrong_setting import PREFIX, WrongSetting

SECONDS_MAX = 5

log = logging.getLogger(__name__)

Page = Callable[[], tuple[int, str, bytes]]
"""Makes status, content type and body of what stands at a path."""


def pages_of(reasons: Callable[[], list[str]], metrics: Page) -> dict[str, Page]:
    """``/healthz``, ``/readyz`` and ``/metrics``.

    Args:
        reasons: why the process is not ready; empty when it is. It runs in a thread of its own.
        metrics: what stands at ``/metrics``.
    """

    def alive() -> tuple[int, str, bytes]:
        return 200, "application/json", b"[]"

    def ready() -> tuple[int, str, bytes]:
        found = reasons()
        return 503 if found else 200, "application/json", json.dumps(found).encode()

    return {"/healthz": alive, "/readyz": ready, "/metrics": metrics}


class PortTaken(WrongSetting):
    """Another process listens there, perhaps one that is about to end: trying again may help."""


class SidePort:
    """A small HTTP server in threads, green ones in a green process.

    The standard library's own server waits with ``selectors``, which eventlet does not patch everywhere;
    hence the plain accepting here.

    Args:
        host, port: where to listen; port 0: nowhere.
        pages: what is served, by path.

    Raises:
        WrongSetting: it cannot listen there.
        PortTaken: somebody else does.
    """

    def __init__(self, host: str, port: int, pages: Mapping[str, Page]) -> None:
        self._pages = pages
        self._listener = _listening(host, port) if port else None

    def start(self) -> None:
        """Answer from now on; returns at once."""
        if self._listener is not None:
            threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def close(self) -> None:
        """Answer nobody any more."""
        if self._listener is not None:
            self._listener.close()

    def _accept(self, listener: socket.socket) -> None:
        for connection, address in callers(listener, "the side port"):
            threading.Thread(target=self._answer, args=(connection, address), daemon=True).start()

    def _answer(self, connection: socket.socket, address: object) -> None:
        pages = self._pages

        class Handler(BaseHTTPRequestHandler):
            timeout = SECONDS_MAX

            def do_GET(self) -> None:
                page = pages.get(self.path.partition("?")[0])
                status, content_type, body = page() if page else (404, "text/plain", b"")
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing: probes come every few seconds."""

        with connection:
            try:
                Handler(connection, address, None)  # type: ignore[arg-type]
            except OSError:
                pass  # the prober went away
            except Exception as error:  # noqa: BLE001 - a faulty page must not end the process
                log.warning("the side port failed: %s", type(error).__name__)


def _listening(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), reuse_port=False)
    except (OSError, ValueError) as error:
        number = getattr(error, "errno", None)
        if number in (errno.EADDRINUSE, errno.EACCES):
            raise (PortTaken if number == errno.EADDRINUSE else WrongSetting)(
                f"{PREFIX}<SERVICE>_HEALTH_PORT",
                f"端口{port}无法侦听，可能已被占用",
                f"port {port} cannot be listened on; another program may hold it",
            ) from None
        raise WrongSetting(
            f"{PREFIX}HEALTH_HOST",
            "不是本机可侦听的地址",
            "is no address on which this machine can listen",
        ) from None
