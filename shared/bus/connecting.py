"""Connections on which nothing waits for ever, and the exchanges and queues that both ends name."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from kombu import Connection, Exchange, Queue, binding

from shared.bus import embedded, plain_json
from shared.bus.addresses import EMBEDDED

HEARTBEAT_SECONDS = 10.0
CONNECT_SECONDS_MAX = 4.0
SOCKET_SECONDS_MAX = 4.0
"""Both are shorter than the pause between two of the broker's heartbeats, half of HEARTBEAT_SECONDS: py-amqp
begins to wait anew at each of them, and would else wait for ever for a broker that beats and does no more."""

READ_BYTES = 131_072
NOTHING_YET = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
"""What a socket raises that does not wait, and one that speaks TLS."""
WAIT_SECONDS_MIN, WAIT_SECONDS_MAX = 0.2, 5.0

READER_MESSAGES_MAX = 50_000
DEAD_MESSAGES_MAX = 10_000
DELIVERIES_MAX = 20


def prepare() -> None:
    """Tell kombu and nameko of the embedded bus and of plain JSON; harmless when repeated."""
    embedded.register()
    plain_json.register()


@contextmanager
def connected(url: str) -> Iterator[Any]:
    """A kombu connection for one thread; left by an exception, it is dropped without a word to the broker.

    Every wait on its socket ends in a few seconds, so that neither a frozen broker nor one that is booting or
    takes no messages (disk or memory alarm) can hold its user (faults.md, T-14).

    Args:
        url: the bus; it may hold a password.

    Raises:
        Whatever the transport raises when the broker is not there.
    """
    prepare()
    connection = Connection(url, connect_timeout=CONNECT_SECONDS_MAX, heartbeat=HEARTBEAT_SECONDS)
    try:
        connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0)
        if not is_embedded(connection):
            # Not the transport's own options: those set the socket's, which eventlet's sockets do not heed.
            transport = connection.connection.transport
            transport.sock.settimeout(SOCKET_SECONDS_MAX)
            transport._quick_recv = ahead = ReadAhead(transport.sock)
            limited = transport.having_timeout
            # py-amqp sets the socket's limit and sets it back for each of a message's three frames, which
            # takes longer than to read them. What has arrived needs no limit.
            transport.having_timeout = lambda seconds: nullcontext() if ahead.has_more else limited(seconds)
        yield connection
    except BaseException:
        connection.collect()
        raise
    connection.release()


class ReadAhead:
    """Reads from a socket in large pieces; py-amqp asks for nine small ones for each message it delivers."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._data = b""
        self._at = 0

    @property
    def has_more(self) -> bool:
        """Whether something has arrived that was not asked for yet."""
        return self._at < len(self._data)

    def __call__(self, size: int) -> bytes:
        """At most so many bytes, at least one; none at the end. Raises what the socket raises."""
        if self._at >= len(self._data):
            try:
                self._data, self._at = self._socket.recv(READ_BYTES), 0
            except NOTHING_YET:
                # Within a frame py-amqp would try again at once, for ever if the rest never comes.
                raise TimeoutError from None
        piece = self._data[self._at : self._at + size]
        self._at += len(piece)
        return piece


@contextmanager
def written_at_once(connection: Any) -> Iterator[None]:
    """Send what is written meanwhile in one piece at the end; py-amqp sends each message by itself."""
    transport = connection.connection.transport
    pieces: list[bytes] = []
    send = transport._write
    transport._write = lambda piece: pieces.append(bytes(piece))
    try:
        yield
    finally:
        transport._write = send
    if pieces:
        transport.write(b"".join(pieces))


def is_embedded(connection: Any) -> bool:
    """Whether the connection leads to a broker in this process, which has neither confirms nor heartbeats."""
    return bool(connection.transport.driver_type == EMBEDDED)


def next_wait(seconds: float) -> float:
    """How long to wait before the next attempt after one that had been waited for this long."""
    return min(max(2 * seconds, WAIT_SECONDS_MIN), WAIT_SECONDS_MAX)


def event_exchange(service: str) -> Exchange:
    """Where a service's events are published; nameko's event handlers bind to the same."""
    return Exchange(f"{service}.events", type="topic", durable=True)


def dead_exchange(reader: str) -> Exchange:
    """Where the broker puts what leaves a reader's queues unread; its own, so that no other reaches it."""
    return Exchange(f"dead.v1.{reader}", type="headers", durable=True)


def dead_queue(reader: str) -> Queue:
    """What a reader could not take: to be looked at, bounded, never read by the suite.

    What was dropped from the head of a full queue (``maxlen``) is no dead letter: there is nothing wrong with
    it, it is pulled from the source, and a burst of it would push out what has to be looked at.
    """
    return Queue(
        f"dead.v1.{reader}",
        bindings=[
            binding(
                dead_exchange(reader), arguments={"x-match": "all-with-x", "x-first-death-reason": reason}
            )
            for reason in ("rejected", "delivery_limit")
        ],
        queue_arguments={
            "x-queue-type": "quorum",
            "x-max-length": DEAD_MESSAGES_MAX,
            "x-overflow": "drop-head",
        },
    )


def reader_queue(source: str, reader: str) -> Queue:
    """A reading service's queue of another's events.

    One active consumer keeps their order. Bounded: what is dropped from its head is pulled from the source.
    The arguments cannot be changed later, since a queue declared otherwise is refused: hence the version.
    """
    return Queue(
        f"replica.v1.{source}.{reader}",
        event_exchange(source),
        routing_key="#",
        queue_arguments={
            "x-queue-type": "quorum",
            "x-single-active-consumer": True,
            "x-max-length": READER_MESSAGES_MAX,
            "x-overflow": "drop-head",
            "x-delivery-limit": DELIVERIES_MAX,
            "x-dead-letter-exchange": dead_exchange(reader).name,
        },
    )
