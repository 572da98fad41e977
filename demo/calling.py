"""Calling the services as any other system does, and insisting on what must go well."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from nameko.standalone.rpc import ClusterRpcProxy

CALL_SECONDS_MAX = 60
ROWS_A_CALL = 1_000

Row = TypeVar("Row")


class Unexpected(Exception):
    """A step went otherwise than it must; the demonstration has failed."""


def calling(bus_url: str, token: str | None = None) -> Any:
    """A caller of all services, as other systems are."""
    data = {} if token is None else {"auth_token": token}
    return ClusterRpcProxy({"AMQP_URI": bus_url}, context_data=data, timeout=CALL_SECONDS_MAX)


def in_portions(rows: Iterable[Row], most: int = ROWS_A_CALL) -> Iterator[list[Row]]:
    """The rows in lists of at most so many."""
    rest = iter(rows)
    while portion := list(islice(rest, most)):
        yield portion


def accepted(method: Callable[..., Any], rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The answers to commands sent in bulk, all of which must be accepted. Raises Unexpected."""
    answers = []
    for portion in in_portions(rows):
        for answer in method(rows=portion):
            if "refused" in answer:
                raise Unexpected(answer["refused"]["en"])
            answers.append(answer)
    return answers
