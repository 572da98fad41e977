"""The policy parameter as an aggregate: events set its values, each with a date and a document."""

from collections.abc import Sequence
from datetime import date
from typing import Any, assert_never

from shared.rules.context import Context
from shared.rules.decider import Decider
from shared.rules.message import message
from shared.rules.parameter import Parameter, Sureness
from shared.rules.personal import PublicText
from shared.rules.refusal import Refusal

DOCUMENT_MISSING = Refusal(
    "parameter.document_missing",
    zh="设定政策参数须注明依据文件",
    en="a policy parameter is set on a document, which must be named",
)
UNKNOWN = Refusal(
    "parameter.unknown",
    zh="本服务没有这个政策参数，请核对参数名",
    en="this service has no policy parameter of this name",
)
OTHER_UNIT = Refusal(
    "parameter.other_unit", zh="该政策参数的单位是{unit}", en="the unit of this policy parameter is {unit}"
)
NOT_A_NUMBER = Refusal(
    "parameter.not_a_number",
    zh="该政策参数的取值应为整数",
    en="a value of this policy parameter is a whole number",
)
NOT_A_TEXT = Refusal(
    "parameter.not_a_text", zh="该政策参数的取值应为文本", en="a value of this policy parameter is a text"
)
NOT_ONE_OF = Refusal(
    "parameter.not_one_of",
    zh="该政策参数的取值应为下列之一：{choices}",
    en="a value of this policy parameter is one of: {choices}",
)


@message
class SetParameter:
    key: str
    value: int | str
    unit: PublicText
    region: str
    effective_from: date
    document_no: PublicText
    sureness: Sureness


@message
class ParameterSet:
    key: str
    value: int | str
    unit: PublicText
    region: str
    effective_from: date
    document_no: PublicText
    sureness: Sureness


@message
class PolicyParameter:
    """The values in the order in which they were set; a value's version is its place there, from 1."""

    values: tuple[ParameterSet, ...] = ()

    def in_force(self, day: date) -> tuple[int, int | str] | None:
        """Version and value in force on a day: the latest start wins, and among equal starts the last set."""
        started = [
            (setting.effective_from, version, setting.value)
            for version, setting in enumerate(self.values, 1)
            if setting.effective_from <= day
        ]
        if not started:
            return None
        _, version, value = max(started, key=lambda each: each[:2])
        return version, value


def set_value(command: SetParameter, state: PolicyParameter) -> list[ParameterSet]:
    """Source: every rule figure is a dated parameter (domain handbook, glossary)."""
    if not command.document_no.strip():
        raise DOCUMENT_MISSING(field="document_no")
    setting = ParameterSet(
        key=command.key,
        value=command.value,
        unit=command.unit,
        region=command.region,
        effective_from=command.effective_from,
        document_no=command.document_no,
        sureness=command.sureness,
    )
    return [] if setting in state.values[-1:] else [setting]


def check(command: SetParameter, declared: Parameter[Any] | None) -> None:
    """Raises the refusal that the parameter's declaration calls for, if any."""
    if declared is None:
        raise UNKNOWN(field="key")
    if command.unit != declared.unit:
        raise OTHER_UNIT(field="unit", unit=declared.unit)
    if not declared.takes(command.value):
        if type(command.value) is declared.kind:
            raise NOT_ONE_OF(field="value", choices=", ".join(map(str, declared.choices)))
        raise (NOT_A_NUMBER if declared.kind is int else NOT_A_TEXT)(field="value")


def evolve(state: PolicyParameter, event: ParameterSet) -> PolicyParameter:
    match event:
        case ParameterSet():
            return PolicyParameter(values=(*state.values, event))
        case _:
            assert_never(event)


def policy_parameter_of(parameters: Sequence[Parameter[Any]]) -> Decider:
    """The decider of a service that has these parameters, and no others.

    Where rules ask for none yet, whatever is set is kept for those to come.
    """
    declared = {each.key: each for each in parameters}

    def decide(command: SetParameter, state: PolicyParameter, context: Context) -> list[ParameterSet]:
        if declared:
            check(command, declared.get(command.key))
        return set_value(command, state)

    return Decider("parameter", "key", SetParameter, ParameterSet, PolicyParameter(), decide, evolve)


policy_parameter = policy_parameter_of(())
"""For who only reads what was set."""
