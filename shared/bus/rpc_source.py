"""Asking a source for its events by nameko's RPC, from any thread, with a limit on every wait.

nameko's own standalone proxy waits without limit when the broker takes no messages, keeps the token that
it was made with, and leaves a reply queue behind each time it is made anew (faults.md, T-14 and T-20); what
it says on the wire is a dozen lines.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from itertools import count
from typing import Any
from uuid import uuid4

import msgspec
from kombu import Exchange, Queue

from shared.bus.catch_up import SourceDown
from shared.bus.cloud_event import CONTENT_TYPE
from shared.bus.connecting import connected, is_embedded

RPC_EXCHANGE = Exchange("nameko-rpc", type="topic", durable=True)
TIMEOUT_SECONDS = 5.0
KNOCK_SECONDS = 1.0
"""How long a source that did not answer is waited for, until it answers again."""


class Reply(msgspec.Struct):
    """What nameko answers a call with."""

    result: Any
    error: dict[str, Any] | None


class SourceRefuses(SourceDown):
    """A source answered, and the answer is no; ``told`` says why, as nameko carries it."""

    def __init__(self, service: str, told: Mapping[str, Any]) -> None:
        super().__init__(f"{service} refuses: {told.get('exc_type')}")
        self.told = told


class RpcSource:
    """A service that answers ``events_after``; belongs to one thread.

    Args:
        url: the bus; nothing connects before the first call.
        service: its name.
        headers: asked before each call; nameko's context, such as ``{"nameko.auth_token": …}``.
        timeout_seconds: how long an answer is waited for.
    """

    def __init__(
        self,
        url: str,
        service: str,
        headers: Callable[[], Mapping[str, str]] = dict,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._url = url
        self._service = service
        self._headers = headers
        self._timeout_seconds = timeout_seconds
        self._numbers = count(1)
        self._open = ExitStack()
        self._connection: Any = None
        self._channel: Any = None
        self._reply_to = ""
        self._replies: dict[str, bytes] = {}
        self._unroutable = False
        self._silent = False

    def events_after(self, position: int, limit: int) -> dict[str, Any]:
        """As ``page_after`` at the source. Raises SourceDown.

        A source that was silent is asked for a single event first, and waited for but shortly: whoever asks
        has other things to do meanwhile.
        """
        if self._silent:
            self._call("events_after", {"position": position, "limit": 1}, KNOCK_SECONDS)
        page: dict[str, Any] = self.call("events_after", position=position, limit=limit)
        return page

    def call(self, method: str, /, **arguments: Any) -> Any:
        """What the method answers. Raises SourceDown, SourceRefuses."""
        return self._call(method, arguments, self._timeout_seconds)

    def _call(self, method: str, arguments: Mapping[str, Any], seconds: float) -> Any:
        self._silent = True
        try:
            if self._connection is None:
                self._connect()
            reply = self._ask(method, arguments, seconds)
        except SourceDown:
            raise
        except Exception as error:
            self.close()
            raise SourceDown(f"{self._service} cannot be asked: {type(error).__name__}") from error
        self._silent = False
        if reply.error is not None:
            raise SourceRefuses(self._service, reply.error)
        return reply.result

    def keep_alive(self) -> None:
        """Take the broker's heartbeats and send one when it is due; called every few seconds between calls.

        A connection that broke meanwhile is closed, and the next call makes another.
        """
        if self._connection is None:
            return
        try:
            self._connection.heartbeat_check()
            while True:
                self._connection.drain_events(timeout=0)
        except TimeoutError:
            self._replies.clear()  # late ones, for which nobody waits any more
        except Exception:  # noqa: BLE001 - each transport has errors of its own
            self.close()

    def close(self) -> None:
        """End the connection; the next call makes another."""
        opened, self._open, self._connection = self._open, ExitStack(), None
        try:
            opened.close()
        except Exception:  # noqa: BLE001 - it was broken: there is nothing to save
            return

    def _connect(self) -> None:
        connection = self._open.enter_context(connected(self._url))
        self._channel = connection.channel()
        self._reply_to = f"rpc.reply-replica-{self._service}-{uuid4()}"
        queue = Queue(self._reply_to, RPC_EXCHANGE, self._reply_to, exclusive=True, auto_delete=True)
        connection.Consumer(
            queue, channel=self._channel, no_ack=True, on_message=self._on_reply, accept=["json"]
        ).consume()
        if not is_embedded(connection):  # which raises at once when nobody listens
            self._channel.events["basic_return"].add(self._on_return)
        self._connection = connection

    def _ask(self, method: str, arguments: Mapping[str, Any], seconds: float) -> Reply:
        """nameko's answer. Raises SourceDown, or what breaks."""
        number = str(next(self._numbers))
        self._unroutable = False
        request = self._channel.prepare_message(
            msgspec.json.encode({"args": [], "kwargs": arguments}),
            content_type=CONTENT_TYPE,
            content_encoding="utf-8",
            headers=dict(self._headers()),
            properties={
                "reply_to": self._reply_to,
                "correlation_id": number,
                # Nobody waits longer: a source that comes up later must not work off old questions.
                "expiration": str(int(seconds * 1_000)),
            },
        )
        self._channel.basic_publish(request, RPC_EXCHANGE.name, f"{self._service}.{method}", mandatory=True)
        deadline = time.monotonic() + seconds
        while number not in self._replies:
            remaining_seconds = deadline - time.monotonic()
            if self._unroutable or remaining_seconds <= 0:
                self._replies.clear()
                raise SourceDown(f"{self._service} does not answer")
            try:
                self._connection.drain_events(timeout=min(remaining_seconds, 1.0))
            except TimeoutError:
                self._connection.heartbeat_check()
        return msgspec.json.decode(self._replies.pop(number), type=Reply)

    def _on_reply(self, message: Any) -> None:
        self._replies[message.properties.get("correlation_id", "")] = message.body

    def _on_return(self, *_: Any) -> None:
        self._unroutable = True
