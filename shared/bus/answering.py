"""How the answer to an RPC request leaves: plain JSON, not kept on any disk, for a short while only."""

from typing import Any

import msgspec
from nameko.amqp.publish import Publisher
from nameko.constants import NON_PERSISTENT
from nameko.rpc import get_rpc_exchange

ANSWER_SECONDS_MAX = 60


def send_answer(config: dict[str, Any], request: Any, answer: dict[str, Any]) -> None:
    """Send an answer to whoever sent a request.

    Args:
        config: of the nameko container.
        request: the message; one that names no reply queue gets no answer.
        answer: nameko's ``{result, error}``.
    """
    properties = request.properties
    reply_to = properties.get("reply_to")
    if not reply_to:
        return
    Publisher(config["AMQP_URI"]).publish(
        msgspec.json.encode(answer).decode(),
        serializer=None,
        content_type="application/json",
        content_encoding="utf-8",
        delivery_mode=NON_PERSISTENT,
        expiration=ANSWER_SECONDS_MAX,
        exchange=get_rpc_exchange(config),
        routing_key=reply_to,
        correlation_id=properties.get("correlation_id"),
    )
