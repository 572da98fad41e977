"""What stands behind the embedded bus: exchanges, queues and readers, as plain objects of this process."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import virtual

ROUTES_REMEMBERED_MAX = 4_096
MESSAGES_BETWEEN_YIELDS = 150
"""With 100 the relay of a busy house falls thousands of events behind, with 200 its imports lose speed."""

# kombu's own form of a message: body, content-type, content-encoding, headers, properties.
# It may lie in several queues at once, so nothing changes it after it was published.
Message = dict[str, Any]


@dataclass(slots=True, eq=False)
class Reader:
    """One consumer of a queue: how to wake it, how to hand it a message, and how many it may hold."""

    queue: "Queue"
    wake: Callable[[], None]
    hand_over: Callable[[Message, "Reader"], None]
    acknowledges: bool
    prefetch_count: int  # 0: no limit
    unacknowledged: int = 0

    def take_one(self) -> bool:
        """Take the oldest message, if there is one and the prefetch allows one more; tell whether it did.

        The limit is each reader's own, as in RabbitMQ: were it the channel's, a service whose workers all
        wait for replies could never be handed one.
        """
        if 0 < self.prefetch_count <= self.unacknowledged:
            return False
        if (message := self.queue.take()) is None:
            return False
        self.unacknowledged += self.acknowledges
        self.hand_over(message, self)
        return True


@dataclass(slots=True, eq=False)
class Queue:
    """Messages that wait for a reader, oldest first; a bounded queue drops its oldest."""

    name: str
    messages: deque[Message]
    auto_delete: bool
    readers: list[Reader] = field(default_factory=list)

    def put(self, message: Message) -> None:
        self.messages.append(message)
        self._wake_readers()

    def put_back(self, message: Message) -> None:
        """Return a message to the head of this queue alone; kombu would send it to all of its exchange."""
        if len(self.messages) != self.messages.maxlen:
            properties = message["properties"]
            delivery_info = properties["delivery_info"] | {"redelivered": True}
            self.messages.appendleft(message | {"properties": properties | {"delivery_info": delivery_info}})
            self._wake_readers()

    def take(self) -> Message | None:
        """Take the oldest message that has not expired."""
        while self.messages:
            message = self.messages.popleft()
            if "expires_at" not in message or message["expires_at"] > time.monotonic():
                return message
        return None

    def _wake_readers(self) -> None:
        for reader in self.readers:
            reader.wake()


class Broker:
    """The exchanges, queues and bindings behind one address."""

    def __init__(self) -> None:
        self.exchanges: dict[str, dict[str, Any]] = {}
        self.state = virtual.BrokerState(self.exchanges)
        self.queues: dict[str, Queue] = {}
        self.route = lru_cache(ROUTES_REMEMBERED_MAX)(self._route)
        self._passed = 0

    def queue(self, name: str) -> Queue:
        """Find a queue; raises ChannelError 404, as a broker would."""
        if name not in self.queues:
            raise ChannelError(f"NOT_FOUND - no queue {name!r}", reply_code=404)
        return self.queues[name]

    def delete(self, queue: Queue) -> None:
        """Remove a queue, its messages and its bindings."""
        for exchange, _, _ in self.state.queue_bindings(queue.name):
            table = self.exchanges[exchange]["table"]
            table[:] = [binding for binding in table if binding[2] != queue.name]
        self.state.queue_bindings_delete(queue.name)
        self.queues.pop(queue.name, None)
        self.route.cache_clear()

    def _route(self, exchange: str, routing_key: str) -> tuple[Queue, ...]:
        if not exchange:
            return (self.queues[routing_key],) if routing_key in self.queues else ()
        if exchange not in self.exchanges:
            raise ChannelError(f"NOT_FOUND - no exchange {exchange!r}", reply_code=404)
        kind, table = (self.exchanges[exchange][part] for part in ("type", "table"))
        words = routing_key.split(".")
        names = {
            name
            for key, _, name in table
            if kind == "fanout"
            or key == routing_key
            or (kind == "topic" and topic_matches(key.split("."), words))
        }
        return tuple(self.queues[name] for name in sorted(names))

    def pass_on(self) -> None:
        """Let others run now and then: no socket is waited for here, so a burst would keep them out."""
        self._passed += 1
        if self._passed % MESSAGES_BETWEEN_YIELDS == 0:
            time.sleep(0)


def topic_matches(pattern: list[str], words: list[str]) -> bool:
    """Tell whether a routing key fits a binding: `*` is one word, `#` is none or more.

    Source: AMQP 0-9-1, 3.1.3.3. (kombu's own pattern `a.#` does not match `a`.)
    """
    match pattern, words:
        case [], []:
            return True
        case ["#", *rest], _:
            return topic_matches(rest, words) or (bool(words) and topic_matches(pattern, words[1:]))
        case [first, *rest], [word, *others]:
            return first in ("*", word) and topic_matches(rest, others)
        case _:
            return False
