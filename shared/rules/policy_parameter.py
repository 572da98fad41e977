"""The policy parameter as an aggregate: events set its values, each with a date and a document."""

from datetime import date
from typing import assert_never

from shared.rules.context import Context
from shared.rules.decider import Decider
from shared.rules.message import message
from shared.rules.parameter import Sureness
from shared.rules.refusal import Refusal

DOCUMENT_MISSING = Refusal(
    "parameter.document_missing",
    zh="设定政策参数须注明依据文件",
    en="a policy parameter is set on a document, which must be named",
)


@message
class SetParameter:
    key: str
    value: int | str
    unit: str
    region: str
    effective_from: date
    document_no: str
    sureness: Sureness


@message
class ParameterSet:
    key: str
    value: int | str
    unit: str
    region: str
    effective_from: date
    document_no: str
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


def decide(command: SetParameter, state: PolicyParameter, context: Context) -> list[ParameterSet]:
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


def evolve(state: PolicyParameter, event: ParameterSet) -> PolicyParameter:
    match event:
        case ParameterSet():
            return PolicyParameter(values=(*state.values, event))
        case _:
            assert_never(event)


policy_parameter = Decider("parameter", "key", SetParameter, ParameterSet, PolicyParameter(), decide, evolve)
