"""A client that loses no command: each has an id, and what became of an unanswered one is asked for by it."""

import time
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from demo.calling import Unexpected
from shared.bus.catch_up import SourceDown
from shared.bus.rpc_source import RpcSource, SourceRefuses
from shared.runtime.finding import service_class
from shared.runtime.remote import refused
from tests.runtime.suite import token_of

CALL_SECONDS_MAX = 10.0
RESOLVED_SECONDS_MAX = 120.0
AGAIN_SECONDS = 0.1
PASSING = frozenset({"unavailable", "call.timeout", "query.not_yet", "access.not_level"})
"""Refusals after which nobody knows what became of a command, or that time alone cures."""

Row = dict[str, Any]


class Attribute:
    """``office.clerk.assistance.open_file(…)``: a role, a service, a method, taken down name by name."""

    def __init__(self, of: Callable[..., Any]) -> None:
        self._of = of

    def __getattr__(self, name: str) -> Any:
        return self._of(name)


class Client:
    """Calls the services as several people, each in another role, and insists on being answered.

    It has the form of the demonstration's office, so that what that does is done through it.

    Args:
        folder: where the services' keys lie.
        next_call: is called before each call, but not before those by which a call is resolved.
    """

    def __init__(self, bus_url: str, folder: Path, next_call: Callable[[], None]) -> None:
        roles = ("clerk", "reviewer", "approver", "cashier", "personnel", "statistician")
        self.persons = {role: f"person-{role}" for role in roles}
        self._bus_url, self._folder, self._next_call = bus_url, folder, next_call
        self._numbers = count(1)
        self._lines: dict[tuple[str, str], RpcSource] = {}
        self.accepted: dict[str, dict[str, Row]] = {}
        """For each service, the answers by the command's id."""
        self.calls = self.unanswered = self.found = self.sent_again = 0
        self.longest_seconds = 0.0

    def __getattr__(self, role: str) -> Any:
        if role not in self.persons:
            raise AttributeError(role)
        return Attribute(lambda service: Attribute(lambda method: partial(self._call, role, service, method)))

    def summary(self) -> str:
        """What became of the commands, in a line."""
        told = [each for answers in self.accepted.values() for each in answers.values()]
        repeated = sum(each["repeated"] for each in told)
        return (
            f"{len(told)} commands accepted, {repeated} of them decided before they were heard again; "
            f"{self.unanswered} unanswered: {self.found} found by their id, {self.sent_again} sent again; "
            f"the longest call took {self.longest_seconds:.1f} s"
        )

    def close(self) -> None:
        for each in self._lines.values():
            each.close()

    def _call(self, role: str, service: str, method: str, **arguments: Any) -> Any:
        self._next_call()
        self.calls += 1
        kind = getattr(service_class(service), method).declared.kind
        begun = time.monotonic()
        try:
            if kind == "commands":
                return self._command(role, service, method, arguments["rows"])
            if kind == "command":
                return self._command(role, service, method, [arguments])[0]
            return self._until_answered(role, service, method, arguments)
        finally:
            self.longest_seconds = max(self.longest_seconds, time.monotonic() - begun)

    def _command(self, role: str, service: str, method: str, rows: list[Row]) -> list[Row]:
        """Send commands, ask for those without an answer by their ids, send again what was not accepted."""
        waiting = {f"faults-{next(self._numbers)}": row for row in rows}
        ids = list(waiting)
        accepted = self.accepted.setdefault(service, {})
        deadline = time.monotonic() + RESOLVED_SECONDS_MAX
        while waiting:
            if time.monotonic() > deadline:
                raise Unexpected(f"{service}.{method}: {len(waiting)} commands are not resolved")
            told = self._send(
                role, service, method, [row | {"command_id": id_} for id_, row in waiting.items()]
            )
            for id_, answer in zip(list(waiting), told, strict=True):
                if answer is None:
                    self.unanswered += 1
                    answer = self._until_answered(role, service, "find_command", {"command_id": id_})
                    if answer is None:
                        self.sent_again += 1
                        continue
                    self.found += 1
                accepted[id_] = answer
                del waiting[id_]
        return [accepted[id_] for id_ in ids]

    def _send(self, role: str, service: str, method: str, rows: list[Row]) -> list[Row | None]:
        """What was answered for each; None where nobody knows what became of it."""
        single = not method.endswith("_many")
        try:
            told = self._ask(role, service, method, rows[0] if single else {"rows": rows})
        except SourceDown:
            return [None] * len(rows)
        return [self._known(method, each) for each in ([told] if single else told)]

    def _known(self, method: str, answer: Row) -> Row | None:
        if "refused" not in answer:
            return answer
        if answer["refused"]["code"] in PASSING:
            return None
        raise Unexpected(f"{method}: {answer['refused']}")

    def _until_answered(self, role: str, service: str, method: str, arguments: Row) -> Any:
        """What a call answers that may be repeated at will."""
        deadline = time.monotonic() + RESOLVED_SECONDS_MAX
        while True:
            try:
                return self._ask(role, service, method, arguments)
            except SourceDown:
                if time.monotonic() > deadline:
                    raise Unexpected(f"{service}.{method} is not answered") from None
                time.sleep(AGAIN_SECONDS)

    def _ask(self, role: str, service: str, method: str, arguments: Row) -> Any:
        """Raises SourceDown where there is no answer, or one that says to ask later."""
        line = self._lines.get((role, service))
        if line is None:
            line = RpcSource(self._bus_url, service, partial(self._headers, role), CALL_SECONDS_MAX)
            self._lines[role, service] = line
        try:
            return line.call(method, **arguments)
        except SourceRefuses as refuses:
            told = refused(refuses)
            if told.code in PASSING:
                raise SourceDown(told.code) from None
            raise told from None

    def _headers(self, role: str) -> dict[str, str]:
        token = token_of(self._folder, role, person_id=self.persons[role])
        return {"nameko.auth_token": token}
