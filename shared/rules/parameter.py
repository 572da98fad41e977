"""Policy parameters: amounts, multiples, day counts, ratios and operators as data with effective dates."""

from dataclasses import dataclass
from datetime import date
from typing import Generic, Literal, TypeVar

from shared.rules.refusal import Refusal

Value = TypeVar("Value", int, str)
Sureness = Literal["official", "sample"]

NOT_IN_FORCE = Refusal(
    "parameter.not_in_force",
    zh="政策参数{key}在{day}没有生效的取值",
    en="policy parameter {key} has no value in force on {day}",
)


@dataclass(frozen=True)
class Dated(Generic[Value]):
    """One value of a parameter: from which day, in which region, on which document, and how sure it is."""

    value: Value
    effective_from: date
    document_no: str
    sureness: Sureness
    region: str = "CN"


@dataclass(frozen=True)
class Parameter(Generic[Value]):
    """A parameter as the code names it; its values are data.

    Args:
        key: its stored name.
        unit: of its values, in a whole word: fen, days, months, basis_points, operator …
        zh, en: what it governs.
        shipped: the values a new district starts from; most are marked sample, not official.
    """

    key: str
    unit: str
    zh: str
    en: str
    shipped: tuple[Dated[Value], ...] = ()
