"""Replaying a log: each recorded command is decided again on what it saw, and laws watch what was recorded.

Nothing is taken from projections, snapshots or unique keys: states are folded from the first event on. What
the bytes say is believed here; that they are those that were recorded is verified apart (``verify``).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from sys import intern
from typing import Any

import msgspec
from sqlalchemy import Connection, CursorResult, Row, Select, select

from shared.log.entry import Known, View
from shared.log.envelope import read_facts
from shared.log.store import Store
from shared.log.tables import commands, events
from shared.log.verify_chunk import Finding
from shared.projections.uncollected import uncollected
from shared.rules.context import Actor, Fact
from shared.rules.decider import Decider
from shared.rules.language import Language, UnknownType
from shared.rules.message import kind_of
from shared.rules.personal import ERASED, Personal
from shared.rules.plain import UnknownShape
from shared.rules.refusal import Refused
from shared.runtime.commands import decide

PAGE = 2_000
ERASED_VALUE: Personal[Any] = Personal(ERASED)
"""Stands for every personal value: rules can neither read nor compare them."""


class ActorTold(msgspec.Struct):
    person_id: str
    roles: tuple[str, ...]
    scope: str | None


class ContextTold(msgspec.Struct):
    parameters: dict[str, list[Any]]
    reads: dict[str, int]
    today: date
    facts: dict[str, tuple[str, int, Any]] = {}


class CommandTold(msgspec.Struct):
    """The public part of a recorded command: all that its decision saw."""

    actor: ActorTold
    body: dict[str, Any]
    context: ContextTold
    rule_version: int
    schema: int


read_command: Callable[[str], CommandTold] = msgspec.json.Decoder(CommandTold).decode


@dataclass(frozen=True, slots=True)
class Step:
    """One recorded event at its place in history, as a law sees it.

    Args:
        position, actor: where it stands, and who sent its command.
        before, after: its stream's state.
        state: gives the state, before this event's command, of any stream.
        facts: what was looked up for its command, by the look-up's name.
    """

    position: int
    event: Any
    command: Any
    actor: Actor
    before: Any
    after: Any
    state: Callable[[Decider, str], Any]
    facts: Mapping[str, Fact] = field(default_factory=dict)


Watch = Callable[[Step], str | None]
"""Is shown events in their order; tells in a few words what breaks the law, None where it is kept."""


@dataclass(frozen=True, slots=True)
class Law:
    """What a service's whole history must keep, whatever its rules decided.

    Args:
        code: stable, of the finding where it is broken; ``zh``, ``en``: what is wrong then.
        watches: the types of event that it is shown.
        begin: makes a watch with a memory of its own, one for each replay.
    """

    code: str
    zh: str
    en: str
    watches: tuple[type[Any], ...]
    begin: Callable[[], Watch]


@dataclass(slots=True)
class Replay:
    """What a replay came to; without findings every decision was the one that the rules call for.

    Args:
        position: of the last event; ``decided``: commands that were decided again.
        states: each stream's last state and version.
    """

    events: int = 0
    position: int = 0
    decided: int = 0
    states: dict[str, Known] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def replay(
    store: Store,
    language: Language,
    laws: Sequence[Law] = (),
    progress: Callable[[int], None] | None = None,
) -> Replay:
    """Replay a whole log as it stands at the start; appends may go on.

    Args:
        laws: the service's own, beside the comparison of every decision.
        progress: told the number of events done, now and then.
    """
    replaying = Replaying(language, laws)
    with (
        # States live until the end and form no cycles: the collector would walk over all of them for nothing.
        uncollected(),
        store.snapshot() as connection,
        _streamed(connection, select(events).order_by(events.c.position)) as recorded,
        _streamed(connection, select(commands).order_by(commands.c.number)) as sent,
    ):
        row = next(recorded, None)
        for command in sent:
            made = []
            # The events of a command follow those of the command before it, without a gap.
            while row is not None and row.position <= (command.last_position or 0):
                if row.position < command.first_position:
                    replaying.find("replay.no_command", f"event {row.position}")
                else:
                    made.append(row)
                row = next(recorded, None)
            replaying.command(command, made)
            if progress is not None and command.number % PAGE == 0:
                progress(replaying.result.events)
        while row is not None:
            replaying.find("replay.no_command", f"event {row.position}")
            row = next(recorded, None)
    return replaying.result


def _streamed(connection: Connection, statement: Select[Any]) -> CursorResult[Any]:
    return connection.execute(statement.execution_options(yield_per=PAGE))


class Replaying:
    """The states so far, and what was found."""

    def __init__(self, language: Language, laws: Sequence[Law]) -> None:
        self.result = Replay()
        self._language = language
        self._states = self.result.states
        self._initial = {name: Known(each.initial) for name, each in language.deciders.items()}
        self._watches: dict[str, list[tuple[Law, Watch]]] = {}
        for law in laws:
            watch = law.begin()
            for event_type in law.watches:
                self._watches.setdefault(kind_of(event_type).name, []).append((law, watch))

    def find(self, code: str, place: str) -> None:
        self.result.findings.append(Finding(code, place))

    def command(self, row: Row[Any], made: Sequence[Row[Any]]) -> None:
        """Decide one command again and compare; then take in what it recorded."""
        where = f"command {row.number} {row.name}" + (f", events {_span(made)}" if made else "")
        try:
            told = read_command(row.public)
            command = self._language.command(row.name, told.schema, told.body, erased_values(row.sealed))
            happened = [self._event(each) for each in made]
        except (msgspec.MsgspecError, UnknownType, UnknownShape) as error:
            self.find("replay.unreadable", f"{where}: {type(error).__name__}")
            return
        actor = Actor(told.actor.person_id, told.actor.roles, told.actor.scope)
        self.result.decided += 1
        view = View(told.context.today, self.known)
        decider = self._language.commands[row.name][1]
        facts = {name: Fact(value, source, at) for name, (source, at, value) in told.context.facts.items()}
        try:
            decided = decide(decider, decider.decide_as_of(told.rule_version), command, actor, view, facts)
        except Refused as refused:
            self.find("replay.refused", f"{where}: {refused.refusal.code}")
        except Exception as error:  # noqa: BLE001 - on what was forged a rule may fail in any way
            self.find("replay.undecidable", f"{where}: {type(error).__name__}")
        else:
            if decided != happened:
                self.find("replay.other_events", where)
            if view.parameters != told.context.parameters:
                self.find("replay.other_parameters", where)
            if any(told.context.reads.get(each) != version for each, version in view.reads.items()):
                self.find("replay.other_states", where)
        self._take_in(command, actor, facts, made, happened)

    def known(self, stream: str) -> Known:
        """The state and version of a stream at this point of history."""
        return self._states.get(stream) or self._initial[stream.partition("/")[0]]

    def _state(self, decider: Decider, identity: str) -> Any:
        return self.known(f"{decider.name}/{identity}").state

    def _event(self, row: Row[Any]) -> Any:
        facts = read_facts(row.public)
        data = facts.data
        # States keep these for ever, and most say what others said before: a quarter of all memory.
        for name, value in data.items():
            if type(value) is str:
                data[name] = intern(value)
        return self._language.event(row.type, facts.schema, facts.data, erased_values(row.sealed))

    def _take_in(
        self,
        command: Any,
        actor: Actor,
        facts: Mapping[str, Fact],
        made: Sequence[Row[Any]],
        happened: Sequence[Any],
    ) -> None:
        evolved: dict[str, Known] = {}
        for row, event in zip(made, happened, strict=True):
            self.result.events += 1
            self.result.position = row.position
            before = evolved.get(row.stream) or self.known(row.stream)
            decider = self._language.events[row.type][1]
            if row.version != before.version + 1 or row.stream != decider.stream_of(event):
                self.find("replay.other_states", f"event {row.position} {row.type}")
            try:
                after = Known(decider.evolve(before.state, event), row.version)
                evolved[row.stream] = after
                for law, watch in self._watches.get(row.type, ()):
                    step = Step(
                        row.position, event, command, actor, before.state, after.state, self._state, facts
                    )
                    broken = watch(step)
                    if broken is not None:
                        self.find(law.code, f"event {row.position} {row.type}: {broken}")
            except Exception as error:  # noqa: BLE001 - as above
                self.find("replay.undecidable", f"event {row.position} {row.type}: {type(error).__name__}")
        self._states |= evolved


def erased_values(sealed: str) -> Mapping[str, Personal[Any]]:
    """The personal values of a stored message by path, as a replay knows them: there, but not readable."""
    if sealed == "{}":
        return {}
    return dict.fromkeys(
        (path for boxes in msgspec.json.decode(sealed).values() for path in boxes), ERASED_VALUE
    )


def _span(made: Sequence[Row[Any]]) -> str:
    first, last = made[0].position, made[-1].position
    return f"{first}" if first == last else f"{first}-{last}"
