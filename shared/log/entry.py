"""What goes into an append and what comes out: entries, the view a decision has, and answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from shared.rules.context import Actor, Fact
from shared.rules.personal import Personal
from shared.rules.refusal import Refusal

COMMAND_ID_REUSED = Refusal(
    "command.id_reused",
    zh="该命令编号已用于另一请求",
    en="this command id has been used for another request",
)
PERSON_FORGOTTEN = Refusal(
    "person.forgotten",
    zh="该人员的个人信息已删除，不能再使用",
    en="this person's personal data has been erased and cannot be used",
)
NOT_STORABLE = Refusal(
    "text.not_storable",
    zh="内容含有不能保存的字符",
    en="the text holds characters that cannot be stored",
)
TOO_LARGE = Refusal(
    "command.too_large",
    zh="请求超过{largest_bytes}字节的上限",
    en="the request is over the limit of {largest_bytes} bytes",
)
LARGEST_BYTES = 1_000_000


class Unavailable(Exception):
    """The store did not answer in time. Whether the command was recorded is told by asking for its id."""


@dataclass(frozen=True, slots=True)
class Known:
    """A stream's state at a version; ``snapshot`` is the version of its last stored snapshot."""

    state: Any
    version: int = 0
    snapshot: int = 0


@dataclass(slots=True)
class View:
    """What one decision sees of the log, under the head's lock; all that it reads is noted.

    Args:
        today: the house's date.
        known: gives a stream's state and version as of this moment, pending ones included.
        want: is told of streams that are about to be read, so that they are looked up together.
    """

    today: date
    known: Callable[[str], Known]
    reads: dict[str, int] = field(default_factory=dict)
    parameters: dict[str, list[Any]] = field(default_factory=dict)
    want: Callable[[Sequence[str]], None] | None = None

    def state(self, stream: str) -> Any:
        found = self.known(stream)
        self.reads[stream] = found.version
        return found.state

    def states(self, streams: Sequence[str]) -> list[Any]:
        if self.want is not None:
            self.want(streams)
        return [self.state(each) for each in streams]


@dataclass(frozen=True, slots=True)
class Entry:
    """A command on its way into the log, with the decision that makes its events.

    Args:
        command_id: unique; the same id again gets the first answer.
        name, schema, rule_version: which command, in which shape, decided by which version of its rule.
        stream: the stream that it is about, loaded beforehand.
        body: its fields without the personal ones; ``personal``: those by path, each with its person.
        decide: makes events from a view; raises Refused. It may be called more than once.
        correlation_id: borne by all that follows from one wish.
        facts: what was looked up for the decision; recorded with it.
        causation_id: the event or command that led to it.
        minted: the id was made for this very entry, so that nobody can have sent it before.
        further: streams that the decision is known to read besides, loaded beforehand with its own.
    """

    command_id: str
    name: str
    schema: int
    rule_version: int
    stream: str
    actor: Actor
    body: Mapping[str, Any]
    personal: tuple[tuple[str, str, Personal[Any]], ...]
    decide: Callable[[View], list[Any]]
    correlation_id: str
    facts: Mapping[str, Fact] = field(default_factory=dict)
    causation_id: str | None = None
    minted: bool = False
    further: tuple[str, ...] = ()

    @property
    def streams(self) -> tuple[str, ...]:
        """All that is known to be read."""
        return (self.stream, *self.further)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an accepted command.

    Args:
        position: the log's position that holds its last event, or the head's where it decided nothing.
        epoch: in which that position was recorded.
        streams: the version that each stream which it wrote has reached.
        repeated: whether the command had been accepted before.
    """

    command_id: str
    first_position: int | None
    position: int
    epoch: int
    streams: Mapping[str, int]
    repeated: bool = False


Outcome = Answer | Exception
