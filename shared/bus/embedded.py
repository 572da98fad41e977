"""The embedded bus: a kombu transport on which the same nameko services talk in one process without a broker.

Readers and writers share one thread of control (eventlet's, or one plain thread), so nothing is locked.
Nothing outlives the process, which is harmless: the logs are the truth.
"""

# The signatures are kombu's, which is typed in part only.
# ruff: noqa: ARG002, FBT001, FBT002
# mypy: disable-error-code="no-untyped-call"

import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

from kombu import pools
from kombu.exceptions import ChannelError
from kombu.exceptions import ConnectionError as BusConnectionError
from kombu.transport import TRANSPORT_ALIASES, virtual

from shared.bus.addresses import EMBEDDED
from shared.bus.embedded_broker import Broker, Message, Queue, Reader

_brokers: dict[str, Broker] = {}


def register() -> None:
    """Make `embedded://<name>` an address that kombu and nameko understand; harmless when repeated."""
    TRANSPORT_ALIASES[EMBEDDED] = f"{__name__}:Transport"


def drop(name: str) -> None:
    """Free the broker `embedded://<name>`, its messages and the pooled connections to it.

    Its services and readers must have ended. Arguments: the host part of the address, in lower case.
    """
    for group in (pools.producers, pools.connections):
        for key in [key for key in group if key[:2] == [EMBEDDED, name]]:
            group.pop(key).force_close_all()
    _brokers.pop(name, None)


class Channel(virtual.Channel):
    """kombu's virtual channel, with queues, acknowledgements and refusals that behave as RabbitMQ's do."""

    connection: "Transport"
    supports_fanout = True

    def __init__(self, connection: "Transport", **options: Any) -> None:
        super().__init__(connection, **options)
        self.prefetch_count = 0
        self._broker = connection.broker
        self._readers: dict[str, Reader] = {}
        self._delivered: dict[int, tuple[Message, Queue, Reader | None]] = {}
        self._tags = count(1)

    # exchanges and queues

    def exchange_delete(self, exchange: str, if_unused: bool = False, nowait: bool = False) -> None:
        for queue, bound_to, routing_key in list(self._broker.state.bindings):
            if bound_to == exchange:
                self._broker.state.binding_delete(queue, exchange, routing_key)
        self._broker.exchanges.pop(exchange, None)
        self._broker.route.cache_clear()

    def _has_queue(self, queue: str, **_: Any) -> bool:
        return queue in self._broker.queues

    def _new_queue(self, queue: str, **options: Any) -> None:
        arguments = options.get("arguments") or {}
        if queue not in self._broker.queues:
            messages: deque[Message] = deque(maxlen=arguments.get("x-max-length"))
            self._broker.queues[queue] = Queue(queue, messages, auto_delete=bool(options.get("auto_delete")))
            self._broker.route.cache_clear()
        if options.get("exclusive") or "x-expires" in arguments:
            self.connection.passing_queues.add(self._broker.queues[queue])

    def queue_bind(self, queue: str, *arguments: Any, **options: Any) -> None:
        self._broker.queue(queue)
        super().queue_bind(queue, *arguments, **options)
        self._broker.route.cache_clear()

    def _queue_bind(self, *_: Any) -> None:
        """Do nothing more: the exchange's table, which kombu has filled, is all that is looked at."""

    def queue_unbind(self, queue: str, *arguments: Any, **options: Any) -> None:
        super().queue_unbind(queue, *arguments, **options)
        self._broker.route.cache_clear()

    def queue_delete(self, queue: str, if_unused: bool = False, if_empty: bool = False, **_: Any) -> None:
        found = self._broker.queues.get(queue)
        if found is not None and not (if_unused and found.readers) and not (if_empty and found.messages):
            self._broker.delete(found)

    def _size(self, queue: str) -> int:
        return len(self._broker.queue(queue).messages)

    def _purge(self, queue: str) -> int:
        size = self._size(queue)
        self._broker.queue(queue).messages.clear()
        return size

    # sending

    def prepare_message(self, *arguments: Any, **options: Any) -> Message:
        message: Message = super().prepare_message(*arguments, **options)
        # nameko answers in the content type that it finds in the properties; kombu keeps it beside them.
        message["properties"] |= {
            "content_type": message["content-type"],
            "content_encoding": message["content-encoding"],
        }
        return message

    def basic_publish(
        self, message: Message, exchange: str, routing_key: str, *, mandatory: bool = False, **_: Any
    ) -> None:
        queues = self._broker.route(exchange, routing_key)
        if mandatory and not queues:
            # nameko looks for NO_ROUTE, and makes UndeliverableMessage and then UnknownService of it.
            raise ChannelError(f"NO_ROUTE - {routing_key!r} of exchange {exchange!r}", reply_code=312)
        properties = message["properties"]
        properties["delivery_info"] = {"exchange": exchange, "routing_key": routing_key, "redelivered": False}
        if (expiration_milliseconds := properties.get("expiration")) is not None:
            message["expires_at"] = time.monotonic() + int(expiration_milliseconds) / 1_000
        for queue in queues:
            queue.put(message)
        self._broker.pass_on()

    # receiving

    def basic_consume(
        self, queue: str, no_ack: bool, callback: Callable[[Any], None], consumer_tag: str, **_: Any
    ) -> None:
        source = self._broker.queue(queue)
        hand_over = partial(self._hand_over, callback)
        reader = Reader(source, self.connection.wake, hand_over, not no_ack, self.prefetch_count)
        self._readers[consumer_tag] = reader
        reader.queue.readers.append(reader)
        self.connection.readers.append(reader)
        self.connection.wake()

    def basic_cancel(self, consumer_tag: str) -> None:
        reader = self._readers.pop(consumer_tag, None)
        if reader is None:
            return
        reader.queue.readers.remove(reader)
        self.connection.readers.remove(reader)
        if reader.queue.auto_delete and not reader.queue.readers:
            self._broker.delete(reader.queue)
        self.connection.wake()

    def basic_qos(self, prefetch_size: int = 0, prefetch_count: int = 0, apply_global: bool = False) -> None:
        self.prefetch_count = prefetch_count
        for reader in self._readers.values():
            reader.prefetch_count = prefetch_count
        self.connection.wake()

    def basic_get(self, queue: str, no_ack: bool = False, **_: Any) -> virtual.Message | None:
        source = self._broker.queue(queue)
        message = source.take()
        return None if message is None else self._delivery(message, source, None, acknowledged=not no_ack)

    def _hand_over(self, callback: Callable[[Any], None], message: Message, reader: Reader) -> None:
        callback(self._delivery(message, reader.queue, reader, acknowledged=reader.acknowledges))

    def _delivery(
        self, message: Message, queue: Queue, reader: Reader | None, *, acknowledged: bool
    ) -> virtual.Message:
        # A tag for each delivery: kombu's is one per message, which two queues of one channel would share.
        tag = next(self._tags)
        if acknowledged:
            self._delivered[tag] = message, queue, reader
        properties = message["properties"] | {"delivery_tag": tag}
        return self.Message(message | {"properties": properties}, channel=self)

    def basic_ack(self, delivery_tag: int, multiple: bool = False) -> None:
        for tag in [tag for tag in self._delivered if tag <= delivery_tag] if multiple else [delivery_tag]:
            self._settle(tag, requeue=False)

    def basic_reject(self, delivery_tag: int, requeue: bool = False) -> None:
        self._settle(delivery_tag, requeue=requeue)

    def basic_recover(self, requeue: bool = False) -> None:
        if not requeue:
            raise NotImplementedError("unacknowledged messages return to their queue, not to their reader")
        for tag in reversed(list(self._delivered)):  # the newest first, so that the oldest ends at the head
            self._settle(tag, requeue=True)

    def _settle(self, tag: int, *, requeue: bool) -> None:
        message, queue, reader = self._delivered.pop(tag, (None, None, None))
        if message is None or queue is None:
            return
        if reader is not None:
            reader.unacknowledged -= 1
            if queue.messages:
                self.connection.wake()  # its prefetch may have held it back
        if requeue:
            queue.put_back(message)

    def close(self) -> None:
        """Cancel the readers and return what they have not acknowledged."""
        if not self.closed:
            for consumer_tag in list(self._readers):
                self.basic_cancel(consumer_tag)
            self.basic_recover(requeue=True)
            super().close()


class Transport(virtual.Transport):
    """One connection to a broker of this process; it waits for arrivals and never polls."""

    Channel = Channel
    driver_type = driver_name = EMBEDDED
    implements = virtual.Transport.implements.extend(exchange_type=frozenset(["direct", "topic", "fanout"]))
    # Said aloud, since kombu otherwise takes every refusal for a broken connection and tries again.
    recoverable_connection_errors = (BusConnectionError,)
    recoverable_channel_errors = ()

    def __init__(self, client: Any, **options: Any) -> None:
        super().__init__(client, **options)
        self.broker = _brokers.setdefault(client.hostname or "", Broker())
        self.state = self.broker.state
        self.readers: deque[Reader] = deque()
        self.passing_queues: set[Queue] = set()  # they go with this connection, unless others still read them
        self._stirred = threading.Event()
        self._closed = False

    def wake(self) -> None:
        """Let a waiting drain_events look again."""
        if not self._stirred.is_set():
            self._stirred.set()

    def drain_events(self, connection: Any, timeout: float | None = None, **_: Any) -> None:
        """Deliver one message, waiting up to `timeout` seconds for it; raises TimeoutError if none came."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self._deliver_one():
            remaining = None if deadline is None else max(deadline - time.monotonic(), 0)
            if not self._stirred.wait(remaining):
                raise TimeoutError("no message arrived in time")
            # Cleared before the next look, so that no arrival between look and wait is missed.
            self._stirred.clear()
        self.broker.pass_on()

    def _deliver_one(self) -> bool:
        if self._closed:
            raise BusConnectionError("the connection is closed")
        for _ in range(len(self.readers)):
            reader = self.readers[0]
            self.readers.rotate(-1)
            if reader.take_one():
                return True
        return False

    def establish_connection(self) -> Any:
        self._closed = False
        return super().establish_connection()

    def close_connection(self, connection: Any) -> None:
        super().close_connection(connection)
        for queue in self.passing_queues:
            if not queue.readers and self.broker.queues.get(queue.name) is queue:
                self.broker.delete(queue)
        self.passing_queues.clear()
        self._closed = True
        self.wake()
