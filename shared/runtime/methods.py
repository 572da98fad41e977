"""What a service class is made of: commands, queries and operations, each one line that makes RPC methods."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, make_dataclass, replace
from dataclasses import field as field_of
from inspect import Parameter, cleandoc, signature
from typing import Any, Literal, get_type_hints

import msgspec
from nameko.extensions import register_entrypoint

from shared.log.entry import Answer
from shared.projections.projection import Projection
from shared.projections.waiting import AtLeast
from shared.rules.refusal import Refusal
from shared.runtime.access import ANYWHERE, NOBODY_YET, ROLES, SIGNED_IN, WHOLE_DISTRICT
from shared.runtime.calls import RefusedCall, outcome_of, refusal_told
from shared.runtime.commands import answer_as_plain
from shared.runtime.entrypoints import Rpc
from shared.runtime.facts import LookUp
from shared.runtime.intake import Derive, Find, Intake
from shared.runtime.reading import answer_query
from shared.runtime.schemas import load
from shared.runtime.scopes import ORGANISATION, SUBTREE, Scope, name_of
from shared.runtime.tokens import SERVICE

ROWS_MOST = 1_000
ROWS_NOT_A_LIST = Refusal("call.rows_not_a_list", zh="应为列表", en="must be a list")
ROWS_TOO_MANY = Refusal(
    "call.too_many_rows", zh="一次最多提交{most}行", en="at most {most} rows are taken at a time"
)

REACH = "reach"
"""The argument by which the house tells a query how far its caller may see."""

KNOWN_ROLES = ROLES | {SERVICE, SIGNED_IN, NOBODY_YET}

Kind = Literal["command", "commands", "query", "operation"]
Roles = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Declared:
    """What is said of a method in its service class: contracts are made of it, and access looks here.

    Args:
        roles: who may call it; any of them is enough.
        scope: which part of the district it touches: ANYWHERE, WHOLE_DISTRICT, the name of the argument
            that tells the organisation (None in it stands for the whole district), the look-up that finds
            it, or, for queries, SUBTREE: what the caller's role reaches.
        accepts: the type of what callers send; of one row for a command's ``_many`` form.
    """

    kind: Kind
    roles: tuple[str, ...]
    scope: Scope
    accepts: type[Any]

    def __post_init__(self) -> None:
        if unknown := set(self.roles) - KNOWN_ROLES:
            raise ValueError(f"there is no role {sorted(unknown)}")
        known = (ANYWHERE, WHOLE_DISTRICT, SUBTREE, *(each.name for each in fields(self.accepts)))
        if isinstance(self.scope, str) and self.scope not in known:
            raise ValueError(f"{self.accepts.__name__} has no field {self.scope}")
        if self.scope == SUBTREE and self.kind != "query":
            raise ValueError("only of queries an answer can be less than all")

    @property
    def role(self) -> str:
        """The roles in words."""
        return ", ".join(self.roles)

    @property
    def scope_name(self) -> str:
        """The scope in a word."""
        return name_of(self.scope)


class command:  # noqa: N801 - it reads as a word in service classes
    """A command as an RPC method under the attribute's name, and under that name + ``_many`` for rows.

    The method takes the command's fields by name, and ``command_id``. It answers
    ``{command_id, source, epoch, position, streams, repeated}``. The ``_many`` form takes ``rows``, a list
    of at most 1,000 such mappings, which are decided in turn; it answers a list with, for each, what the
    single form answers or ``{refused: {code, zh, en, field}}``.

    Args:
        command_type: which.
        role: who may send it; of several, any is enough.
        scope: which part of the district it touches (see Declared).
        derived, minted, issued, found, facts: what the edge adds (see Intake).
    """

    def __init__(
        self,
        command_type: type[Any],
        *,
        role: Roles,
        scope: Scope = WHOLE_DISTRICT,
        derived: Mapping[str, Derive] | None = None,
        minted: Sequence[str] = (),
        issued: Sequence[str] = (),
        found: Mapping[str, Find] | None = None,
        facts: Sequence[LookUp] = (),
    ) -> None:
        self._intake = Intake(command_type, derived, minted, issued, found, scope, facts)
        self._roles = several(role)
        self._scope = scope

    def __set_name__(self, owner: type[Any], name: str) -> None:
        intake, roles = self._intake, self._roles

        def single(self: Any, /, **given: Any) -> Any:
            def answer() -> dict[str, Any]:
                self.call.admit(roles)
                request = intake.requests(self.call, [given])[0]
                if isinstance(request, Exception):
                    raise request
                self.call.check_time()
                return answer_as_plain(self.call.house.handle(request), self.call.house.log.source)

            return outcome_of(self.call, name, answer)

        def many(self: Any, /, rows: Any) -> Any:
            def answers() -> list[dict[str, Any]]:
                self.call.admit(roles)
                return handle_rows(self.call, intake, name, rows)

            return outcome_of(self.call, f"{name}_many", answers)

        described = intake.command_type.__doc__ or ""
        declared = Declared("command", roles, self._scope, intake.accepts)
        _publish(owner, name, single, declared, described)
        _publish(owner, f"{name}_many", many, replace(declared, kind="commands"), described)


def handle_rows(call: Any, intake: Intake, name: str, rows: Any) -> list[dict[str, Any]]:
    """Have rows of one command decided in turn; an answer or a refusal for each."""
    if not isinstance(rows, list):
        raise ROWS_NOT_A_LIST(field="rows")
    if len(rows) > ROWS_MOST:
        raise ROWS_TOO_MANY(field="rows", most=ROWS_MOST)
    requests = intake.requests(call, rows)
    call.check_time()
    outcomes = iter(call.house.handle_many([each for each in requests if not isinstance(each, Exception)]))
    results = [each if isinstance(each, Exception) else next(outcomes) for each in requests]
    told = [
        answer_as_plain(each, call.house.log.source) if isinstance(each, Answer) else refusal_told(name, each)
        for each in results
    ]
    codes = Counter(each.code for each in told if isinstance(each, RefusedCall))
    for code, times in codes.items():
        call.record(f"{name}_many", code, times)
    return [{"refused": each.as_plain()} if isinstance(each, RefusedCall) else each for each in told]


class operation:  # noqa: N801 - as above
    """A function ``(call, *, …) -> JSON data`` as an RPC method; its arguments are checked by their types.

    Args:
        function: with annotated keyword arguments; it raises declared refusals.
        role: who may call it; of several, any is enough.
        scope: which part of the district it touches (see Declared).
    """

    kind: Kind = "operation"

    def __init__(self, function: Callable[..., Any], *, role: Roles, scope: Scope = WHOLE_DISTRICT) -> None:
        self._function = function
        self._roles = several(role)
        self._scope = scope

    def __set_name__(self, owner: type[Any], name: str) -> None:
        function, accepts, run = self._function, self._accepts(), self._run
        roles, scope = self._roles, self._scope

        def method(self: Any, /, **given: Any) -> Any:
            def answer() -> Any:
                self.call.admit(roles)
                sent = load(accepts, given)
                values = {each: getattr(sent, each) for each in accepts.__dataclass_fields__}
                if scope == SUBTREE:
                    values[REACH] = self.call.reach(values.pop(ORGANISATION))
                else:
                    (acting,) = self.call.acting(scope, [values])
                    if isinstance(acting, Exception):
                        raise acting
                self.call.check_time()
                return msgspec.to_builtins(run(self.call, values))

            return outcome_of(self.call, name, answer)

        declared = Declared(self.kind, roles, scope, accepts)
        _publish(owner, name, method, declared, function.__doc__ or "")

    def _accepts(self) -> type[Any]:
        return arguments_of(self._function)

    def _run(self, call: Any, values: dict[str, Any]) -> Any:
        return self._function(call, **values)


class query(operation):  # noqa: N801 - as above
    """A function ``(connection, *, …) -> rows`` as an RPC method that reads in one transaction.

    With the scope SUBTREE the function takes ``reach``, of which part of the district it may tell (see
    ``Reach.holds``); the method then takes ``organisation_id``, which narrows that.

    The method takes the function's arguments, and ``at_least={source, epoch, position}`` as a command's
    answer told them: it then waits until what it reads has come that far. It answers
    ``{answer, known, complete}`` (see ``answer_query``).

    Args:
        function: with annotated keyword arguments; it raises declared refusals.
        role, scope: as of an operation.
        reads: the projections that it reads.
    """

    kind: Kind = "query"

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        role: Roles,
        scope: Scope = WHOLE_DISTRICT,
        reads: Sequence[Projection],
    ) -> None:
        super().__init__(function, role=role, scope=scope)
        self._reads = tuple(reads)
        if (scope == SUBTREE) != (REACH in signature(function).parameters):
            raise ValueError(f"{function.__name__} must take a reach, and only with the scope of a subtree")

    def _accepts(self) -> type[Any]:
        more: list[tuple[str, Any, Any]] = [("at_least", AtLeast | None, field_of(default=None))]
        if self._scope == SUBTREE:
            more.insert(0, (ORGANISATION, str | None, field_of(default=None)))
        return arguments_of(self._function, more)

    def _run(self, call: Any, values: dict[str, Any]) -> Any:
        at_least = values.pop("at_least")
        return answer_query(call.house, self._function, values, self._reads, at_least)


def several(role: Roles) -> tuple[str, ...]:
    """The roles that were declared as one or as several."""
    return (role,) if isinstance(role, str) else role


def arguments_of(function: Callable[..., Any], more: Sequence[tuple[str, Any, Any]] = ()) -> type[Any]:
    """A message type of a function's arguments but the first, and of ``more`` fields."""
    hints = get_type_hints(function, include_extras=True)
    _, *parameters = (each for each in signature(function).parameters.values() if each.name != REACH)
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
