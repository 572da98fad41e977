"""Calling a service over the broker once, from a process that is no service: for operators' commands."""

from typing import Any

from nameko.exceptions import RpcTimeout, UnknownService
from nameko.standalone.rpc import ClusterRpcProxy

SECONDS_MAX = 20


class NoAnswer(Exception):
    """The broker or the service is away."""


def call_remotely(bus_url: str, service: str, method: str, token: str | None, /, **arguments: Any) -> Any:
    """What a method answers.

    Raises:
        RefusedCall: it refused.
        NoAnswer: nobody answered in time.
    """
    headers = {} if token is None else {"auth_token": token}
    try:
        with ClusterRpcProxy({"AMQP_URI": bus_url}, context_data=headers, timeout=SECONDS_MAX) as proxy:
            return getattr(getattr(proxy, service), method)(**arguments)
    except (OSError, RpcTimeout, UnknownService) as away:
        raise NoAnswer(service) from away
