"""Calling a service over the broker once, from a process that is no service: for operators' commands."""

from typing import Any

from shared.bus.catch_up import SourceDown
from shared.bus.rpc_source import RpcSource, SourceRefuses
from shared.runtime import correlation
from shared.runtime.calls import RefusedCall


class NoAnswer(Exception):
    """Nobody answered. ``broker``: it is the broker that cannot be worked with."""

    def __init__(self, service: str, *, broker: bool = False) -> None:
        super().__init__(service)
        self.broker = broker


def call_remotely(
    bus_url: str, service: str, method: str, token: str | None, seconds_max: float, /, **arguments: Any
) -> Any:
    """What a method answers.

    Args:
        seconds_max: how long the answer is waited for.

    Raises:
        RefusedCall: it refused.
        NoAnswer: nobody answered in time.
    """
    source = RpcSource(bus_url, service, lambda: correlation.headers(token), seconds_max)
    try:
        return source.call(method, **arguments)
    except SourceRefuses as refuses:
        raise refused(refuses) from None
    except SourceDown as away:
        # What the broker did, or did not do, stands as the cause; a service that is away leaves none.
        raise NoAnswer(service, broker=away.__cause__ is not None) from away
    finally:
        source.close()


def refused(refuses: SourceRefuses) -> RefusedCall:
    """The refusal as the service told it."""
    told = refuses.told.get("value")
    if not isinstance(told, dict) or not {"code", "zh", "en"} <= told.keys():
        return RefusedCall("unexplained", "服务没有说明原因", "the service did not say why")
    return RefusedCall(told["code"], told["zh"], told["en"], told.get("field"), told.get("problems", ()))
