"""Intake: how the arguments of a call become a command, with what the edge itself adds to them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields, make_dataclass, replace
from dataclasses import field as field_of
from inspect import signature
from typing import Any, get_type_hints

from shared.rules.context import Actor
from shared.rules.personal import Personal
from shared.runtime.access import WHOLE_DISTRICT
from shared.runtime.calls import Call
from shared.runtime.commands import Request
from shared.runtime.facts import LookUp, look_up
from shared.runtime.identities import derived_identity
from shared.runtime.schemas import load
from shared.runtime.scopes import Scope

Derive = Callable[..., Any]
"""A pure function that gives a field; its parameters are named like the fields it needs."""

Find = Callable[[Call, Sequence[Mapping[str, Any]]], Sequence[Any]]
"""Finds a field's value for each of several rows, some of which may name it; an exception is its outcome."""


class Intake:
    """What callers of one command send, and how the command is made of it.

    Args:
        command_type: the command.
        derived: for each field that follows from others the function that gives it; callers cannot send it.
        minted: identities that callers may leave out.
        issued: identities that the house alone gives: callers cannot send these fields.
        found: fields that callers may leave out and the house can find, each with the function that does, and
            that says whether what a caller did name can be so.
        scope: what the command touches (see ``Call.acting``); settled before anything is found.
        facts: what its rules may look up.
    """

    def __init__(
        self,
        command_type: type[Any],
        derived: Mapping[str, Derive] | None = None,
        minted: Sequence[str] = (),
        issued: Sequence[str] = (),
        found: Mapping[str, Find] | None = None,
        scope: Scope = WHOLE_DISTRICT,
        facts: Sequence[LookUp] = (),
    ) -> None:
        self._scope = scope
        self._facts = tuple(facts)
        self.command_type = command_type
        self._derived = [
            (name, each, tuple(signature(each).parameters)) for name, each in (derived or {}).items()
        ]
        self._minted = tuple(minted)
        self._issued = tuple(issued)
        self._found = dict(found or {})
        self.accepts = self._accepted()
        """The type of what callers send: published in contracts, checked at each call."""
        self._names = tuple(each.name for each in fields(self.accepts) if each.name != "command_id")

    def _accepted(self) -> type[Any]:
        hints = get_type_hints(self.command_type)
        left_out = {*self._issued, *(name for name, _, _ in self._derived)}
        optional = {*self._minted, *self._found}
        specification: list[Any] = []
        for each in fields(self.command_type):
            if each.name in optional:
                specification.append((each.name, hints[each.name] | None, field_of(default=None)))
            elif each.name not in left_out:
                default = {} if each.default is MISSING else {"default": each.default}
                specification.append((each.name, hints[each.name], field_of(**default)))
        specification.append(("command_id", str | None, field_of(default=None)))
        return make_dataclass(
            self.command_type.__name__,
            specification,
            kw_only=True,
            namespace={"__doc__": self.command_type.__doc__, "__module__": self.command_type.__module__},
        )

    def requests(self, call: Call, rows: Sequence[Any]) -> list[Request | Exception]:
        """For each row the request that it makes, or what is wrong with it."""
        made = self._allowed(call, [self._values(call, *each) for each in enumerate(rows)])
        for name, find in self._found.items():
            whole = [(number, each[1]) for number, each in enumerate(made) if isinstance(each, tuple)]
            results = find(call, [values for _, values in whole]) if whole else ()
            for (number, values), result in zip(whole, results, strict=True):
                if isinstance(result, Exception):
                    made[number] = result
                else:
                    values[name] = result
        requests = [
            each if isinstance(each, Exception) else Request(self.command_type(**each[1]), each[2], each[0])
            for each in made
        ]
        return self._with_facts(call, requests) if self._facts else requests

    def _with_facts(self, call: Call, requests: list[Request | Exception]) -> list[Request | Exception]:
        commands = [each.command for each in requests if isinstance(each, Request)]
        told = iter(look_up(call.house, self._facts, commands))
        return [replace(each, facts=next(told)) if isinstance(each, Request) else each for each in requests]

    def _allowed(
        self, call: Call, sent: Sequence[tuple[str, dict[str, Any]] | Exception]
    ) -> list[tuple[str, dict[str, Any], Actor] | Exception]:
        """With who acts; what each row touches is settled for all of them together."""
        rows = [each[1] for each in sent if not isinstance(each, Exception)]
        actors = iter(call.acting(self._scope, rows))
        made: list[tuple[str, dict[str, Any], Actor] | Exception] = []
        for each in sent:
            if isinstance(each, Exception):
                made.append(each)
                continue
            actor = next(actors)
            made.append(actor if isinstance(actor, Exception) else (*each, actor))
        return made

    def _values(self, call: Call, number: int, row: Any) -> tuple[str, dict[str, Any]] | Exception:
        try:
            sent = load(self.accepts, row)
            values = {name: getattr(sent, name) for name in self._names}
            command_id = sent.command_id or call.command_id(number)
        except Exception as error:  # noqa: BLE001 - what is wrong with one row is that row's outcome only
            return error
        for name in self._minted:
            values[name] = values[name] or derived_identity(command_id, name)
        for name in self._issued:
            values[name] = derived_identity(command_id, name)
        for name, derive, needed in self._derived:
            values[name] = derive(*(_bare(values[each]) for each in needed))
        return command_id, values


def _bare(value: Any) -> Any:
    return value.content if isinstance(value, Personal) else value
