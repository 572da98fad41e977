"""Which class of hardship a household is in: computed from what the economic check found, never typed."""

from collections.abc import Callable, Mapping
from datetime import date
from operator import ge, gt, le, lt
from typing import NamedTuple

from services.assistance.aggregates.file.refusals import FORMULA_UNKNOWN, NOT_IN_HARDSHIP, UNDECIDABLE
from services.assistance.events.file import EconomicFindings, HardshipClass
from services.assistance.parameters import (
    ACCIDENT_OPERATOR,
    ACCIDENT_SHARE,
    DEEP_MULTIPLE,
    DEEP_OPERATOR,
    HARDSHIP_FORMULA,
    MINIMUM_LIVING_STANDARD,
    NET_INCOME_A_HEAD,
    RELATIVE_MULTIPLE,
    RELATIVE_OPERATOR,
)
from shared.rules.context import Context
from shared.rules.parameter import Parameter
from shared.standards.money import format_yuan

BASIS_POINTS = 10_000
MONTHS = 12
FORMULAS_ZH = {"national_2016": "全国总工会2016年办法"}
COMPARED: Mapping[str, Callable[[int, int], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}


class Classified(NamedTuple):
    """All classes that hold, the one shown first, and the figures that they were computed from."""

    classes: tuple[HardshipClass, ...]
    net_per_head_fen: int
    minimum_living_standard_fen: int


def classify(findings: EconomicFindings | None, day: date, context: Context) -> Classified:
    """Compute the classes by the parameters of a day. Refused: formula_unknown, undecidable, not_in_hardship.

    Source: 鲁会办〔2020〕58号 as in handbook, assistance 1.1. Compared in whole fen, without rounding. Of the
    national family of 2016 to 2019 no formula is computed: it asks what no economic check here tells.
    """
    formula: str = context.parameter(HARDSHIP_FORMULA, day)
    if formula != NET_INCOME_A_HEAD:
        raise FORMULA_UNKNOWN(
            field="approved_on", day=day, formula=formula, formula_zh=FORMULAS_ZH.get(formula, formula)
        )
    if (
        findings is None
        or findings.household_size <= 0
        or (income_fen := findings.annual_disposable_income_fen) is None
    ):
        raise UNDECIDABLE(field="file_id")
    standard_fen: int = context.parameter(MINIMUM_LIVING_STANDARD, day)
    left_fen = income_fen - findings.rigid_expenditure_fen
    line_fen = standard_fen * MONTHS * findings.household_size

    def under(multiple: Parameter[int], operator: Parameter[str]) -> bool:
        basis_points: int = context.parameter(multiple, day)
        holds = COMPARED[context.parameter(operator, day)]
        return holds(left_fen * BASIS_POINTS, line_fen * basis_points)

    share: int = context.parameter(ACCIDENT_SHARE, day)
    over = COMPARED[context.parameter(ACCIDENT_OPERATOR, day)]
    costs_much = over(findings.hardship_cost_fen * BASIS_POINTS, income_fen * share)
    holds: dict[HardshipClass, bool] = {
        "deep": under(DEEP_MULTIPLE, DEEP_OPERATOR),
        "relative": under(RELATIVE_MULTIPLE, RELATIVE_OPERATOR),
        "accidental": findings.hurt_on_duty or costs_much,
    }
    classes = tuple(name for name, does in holds.items() if does)
    net_fen = per_head(left_fen, findings.household_size)
    if not classes:
        raise NOT_IN_HARDSHIP(field="file_id", net=format_yuan(net_fen), standard=format_yuan(standard_fen))
    return Classified(classes, net_fen, standard_fen)


def per_head(left_fen: int, household_size: int) -> int:
    """What is left a head and month, rounded half up once; may lie below nothing."""
    parts = MONTHS * household_size
    return (2 * left_fen + parts) // (2 * parts)
