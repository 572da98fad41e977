"""How the answer to an RPC request leaves: plain JSON, not kept on any disk, for a short while only."""

# kombu and amqp are not typed.
# mypy: disable-error-code="no-untyped-call"

from typing import Any

import msgspec
from amqp import spec
from nameko.constants import NON_PERSISTENT
from nameko.rpc import get_rpc_exchange

ANSWER_SECONDS_MAX = 60


def send_answer(config: dict[str, Any], request: Any, answer: dict[str, Any]) -> None:
    """Send an answer to whoever sent a request, on the very channel from which the request came.

    So nothing has to be confirmed: what acknowledges the request follows on the same way. If the way breaks,
    both are lost, the request comes again, and the ids of its commands, its sender's or what follows from the
    message itself, give it the same answer.

    Args:
        config: of the nameko container.
        request: the message; one that names no reply queue gets no answer.
        answer: nameko's ``{result, error}``.

    Raises:
        Whatever the transport raises when the connection is lost.
    """
    properties = request.properties
    reply_to = properties.get("reply_to")
    if not reply_to:
        return
    channel = request.channel
    given = {"delivery_mode": NON_PERSISTENT, "expiration": str(ANSWER_SECONDS_MAX * 1_000)}
    if (correlation_id := properties.get("correlation_id")) is not None:
        given["correlation_id"] = correlation_id
    message = channel.prepare_message(
        msgspec.json.encode(answer).decode(),
        content_type="application/json",
        content_encoding="utf-8",
        headers={},
        properties=given,
    )
    exchange = get_rpc_exchange(config).name
    if hasattr(channel, "send_method"):
        # As basic_publish, which would first read from the connection: the consumer is doing that.
        channel.send_method(spec.Basic.Publish, "Bssbb", (0, exchange, reply_to, False, False), message)
    else:
        channel.basic_publish(message, exchange=exchange, routing_key=reply_to)
