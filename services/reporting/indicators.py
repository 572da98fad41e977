"""Indicators: each figure of the district is declared once, as a query over facts; nothing else counts.

Source: handbook, reporting 2 and glossary 6 (units and how each is counted).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    Date,
    Select,
    Table,
    distinct,
    false,
    func,
    literal,
    or_,
    select,
    text,
)

from services.reporting.projections.goods_issues import table as goods_issues
from services.reporting.projections.memberships import table as memberships
from services.reporting.projections.organisations import parts
from services.reporting.projections.organisations import table as organisations
from services.reporting.projections.payments import table as payments
from services.reporting.projections.positions import listed
from shared.rules.refusal import Refusal
from shared.runtime.paging import PAGE_MOST, PageLimit
from shared.runtime.scopes import Reach

Measure = Literal["distinct", "events", "sum"]
Kind = Literal["stock", "flow"]

UNKNOWN_INDICATOR = Refusal("figures.unknown_indicator", zh="没有这个指标", en="there is no such indicator")
PERIOD_REVERSED = Refusal(
    "figures.period_reversed", zh="统计期的起始日晚于截止日", en="the period begins after it ends"
)

STUDENT_AID = "autumn_student_aid"


@dataclass(frozen=True)
class Indicator:
    """A figure's definition.

    Args:
        zh, en: its name; ``unit`` as people say it.
        measure: distinct values of a column, rows, or the sum of a column.
        kind: a stock counts all up to the period's last day, a flow what lies within the period.
        facts: the table, one row a fact; ``on`` is its date column.
        counted: the column that is made distinct or summed.
        where: what a fact must be to count.
        until: the date column from which on it is no longer one; empty: it still is.
    """

    code: str
    zh: str
    en: str
    unit: str
    measure: Measure
    kind: Kind
    facts: Table
    on: ColumnElement[date]
    counted: ColumnElement[Any]
    where: tuple[ColumnElement[bool], ...] = ()
    until: ColumnElement[date] | None = None


@dataclass(frozen=True)
class Average:
    """The sum of one indicator over the value of another, named, denominator."""

    code: str
    zh: str
    en: str
    unit: str
    numerator: str
    denominator: str


_relief = (payments.c.programme != STUDENT_AID,)
_students = (payments.c.programme == STUDENT_AID,)
_paid: Mapping[str, Any] = {"facts": payments, "on": payments.c.paid_on}
_issued: Mapping[str, Any] = {"facts": goods_issues, "on": goods_issues.c.issued_on}
_joined: Mapping[str, Any] = {"facts": memberships, "on": memberships.c.joined_on}

INDICATORS: tuple[Indicator | Average, ...] = (
    Indicator(
        "member.stock", "会员总数", "active members", "人", "distinct", "stock",
        counted=memberships.c.person_id, until=memberships.c.retired_on, **_joined,
    ),
    # A memo line, in no total.
    Indicator(
        "member.retained", "另：退休保留会籍", "besides: memberships retained in retirement", "人",
        "distinct", "stock",
        facts=memberships, on=memberships.c.retired_on, counted=memberships.c.person_id,
    ),
    Indicator(
        "member.joined", "新增会员", "members who joined", "人", "distinct", "flow",
        counted=memberships.c.person_id, **_joined,
    ),
    Indicator(
        "member.joined_migrant", "其中：新增农民工会员", "of which migrant workers", "人", "distinct", "flow",
        counted=memberships.c.person_id, where=(memberships.c.migrant_worker,), **_joined,
    ),
    Indicator(
        "relief.person_times", "帮扶困难职工", "reliefs paid", "人次", "events", "flow",
        counted=payments.c.grant_id, where=_relief, **_paid,
    ),
    Indicator(
        "relief.persons", "帮扶困难职工（不重复）", "workers in hardship helped", "人", "distinct", "flow",
        counted=payments.c.person_id, where=_relief, **_paid,
    ),
    Indicator(
        "relief.households", "帮扶困难职工家庭", "households helped", "户", "distinct", "flow",
        counted=payments.c.file_id, where=_relief, **_paid,
    ),
    Indicator(
        "relief.amount", "帮扶资金", "money paid as relief", "元", "sum", "flow",
        counted=payments.c.amount_fen, where=_relief, **_paid,
    ),
    Average(
        "relief.average", "人均帮扶资金（按人次）", "average a person-time", "元",
        "relief.amount", "relief.person_times",
    ),
    Indicator(
        "student.persons", "资助困难职工子女", "students aided", "人", "distinct", "flow",
        counted=payments.c.person_id, where=_students, **_paid,
    ),
    Indicator(
        "student.amount", "助学资金", "money paid as student aid", "元", "sum", "flow",
        counted=payments.c.amount_fen, where=_students, **_paid,
    ),
    Indicator(
        "goods.packages", "发放救助物资", "packages of goods issued", "份", "sum", "flow",
        counted=goods_issues.c.packages, **_issued,
    ),
    Indicator(
        "goods.value", "救助物资价值", "value of goods issued", "元", "sum", "flow",
        counted=goods_issues.c.value_fen, **_issued,
    ),
    Indicator(
        "goods.households", "领取物资家庭", "households given goods", "户", "distinct", "flow",
        counted=goods_issues.c.file_id, **_issued,
    ),
)  # fmt: skip
BY_CODE = {each.code: each for each in INDICATORS}
BY_FACTS: dict[Table, list[Indicator]] = {}
"""What is counted of one table is counted in one look at it."""
for each in INDICATORS:
    if isinstance(each, Indicator):
        BY_FACTS.setdefault(each.facts, []).append(each)


def figures(
    connection: Connection,
    *,
    from_on: date,
    to_on: date,
    reach: Reach,
    programme: str | None = None,
) -> list[dict[str, Any]]:
    """Every indicator over a period, both days included, for all organisations within reach.

    Args:
        programme: only what was paid under it.

    Returns:
        For each ``{code, zh, en, unit, value}``; money in fen. None is an average of nothing and, under a
        programme, whatever belongs to none: memberships, and goods, which are bought and given for all.

    Raises the refusal ``figures.period_reversed``.
    """
    values: dict[str, int | None] = dict.fromkeys(BY_CODE)
    for facts, indicators in BY_FACTS.items():
        if programme is not None and not has_programme(facts):
            continue
        columns = [
            measured(each, *conditions_of(each, from_on, to_on, programme)).label(each.code)
            for each in indicators
        ]
        counted = connection.execute(select(*columns).where(reach.holds(facts.c.organisation_id)))
        # PostgreSQL sums into numeric.
        values |= {code: int(value) for code, value in counted.mappings().one().items()}
    for each in INDICATORS:
        if isinstance(each, Average):
            values[each.code] = average(values[each.numerator], values[each.denominator])
    return [
        {"code": each.code, "zh": each.zh, "en": each.en, "unit": each.unit, "value": values[each.code]}
        for each in INDICATORS
    ]


def figure_rows(
    connection: Connection,
    *,
    code: str,
    from_on: date,
    to_on: date,
    reach: Reach,
    programme: str | None = None,
    after: int = 0,
    limit: PageLimit = 500,
) -> list[dict[str, Any]]:
    """The facts behind a figure in the order in which they were recorded.

    Args:
        after: the position behind which to go on; ``limit``: the most rows.

    Returns:
        For each its columns; ``positions`` are those of all events that made it what it is, and
        ``position`` is the first of them.

    Raises the refusals ``figures.unknown_indicator`` and ``figures.period_reversed``.
    """
    indicator = counted_by(code)
    facts = indicator.facts
    rows: Select[Any] = (
        select(facts)
        .where(
            *conditions_of(indicator, from_on, to_on, programme),
            reach.holds(facts.c.organisation_id),
            facts.c.position > after,
        )
        .order_by(facts.c.position)
        .limit(limit)
    )
    return [listed(dict(row)) for row in connection.execute(rows).mappings()]


def figure_parts(
    connection: Connection,
    *,
    code: str,
    from_on: date,
    to_on: date,
    reach: Reach,
    programme: str | None = None,
) -> list[dict[str, Any]]:
    """A figure for the top of what is within reach and each organisation right below, the largest first.

    Distinct figures are counted anew in each part, so that parts may add up to more than the whole.

    Returns:
        For each ``{organisation_id, name, value}``.

    Raises the refusals ``figures.unknown_indicator`` and ``figures.period_reversed``.
    """
    indicator = counted_by(code)
    facts, part = indicator.facts, parts(reach)
    rows = (
        select(organisations.c.organisation_id, organisations.c.name, measured(indicator).label("value"))
        .select_from(facts)
        .join(part, part.c.organisation_id == facts.c.organisation_id)
        .join(organisations, organisations.c.organisation_id == part.c.part)
        .where(*conditions_of(indicator, from_on, to_on, programme))
        .group_by(organisations.c.organisation_id, organisations.c.name)
        .order_by(text("value DESC"), organisations.c.name)
        .limit(PAGE_MOST)
    )
    return [
        {"organisation_id": each, "name": name, "value": int(value)}
        for each, name, value in connection.execute(rows)
    ]


def counted_by(code: str) -> Indicator:
    """The indicator of a code; of an average, its numerator. Raises ``figures.unknown_indicator``."""
    indicator = BY_CODE.get(code)
    if isinstance(indicator, Average):
        indicator = BY_CODE[indicator.numerator]
    if not isinstance(indicator, Indicator):
        raise UNKNOWN_INDICATOR(field="code")
    return indicator


def measured(indicator: Indicator, *conditions: ColumnElement[bool]) -> ColumnElement[Any]:
    """What an indicator makes of its facts, or of those that meet some conditions."""
    measure = func.sum if indicator.measure == "sum" else func.count
    counted = distinct(indicator.counted) if indicator.measure == "distinct" else indicator.counted
    of_facts = measure(counted)
    return func.coalesce(of_facts.filter(*conditions) if conditions else of_facts, 0)


def conditions_of(
    indicator: Indicator, from_on: date, to_on: date, programme: str | None
) -> list[ColumnElement[bool]]:
    """Which facts count for an indicator in a period, and under a programme if one is named.

    Raises the refusal ``figures.period_reversed``.
    """
    if from_on > to_on:
        raise PERIOD_REVERSED(field="from_on")
    conditions = [*indicator.where, indicator.on <= literal(to_on, Date)]
    if indicator.kind == "flow":
        conditions.append(indicator.on >= literal(from_on, Date))
    if indicator.until is not None:
        conditions.append(or_(indicator.until.is_(None), indicator.until > literal(to_on, Date)))
    if programme is not None:
        facts = indicator.facts
        conditions.append(facts.c.programme == programme if has_programme(facts) else false())
    return conditions


def has_programme(facts: Table) -> bool:
    """Whether what a table tells belongs to a programme; all else is left out where one is named."""
    return "programme" in facts.c


def average(total: int | None, number: int | None) -> int | None:
    """A sum over its denominator, rounded half up; None where there is nothing to divide by."""
    return None if not number or total is None else (2 * total + number) // (2 * number)
