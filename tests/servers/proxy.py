"""A TCP proxy before a server: it can lose an answer, cut a connection or fall silent when told to."""

import socket as sockets
import struct
import threading as threads
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from eventlet import patcher

if TYPE_CHECKING:
    socket, threading = sockets, threads
else:
    # Threads of the system, not green ones: a green reader must not find its descriptor closed by another.
    socket, threading = patcher.original("socket"), patcher.original("threading")

CHUNK_BYTES = 65_536

Cut = Literal["before", "after"]


@dataclass(slots=True)
class Pair:
    """A client's connection, and ours to the server for it; ``swallowing``: the next answer is to be lost."""

    client: socket.socket
    server: socket.socket
    swallowing: bool = False

    def reset(self) -> None:
        """End both sides at once; the client sees its connection reset."""
        for side in (self.client, self.server):
            with suppress(OSError):  # it may have ended already
                side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                side.shutdown(socket.SHUT_RDWR)
            side.close()


class Proxy:
    """Listens on a port of its own and passes everything on, until it is told otherwise.

    Args:
        server_port: where the server listens on this machine.
    """

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._pairs: list[Pair] = []
        self._pattern: tuple[bytes, Cut] | None = None
        self._passing = threading.Event()
        self._passing.set()
        self._answering = threading.Event()
        self._answering.set()
        self.cuts = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_once(self, pattern: bytes, when: Cut) -> None:
        """Cut the connection on which the bytes are next seen from a client.

        Args:
            when: "before" they reach the server, or "after" it has answered them, so that the answer is lost.
        """
        self._pattern = (pattern, when)

    def fall_silent(self) -> None:
        """Take everything and pass nothing on, as a network does whose packets vanish."""
        self._passing.clear()

    def hold_answers(self) -> None:
        """Pass on what clients say, and nothing of what the server answers."""
        self._answering.clear()

    def pass_again(self) -> None:
        """End the connections of the silent time, and pass on what comes from now on."""
        self.reset_all()
        self._passing.set()
        self._answering.set()

    def reset_all(self) -> None:
        for pair in list(self._pairs):
            pair.reset()

    def close(self) -> None:
        self._listener.close()
        self.pass_again()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # closed
            try:
                pair = Pair(client, socket.create_connection(("127.0.0.1", self._server_port)))
            except OSError:
                client.close()
                continue
            self._pairs.append(pair)
            for source, pass_on in ((pair.client, self._to_server), (pair.server, self._to_client)):
                threading.Thread(target=self._pump, args=(pair, source, pass_on), daemon=True).start()

    def _pump(self, pair: Pair, source: socket.socket, pass_on: Callable[[Pair, bytes], None]) -> None:
        with suppress(OSError):  # one side is gone; so goes the other
            while data := source.recv(CHUNK_BYTES):
                self._passing.wait()
                pass_on(pair, data)
        pair.reset()
        if pair in self._pairs:
            self._pairs.remove(pair)

    def _to_server(self, pair: Pair, data: bytes) -> None:
        if self._pattern is not None and self._pattern[0] in data:
            when, self._pattern = self._pattern[1], None
            self.cuts += 1
            if when == "before":
                pair.reset()
                return
            pair.swallowing = True
        pair.server.sendall(data)

    def _to_client(self, pair: Pair, data: bytes) -> None:
        self._answering.wait()
        if pair.swallowing:
            pair.reset()
            return
        pair.client.sendall(data)
