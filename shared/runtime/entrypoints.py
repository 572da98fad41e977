"""nameko's entrypoints with what nameko lacks: safe acknowledging, safe errors, requests that expire."""

# nameko's extensions and kombu's mixin are not typed; the signatures are theirs.
# ruff: noqa: ARG002
# mypy: disable-error-code="misc,no-untyped-call"

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from amqp.exceptions import AMQPError
from kombu.exceptions import KombuError
from nameko import messaging, rpc
from nameko.exceptions import MalformedRequest
from nameko.extensions import DependencyProvider

from shared.bus.answering import send_answer
from shared.runtime import correlation
from shared.runtime.access import Access
from shared.runtime.calls import Call, RefusedCall, refused_call, without_text

HOUSES = "houses"
"""Under which key of nameko's configuration the opened houses stand, by service."""

REQUEST_SECONDS_MAX = 60
"""How long a request waits for a service that is away; it may hold personal data, which rests nowhere."""

HEADERS = frozenset({"auth_token", "language", correlation.HEADER})

log = logging.getLogger(__name__)


class QueueConsumer(messaging.QueueConsumer):
    """nameko's consumer; a connection that breaks under an acknowledgement does not end the process."""

    connected = False

    def ack_message(self, message: Any) -> None:
        # Whatever was not acknowledged comes again, and command ids make that harmless (faults.md T-04).
        with suppress(OSError, AMQPError, KombuError):
            super().ack_message(message)

    def requeue_message(self, message: Any) -> None:
        with suppress(OSError, AMQPError, KombuError):
            super().requeue_message(message)

    def on_decode_error(self, message: Any, exc: Exception) -> None:
        """Drop what is not JSON; kombu would write the body into the log (faults.md T-03)."""
        log.warning("dropped a message of %d bytes that is not JSON", len(message.body or b""))
        self.ack_message(message)

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
            result = refused_call(str(message.delivery_info.get("routing_key")), exc_info[1])
        error = None
        if isinstance(result, RefusedCall):
            result, error = None, told(result)
        try:
            send_answer(self.container.config, message, {"result": result, "error": error})
        except Exception as broken:  # noqa: BLE001 - one lost answer must not end the service; see find_command
            log.warning("an answer could not be sent: %s", without_text(broken))
        self.queue_consumer.ack_message(message)
        return result, None


class Rpc(rpc.Rpc):
    """nameko's RPC entrypoint."""

    rpc_consumer = RpcConsumer()

    def handle_message(self, body: Any, message: Any) -> None:
        if not isinstance(body, dict):
            raise MalformedRequest("no mapping")
        super().handle_message(body, message)

    def unpack_message_headers(self, message: Any) -> dict[str, Any]:
        """Only the headers that are looked at: nameko dies of others, such as a call stack of numbers."""
        headers = super().unpack_message_headers(message)
        return {name: value for name, value in headers.items() if name in HEADERS}


class CallProvider(DependencyProvider):
    """Gives each worker its Call."""

    def setup(self) -> None:
        self._house = self.container.config[HOUSES][self.container.service_name]
        self._access = Access(self._house, self.container.service_cls.projections)

    def worker_setup(self, worker_ctx: Any) -> None:
        worker_ctx.began_at = time.monotonic()
        entrypoint = f"{self.container.service_name}.{worker_ctx.entrypoint.method_name}"
        correlation.begin(correlation.heard(worker_ctx.data.get(correlation.HEADER)), call=entrypoint)

    def worker_result(self, worker_ctx: Any, result: Any = None, exc_info: Any = None) -> None:
        seconds = time.monotonic() - worker_ctx.began_at
        self._house.answered(worker_ctx.entrypoint.method_name, seconds, codes_in(result))

    def get_dependency(self, worker_ctx: Any) -> Call:
        return Call(self._house, worker_ctx.data, self._access)


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
