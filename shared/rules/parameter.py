"""Policy parameters: amounts, multiples, day counts, ratios and operators as data with effective dates."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, Literal, TypeVar

from shared.rules.refusal import Refusal

Value = TypeVar("Value", int, str)
Sureness = Literal["official", "sample"]

NOT_IN_FORCE = Refusal(
    "parameter.not_in_force",
    zh="政策参数{key}在{day}没有生效的取值",
    en="policy parameter {key} has no value in force on {day}",
)
UNUSABLE = Refusal(
    "parameter.unusable",
    zh="政策参数{key}在{day}生效的取值不可用，请先重新设定该参数",
    en="the value of policy parameter {key} in force on {day} cannot be used; set it anew first",
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
        shipped: the values a new district starts from; most are marked sample, not official. What kind of
            value it has is the kind of these.
        choices: the only values that its rules understand; none: all of their kind.
    """

    key: str
    unit: str
    zh: str
    en: str
    shipped: tuple[Dated[Value], ...]
    choices: tuple[Value, ...] = ()

    @property
    def kind(self) -> type[Any]:
        return type(self.shipped[0].value)

    def takes(self, value: object) -> bool:
        """Whether rules that ask for it can use a value."""
        # The kind exactly: true is no number of days.
        return type(value) is self.kind and (not self.choices or value in self.choices)
