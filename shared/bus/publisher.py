"""Publishing with a window of confirms: many messages on their way, and how far the broker has taken them."""

import time
from collections.abc import Sequence
from typing import Any

from amqp import spec

from shared.bus.cloud_event import CONTENT_TYPE
from shared.bus.connecting import is_embedded, written_at_once

WINDOW = 500
WRITTEN_AT_ONCE = 50
CONFIRM_SECONDS_MAX = 10.0
LOOK_SECONDS = 1.0
PERSISTENT = 2


class NotConfirmed(Exception):
    """The broker refused a message, or did not say in time that it has it: it is published again."""


class Publisher:
    """Publishes to one exchange on a channel of its own, in the order of positions.

    Args:
        connection: as of ``connected``; no other thread uses it.
        position: where publishing begins; everything up to there counts as confirmed.

    Attributes:
        published: up to which position everything was sent, or is not for the bus.
    """

    def __init__(self, connection: Any, exchange: str, position: int) -> None:
        self._connection = connection
        self._exchange = exchange
        self._channel = connection.channel()
        self._confirms = not is_embedded(connection)
        self._tag = 0
        self._unconfirmed: dict[int, int] = {}
        self._refused = False
        self._last_confirm = time.monotonic()
        self.published = position
        if self._confirms:
            self._channel.confirm_select()
            self._channel.events["basic_ack"].add(self._on_ack)
            self._channel.events["basic_nack"].add(self._on_nack)

    @property
    def confirmed(self) -> int:
        """The last position up to which the broker has everything."""
        return next(iter(self._unconfirmed.values())) - 1 if self._unconfirmed else self.published

    def publish(self, messages: Sequence[tuple[int, str, bytes]]) -> None:
        """Send messages (position, routing key, body); waits only while too many are unconfirmed.

        Raises:
            NotConfirmed, or what the transport raises.
        """
        if not self._confirms:
            for position, routing_key, body in messages:
                self._channel.basic_publish(self._message(body), self._exchange, routing_key)
                self.published = position
            return
        for start in range(0, len(messages), WRITTEN_AT_ONCE):
            some = messages[start : start + WRITTEN_AT_ONCE]
            while len(self._unconfirmed) + len(some) > WINDOW:
                self._hear(LOOK_SECONDS)
            if not self._unconfirmed:
                self._last_confirm = time.monotonic()
            with written_at_once(self._connection):
                for position, routing_key, body in some:
                    self._tag += 1
                    self._unconfirmed[self._tag] = position
                    self.published = position
                    # basic_publish would look for arrivals before each message; the loop above does.
                    arguments = (0, self._exchange, routing_key, False, False)
                    self._channel.send_method(spec.Basic.Publish, "Bssbb", arguments, self._message(body))

    def _message(self, body: bytes) -> Any:
        return self._channel.prepare_message(
            body,
            content_type=CONTENT_TYPE,
            content_encoding="utf-8",
            properties={"delivery_mode": PERSISTENT},
        )

    def hear(self) -> None:
        """Take what the broker has sent, without waiting; sends a heartbeat when one is due."""
        self._connection.heartbeat_check()
        while self._hear(0):
            pass

    def settle(self) -> None:
        """Wait until everything is confirmed. Raises NotConfirmed or what breaks."""
        while self._unconfirmed:
            self._hear(LOOK_SECONDS)

    def _hear(self, seconds: float) -> bool:
        """Take one thing that the broker sent; whether there was one within that time."""
        try:
            self._connection.drain_events(timeout=seconds)
            heard = True
        except TimeoutError:
            heard = False
        waited_seconds = time.monotonic() - self._last_confirm
        if self._refused or (self._unconfirmed and waited_seconds > CONFIRM_SECONDS_MAX):
            raise NotConfirmed("refused by the broker" if self._refused else "not confirmed in time")
        return heard

    def _on_ack(self, tag: int, multiple: bool) -> None:  # noqa: FBT001 - called by the channel
        self._last_confirm = time.monotonic()
        if not multiple:
            self._unconfirmed.pop(tag, None)
            return
        for each in list(self._unconfirmed):
            if each > tag:
                break
            del self._unconfirmed[each]

    def _on_nack(self, _tag: int, _multiple: bool) -> None:  # noqa: FBT001 - called by the channel
        self._refused = True
