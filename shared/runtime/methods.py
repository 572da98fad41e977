"""What a service class is made of: commands, queries and operations, each one line that makes RPC methods."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, make_dataclass
from dataclasses import field as field_of
from inspect import Parameter, cleandoc, signature
from typing import Any, Literal, get_type_hints

import msgspec
from nameko.extensions import register_entrypoint

from shared.log.entry import Answer
from shared.projections.projection import Projection
from shared.projections.waiting import AtLeast
from shared.rules.refusal import Refusal
from shared.runtime.calls import answer_as_plain, outcome_of, refused_call
from shared.runtime.entrypoints import Rpc
from shared.runtime.intake import Derive, Find, Intake
from shared.runtime.reading import answer_query
from shared.runtime.schemas import load

ROWS_MOST = 1_000
ROWS_NOT_A_LIST = Refusal("call.rows_not_a_list", zh="应为列表", en="must be a list")
ROWS_TOO_MANY = Refusal(
    "call.too_many_rows", zh="一次最多提交{most}行", en="at most {most} rows are taken at a time"
)

Kind = Literal["command", "commands", "query", "operation"]


@dataclass(frozen=True, slots=True)
class Declared:
    """What is said of a method in its service class: contracts are made of it, and access looks here.

    Args:
        role: who may call it.
        accepts: the type of what callers send; of one row for a command's ``_many`` form.
    """

    kind: Kind
    role: str
    accepts: type[Any]


class command:  # noqa: N801 - it reads as a word in service classes
    """A command as an RPC method under the attribute's name, and under that name + ``_many`` for rows.

    The method takes the command's fields by name, and ``command_id``. It answers
    ``{command_id, source, epoch, position, streams, repeated}``. The ``_many`` form takes ``rows``, a list
    of at most 1,000 such mappings, which are decided in turn; it answers a list with, for each, what the
    single form answers or ``{refused: {code, zh, en, field}}``.

    Args:
        command_type: which.
        role: who may send it.
        derived, minted, found: what the edge adds (see Intake).
    """

    def __init__(
        self,
        command_type: type[Any],
        *,
        role: str,
        derived: Sequence[Derive] = (),
        minted: Sequence[str] = (),
        found: Mapping[str, Find] | None = None,
    ) -> None:
        self._intake = Intake(command_type, derived, minted, found)
        self._role = role

    def __set_name__(self, owner: type[Any], name: str) -> None:
        intake = self._intake

        def single(self: Any, **given: Any) -> Any:
            def answer() -> dict[str, Any]:
                request = intake.requests(self.call, [given])[0]
                if isinstance(request, Exception):
                    raise request
                outcome = self.call.house.handle(request)
                if isinstance(outcome, Exception):
                    raise outcome
                return answer_as_plain(outcome, self.call.house.log.source)

            return outcome_of(name, answer)

        def many(self: Any, rows: Any) -> Any:
            return outcome_of(f"{name}_many", lambda: handle_rows(self.call, intake, name, rows))

        described = intake.command_type.__doc__ or ""
        _publish(owner, name, single, Declared("command", self._role, intake.accepts), described)
        _publish(owner, f"{name}_many", many, Declared("commands", self._role, intake.accepts), described)


def handle_rows(call: Any, intake: Intake, name: str, rows: Any) -> list[dict[str, Any]]:
    """Have rows of one command decided in turn; an answer or a refusal for each."""
    if not isinstance(rows, list):
        raise ROWS_NOT_A_LIST(field="rows")
    if len(rows) > ROWS_MOST:
        raise ROWS_TOO_MANY(field="rows", most=ROWS_MOST)
    requests = intake.requests(call, rows)
    outcomes = iter(call.house.handle_many([each for each in requests if not isinstance(each, Exception)]))
    results = (each if isinstance(each, Exception) else next(outcomes) for each in requests)
    return [
        answer_as_plain(each, call.house.log.source)
        if isinstance(each, Answer)
        else {"refused": refused_call(name, each).as_plain()}
        for each in results
    ]


class operation:  # noqa: N801 - as above
    """A function ``(call, *, …) -> JSON data`` as an RPC method; its arguments are checked by their types.

    Args:
        function: with annotated keyword arguments; it raises declared refusals.
        role: who may call it.
    """

    kind: Kind = "operation"

    def __init__(self, function: Callable[..., Any], *, role: str) -> None:
        self._function = function
        self._role = role

    def __set_name__(self, owner: type[Any], name: str) -> None:
        function, accepts, run = self._function, self._accepts(), self._run

        def method(self: Any, **given: Any) -> Any:
            def answer() -> Any:
                sent = load(accepts, given)
                values = {each: getattr(sent, each) for each in accepts.__dataclass_fields__}
                return msgspec.to_builtins(run(self.call, values))

            return outcome_of(name, answer)

        _publish(owner, name, method, Declared(self.kind, self._role, accepts), function.__doc__ or "")

    def _accepts(self) -> type[Any]:
        return arguments_of(self._function)

    def _run(self, call: Any, values: dict[str, Any]) -> Any:
        call.actor  # noqa: B018 - also who only reads has to say who they are
        return self._function(call, **values)


class query(operation):  # noqa: N801 - as above
    """A function ``(connection, *, …) -> rows`` as an RPC method that reads in one transaction.

    The method takes the function's arguments, and ``at_least={source, epoch, position}`` as a command's
    answer told them: it then waits until what it reads has come that far. It answers
    ``{answer, known, complete}`` (see ``answer_query``).

    Args:
        function: with annotated keyword arguments; it raises declared refusals.
        role: who may call it.
        reads: the projections that it reads.
    """

    kind: Kind = "query"

    def __init__(self, function: Callable[..., Any], *, role: str, reads: Sequence[Projection]) -> None:
        super().__init__(function, role=role)
        self._reads = tuple(reads)

    def _accepts(self) -> type[Any]:
        return arguments_of(self._function, [("at_least", AtLeast | None, field_of(default=None))])

    def _run(self, call: Any, values: dict[str, Any]) -> Any:
        call.actor  # noqa: B018 - as above
        at_least = values.pop("at_least")
        return answer_query(call.house, self._function, values, self._reads, at_least)


def arguments_of(function: Callable[..., Any], more: Sequence[tuple[str, Any, Any]] = ()) -> type[Any]:
    """A message type of a function's arguments but the first, and of ``more`` fields."""
    hints = get_type_hints(function)
    _, *parameters = signature(function).parameters.values()
    return make_dataclass(
        function.__name__,
        [
            (
                each.name,
                hints[each.name],
                field_of(default=MISSING if each.default is Parameter.empty else each.default),
            )
            for each in parameters
        ]
        + list(more),
        kw_only=True,
    )


def _publish(owner: type[Any], name: str, method: Any, declared: Declared, described: str) -> None:
    method.__name__ = name
    method.__qualname__ = f"{owner.__qualname__}.{name}"
    method.__doc__ = cleandoc(described)
    method.declared = declared
    register_entrypoint(method, Rpc())
    setattr(owner, name, method)
