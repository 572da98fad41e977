"""A reader's queue on one connection: declared, consumed in batches, acknowledged after the commit."""

import time
from typing import Any

from kombu import Queue

from shared.bus.connecting import dead_queue, is_embedded, reader_queue

BATCH = 1_000


class Deliveries:
    """What a queue delivers to one reader; lives as long as its connection.

    Args:
        connection: as of ``connected``; no other thread uses it.
        emptied: whether what the queue holds is thrown away first.
    """

    def __init__(self, connection: Any, source: str, reader: str, *, emptied: bool) -> None:
        self._connection = connection
        self._channel = connection.channel()
        if not is_embedded(connection):
            self._channel.auto_decode = False  # bodies are read as the bytes that they are
        self._arrived: list[Any] = []
        # Per consumer, never for the channel: RabbitMQ 4.3 knows no other (faults.md, 1.7).
        self._channel.basic_qos(0, BATCH, False)  # noqa: FBT003
        queue = declare(connection, source, reader)(self._channel)
        if emptied:
            queue.purge()
        self._consumer = connection.Consumer(
            queue,
            channel=self._channel,
            auto_declare=False,
            on_message=self._arrived.append,
        )
        self._consumer.consume()

    def take(self, seconds: float) -> list[Any]:
        """Messages that have arrived: waits for the first up to that time, and for no further one."""
        deadline = time.monotonic() + seconds
        while not self._arrived and (remaining := deadline - time.monotonic()) > 0:
            self._hear(remaining)
        self.keep_alive()
        taken = self._arrived[:]
        self._arrived.clear()
        return taken

    def keep_alive(self) -> None:
        """Take what the broker has sent and keep it for ``take``; sends a heartbeat when one is due."""
        self._connection.heartbeat_check()
        while self._hear(0):
            pass

    def _hear(self, seconds: float) -> bool:
        try:
            self._connection.drain_events(timeout=seconds)
        except TimeoutError:
            return False
        return True

    def acknowledge(self, last: Any) -> None:
        """Say that this message and all before it are done with. Raises what breaks."""
        self._channel.basic_ack(last.delivery_tag, multiple=True)

    def reject(self, message: Any) -> None:
        """Hand a message over to the dead letters. Raises what breaks."""
        self._channel.basic_reject(message.delivery_tag, requeue=False)


def declare(connection: Any, source: str, reader: str) -> Queue:
    """Declare a reader's queue, and where its dead letters go; an embedded bus has none."""
    if not is_embedded(connection):
        dead_queue(reader)(connection.default_channel).declare()
    queue = reader_queue(source, reader)
    queue(connection.default_channel).declare()
    return queue
