"""What a clerk types for a command: the arguments of the call that makes it."""

from collections.abc import Iterable
from dataclasses import fields
from datetime import date
from typing import Any

from shared.rules.parameter import Parameter
from shared.rules.personal import Personal

WORKED_OUT = frozenset({"sex", "birth_year", "age_years"})
"""The edge takes these from the identity number; nobody types them."""


def typed(command: Any, *left_out: str) -> dict[str, Any]:
    """The arguments, as JSON data.

    Args:
        left_out: further fields that the house shall find or mint.
    """
    return {
        each.name: _plain(value)
        for each in fields(command)
        if (value := getattr(command, each.name)) is not None and each.name not in {*WORKED_OUT, *left_out}
    }


def _plain(value: Any) -> Any:
    match value:
        case Personal():
            return str(value.content)
        case date():
            return value.isoformat()
    return value


def shipped(parameters: Iterable[Parameter[Any]]) -> list[dict[str, Any]]:
    """What is typed to set parameters to the values that are shipped, samples as well as official ones."""
    return [
        {
            "key": parameter.key,
            "value": dated.value,
            "unit": parameter.unit,
            "region": dated.region,
            "effective_from": dated.effective_from.isoformat(),
            "document_no": dated.document_no,
            "sureness": dated.sureness,
        }
        for parameter in parameters
        for dated in parameter.shipped
    ]
