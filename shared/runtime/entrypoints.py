"""nameko's entrypoints with what nameko lacks: safe acknowledging, safe errors, answers in time."""

# nameko's extensions and kombu's mixin are not typed; the signatures are theirs.
# ruff: noqa: ARG002
# mypy: disable-error-code="misc,no-untyped-call"

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import eventlet
from amqp.exceptions import AMQPError
from eventlet.hubs import get_hub
from kombu.exceptions import KombuError
from nameko import messaging, rpc
from nameko.exceptions import ContainerBeingKilled, MalformedRequest
from nameko.extensions import DependencyProvider

from shared.bus.answering import send_answer
from shared.bus.connecting import next_wait
from shared.bus.unseen import Unseen
from shared.runtime import correlation
from shared.runtime.access import Access
from shared.runtime.access_log import Attempt
from shared.runtime.calls import SECONDS_MAX, TIMEOUT, Call, RefusedCall, refusal_told, without_text
from shared.runtime.house import House
from shared.runtime.repeats import MESSAGE, identity_of

HOUSES = "houses"
"""Under which key of nameko's configuration the opened houses stand, by service."""

CALL_SECONDS = "call_seconds"
"""Under which key stands how long a call may take."""

REQUEST_SECONDS_MAX = 60
"""How long a request waits for a service that is away; it may hold personal data, which rests nowhere."""

STOP_LOOK_SECONDS = 0.1

HEADERS = frozenset({"auth_token", correlation.HEADER})

log = logging.getLogger(__name__)


class QueueConsumer(messaging.QueueConsumer):
    """nameko's consumer; a connection that breaks under an acknowledgement does not end the process."""

    connected = False
    should_stop: bool
    _pending_remove_providers: dict[Any, Any]

    def __init__(self) -> None:
        super().__init__()
        self._unseen = Unseen()

    def ack_message(self, message: Any) -> None:
        # Whatever was not acknowledged comes again, and the ids of its commands make that harmless
        # (faults.md T-04): its sender's, or what follows from the message (``Call.command_id``).
        with suppress(OSError, AMQPError, KombuError):
            super().ack_message(message)

    def requeue_message(self, message: Any) -> None:
        with suppress(OSError, AMQPError, KombuError):
            super().requeue_message(message)

    def on_decode_error(self, message: Any, exc: Exception) -> None:
        """Drop what is not JSON, and count it; kombu would write the body into the log (faults.md T-03)."""
        log.warning("dropped a request that is not JSON: %s", self._unseen.described(message.body))
        self.container.config[HOUSES][self.container.service_name].requests_dropped += 1
        self.ack_message(message)

    @contextmanager
    def establish_connection(self) -> Iterator[Any]:
        """As kombu's, which would try for ever and never look whether it was asked to stop meanwhile."""
        with self.create_connection() as connection:
            wait_seconds = 0.0
            while True:
                try:
                    connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0)
                    break
                except (OSError, AMQPError, KombuError) as error:
                    wait_seconds = next_wait(wait_seconds)
                    self.on_connection_error(error, wait_seconds)
                    self._wait_unless_stopped(wait_seconds)
            yield connection

    def _cancel_consumers_if_requested(self) -> None:
        """As nameko's, which would leave whoever stops waiting for ever where the connection breaks here."""
        requested, self._pending_remove_providers = self._pending_remove_providers, {}
        for provider, removed in requested.items():
            consumer = self._consumers.pop(provider, None)
            with suppress(OSError, AMQPError, KombuError):
                if consumer is not None:
                    consumer.cancel()
            removed.send()

    def _wait_unless_stopped(self, seconds: float) -> None:
        """Wait. Raises OSError, as a lost connection does, once nobody wants to consume any more."""
        deadline = time.monotonic() + seconds
        while not self.should_stop and (remaining := deadline - time.monotonic()) > 0:
            eventlet.sleep(min(remaining, STOP_LOOK_SECONDS))
            if self._pending_remove_providers:
                self.on_iteration()
        if self.should_stop:
            raise OSError("asked to stop")

    @contextmanager
    def extra_context(self, connection: Any, channel: Any) -> Iterator[None]:
        self.connected = True
        try:
            yield
        finally:
            self.connected = False


class RpcConsumer(rpc.RpcConsumer):
    """nameko's consumer of a service's requests; every answer but a plain result is a RefusedCall."""

    queue_consumer = QueueConsumer()

    def setup(self) -> None:
        super().setup()
        self.queue.message_ttl = REQUEST_SECONDS_MAX

    def handle_result(self, message: Any, result: Any, exc_info: Any) -> Any:
        if exc_info is not None:
            # Only a call that no method took, or a fault of this very layer, comes here as an exception.
            result = refusal_told(str(message.delivery_info.get("routing_key")), exc_info[1])
            # Under no method's name: what was asked for is the caller's text.
            self.house.access_log.note(Attempt(method="", code=result.code))
        self.answer(message, result)
        self.queue_consumer.ack_message(message)
        return result, None

    @property
    def house(self) -> House:
        house: House = self.container.config[HOUSES][self.container.service_name]
        return house

    def answer(self, message: Any, result: Any) -> None:
        """Send a result, or a RefusedCall, to whoever sent a request."""
        error = None
        if isinstance(result, RefusedCall):
            result, error = None, told(result)
        try:
            send_answer(self.container.config, message, {"result": result, "error": error})
        except Exception as broken:  # noqa: BLE001 - one lost answer must not end the service; see find_command
            log.warning("an answer could not be sent: %s", without_text(broken))


class Rpc(rpc.Rpc):
    """nameko's RPC entrypoint, whose callers are answered in time.

    A call that takes too long is refused, and goes on to its end unheard: to break it off might leave half of
    what it does, or take others' commands with it that are written in one batch. It begins nothing more
    (``Call.check_time``), and keeps its place among the workers until then.
    """

    rpc_consumer = RpcConsumer()

    def handle_message(self, body: Any, message: Any) -> None:
        if not isinstance(body, dict) or not {"args", "kwargs"} <= body.keys():
            raise MalformedRequest("no mapping with args and kwargs")
        self.check_signature(body["args"], body["kwargs"])
        try:
            worker = self.container.spawn_worker(
                self,
                body["args"],
                body["kwargs"],
                context_data=self.unpack_message_headers(message),
                handle_result=partial(self.handle_result, message),
            )
        except ContainerBeingKilled:
            self.rpc_consumer.requeue_message(message)
            return
        worker.is_answered = worker.is_late = False
        seconds = self.container.config.get(CALL_SECONDS, SECONDS_MAX)
        # A bare timer: one with a greenlet of its own costs thirty times as much, for nearly nothing.
        worker.limit = get_hub().schedule_call_global(seconds, eventlet.spawn, self._refuse, message, worker)

    def _refuse(self, message: Any, worker: Any) -> None:
        if worker.is_answered:
            return
        worker.is_late = True
        seconds = self.container.config.get(CALL_SECONDS, SECONDS_MAX)
        self.rpc_consumer.answer(message, RefusedCall(**TIMEOUT(seconds=round(seconds)).as_plain()))
        worker.call.record(self.method_name, TIMEOUT.code)

    def handle_result(self, message: Any, worker_ctx: Any, result: Any, exc_info: Any) -> Any:
        if worker_ctx.is_late:
            self.rpc_consumer.queue_consumer.ack_message(message)
            return result, None
        worker_ctx.is_answered = True
        worker_ctx.limit.cancel()
        return super().handle_result(message, worker_ctx, result, exc_info)

    def unpack_message_headers(self, message: Any) -> dict[str, Any]:
        """Only the headers that are looked at: nameko dies of others, such as a call stack of numbers."""
        headers = super().unpack_message_headers(message)
        known = {name: value for name, value in headers.items() if name in HEADERS}
        return known | {MESSAGE: identity_of(message, self.method_name)}


class CallProvider(DependencyProvider):
    """Gives each worker its Call."""

    def setup(self) -> None:
        self._house = self.container.config[HOUSES][self.container.service_name]
        self._access = Access(self._house, self.container.service_cls.projections)
        self._seconds_max = self.container.config.get(CALL_SECONDS, SECONDS_MAX)

    def worker_setup(self, worker_ctx: Any) -> None:
        worker_ctx.began_at = time.monotonic()
        entrypoint = f"{self.container.service_name}.{worker_ctx.entrypoint.method_name}"
        correlation.begin(correlation.heard(worker_ctx.data.get(correlation.HEADER)), call=entrypoint)

    def worker_result(self, worker_ctx: Any, result: Any = None, exc_info: Any = None) -> None:
        seconds = time.monotonic() - worker_ctx.began_at
        codes = [TIMEOUT.code] if worker_ctx.is_late else codes_in(result)
        self._house.answered(worker_ctx.entrypoint.method_name, seconds, codes)

    def get_dependency(self, worker_ctx: Any) -> Call:
        worker_ctx.call = Call(self._house, worker_ctx.data, self._access, self._seconds_max)
        return worker_ctx.call  # type: ignore[no-any-return]


def codes_in(result: Any) -> list[str]:
    """The codes of the refusals in what a method answered: of the whole call, or of some of its rows."""
    if isinstance(result, RefusedCall):
        return [result.code]
    if not isinstance(result, list):
        return []
    rows = (each["refused"] for each in result if isinstance(each, dict) and "refused" in each)
    return [refused["code"] for refused in rows if isinstance(refused, dict) and "code" in refused]


def told(error: RefusedCall) -> dict[str, Any]:
    """A refusal as nameko carries exceptions; a caller without this package reads it in ``value``."""
    return {
        "exc_type": "RefusedCall",
        "exc_path": f"{RefusedCall.__module__}.RefusedCall",
        "exc_args": list(error.args),
        "value": error.as_plain(),
    }
