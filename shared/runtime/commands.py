"""The command handler: the one way from a command to the log, for every aggregate of every service."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any

from shared.log.entry import Answer, Entry, Outcome, View
from shared.log.log import Log
from shared.rules.context import Actor, Context, Fact
from shared.rules.decider import Decider
from shared.rules.message import kind_of
from shared.rules.parameter import NOT_IN_FORCE, UNUSABLE, Parameter
from shared.rules.plain import personal_fields, to_plain
from shared.rules.policy_parameter import PolicyParameter
from shared.rules.refusal import Refusal
from shared.runtime import correlation
from shared.runtime.identities import new_identity

EFFECTIVE_LATER = Refusal(
    "event.effective_later",
    zh="生效日期{effective_on}晚于今天，不能登记",
    en="the effective date {effective_on} lies after today",
)


@dataclass(frozen=True, slots=True)
class Request:
    """A command as a caller sends it.

    Args:
        command: the wish.
        actor: who wishes it.
        command_id: chosen by the caller, so that it can be sent again; minted where it is missing.
        correlation_id: of all that follows from one wish; else that of the call, else the command's own id.
        causation_id: of the event to which this is a reaction.
        facts: what was looked up for the decision.
        reads: streams that its rules are known to read besides its own: named, they are loaded in time.
    """

    command: Any
    actor: Actor
    command_id: str | None = None
    correlation_id: str | None = None
    causation_id: str | None = None
    facts: Mapping[str, Fact] = field(default_factory=dict)
    reads: tuple[str, ...] = ()


class CommandHandler:
    """Takes commands through decide into the log.

    Args:
        log: the service's log; its language says which decider a command is for.
    """

    def __init__(self, log: Log) -> None:
        self._log = log

    def handle(self, request: Request) -> Answer:
        """Have one command decided and recorded.

        Raises:
            Refused: the rule refused it; nothing was recorded.
            Unavailable: the store did not answer in time.
        """
        outcome = self.handle_many([request])[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def handle_many(self, requests: Sequence[Request]) -> list[Outcome]:
        """Have commands decided in turn, each on the state the one before leaves; an outcome for each."""
        return self._log.append([self._entry(request) for request in requests])

    def rehearse_many(self, requests: Sequence[Request]) -> list[Exception | None]:
        """What would stand against commands, decided in turn; nothing is recorded."""
        return self._log.rehearse([self._entry(request) for request in requests])

    def _entry(self, request: Request) -> Entry:
        command = request.command
        decider = self._log.language.decider_of_command(command)
        command_id = request.command_id or new_identity()
        kind = kind_of(type(command))
        return Entry(
            command_id=command_id,
            name=kind.name,
            schema=kind.schema,
            rule_version=decider.rule_version,
            stream=decider.stream_of(command),
            actor=request.actor,
            body=to_plain(command),
            personal=tuple(personal_fields(command)),
            decide=lambda view: decide(decider, decider.decide, command, request.actor, view, request.facts),
            facts=request.facts,
            correlation_id=request.correlation_id or correlation.current() or command_id,
            causation_id=request.causation_id,
            minted=request.command_id is None,
            further=request.reads,
        )


def decide(
    decider: Decider, rule: Any, command: Any, actor: Actor, view: View, facts: Mapping[str, Fact]
) -> list[Any]:
    """One decision with the context that the house adds, seen through a view of the log.

    Raises:
        Refused: by the rule, or because an event would be true only later though its type is not plannable.
    """

    def parameter_on(parameter: Parameter[Any], day: date) -> Any:
        setting: PolicyParameter = view.state(f"parameter/{parameter.key}")
        found = setting.in_force(day)
        if found is None:
            raise NOT_IN_FORCE(key=parameter.key, day=day)
        if not parameter.takes(found[1]):
            raise UNUSABLE(key=parameter.key, day=day)
        view.parameters[f"{parameter.key}@{day.isoformat()}"] = list(found)
        return found[1]

    def state_of(other: Decider, identity: str) -> Any:
        return view.state(f"{other.name}/{identity}")

    def states_of(other: Decider, identities: Sequence[str]) -> list[Any]:
        return view.states([f"{other.name}/{identity}" for identity in identities])

    context = Context(actor, view.today, parameter_on, state_of, states_of, facts)
    events: list[Any] = rule(command, view.state(decider.stream_of(command)), context)
    for event in events:
        effective_on = getattr(event, "effective_on", None)
        if effective_on is not None and effective_on > view.today and not kind_of(type(event)).plannable:
            raise EFFECTIVE_LATER(field=_field_of(command, effective_on), effective_on=effective_on)
    return events


def _field_of(command: Any, day: date) -> str | None:
    """Which of a command's fields brought a day; None where none did."""
    return next((each.name for each in fields(command) if getattr(command, each.name) == day), None)


def answer_as_plain(answer: Answer, source: str) -> dict[str, Any]:
    """What became of a command, as JSON data; its source, epoch and position are a query's ``at_least``.

    Args:
        source: the service whose log recorded it.
    """
    return {
        "command_id": answer.command_id,
        "source": source,
        "epoch": answer.epoch,
        "position": answer.position,
        "streams": dict(answer.streams),
        "repeated": answer.repeated,
    }
