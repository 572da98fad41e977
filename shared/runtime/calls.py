"""Calls: who calls what, and what a caller is told when the answer is no; nothing internal passes here."""

import logging
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from secrets import token_hex
from typing import Any

from nameko.exceptions import BadRequest, MethodNotFound, deserialize_to_instance
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from shared.log.entry import Unavailable
from shared.log.log import is_passing
from shared.rules.context import Actor
from shared.rules.personal import Erased, Personal
from shared.rules.refusal import Refusal, Refused
from shared.runtime import correlation
from shared.runtime.access import (
    ANYWHERE,
    NO_TOKEN,
    NOBODY_YET,
    OUT_OF_SCOPE,
    ROLES_ZH,
    SIGNED_IN,
    TOKEN_REFUSED,
    WHOLE_DISTRICT,
    WRONG_ROLE,
    Access,
)
from shared.runtime.access_log import LOOKED, Attempt
from shared.runtime.house import House
from shared.runtime.repeats import MESSAGE, command_id_of
from shared.runtime.scopes import EVERYTHING, ORGANISATION, Reach, Scope
from shared.runtime.tokens import BadToken, Grant, Token

INTERNAL = Refusal(
    "internal",
    zh="系统内部错误，请把编号{reference}告知管理员",
    en="internal error; tell the administrator the reference {reference}",
)
UNAVAILABLE = Refusal(
    "unavailable",
    zh="暂时不可用，请稍后再试；命令是否已登记，可按命令编号查询",
    en="not available at the moment; whether the command was recorded is told by its id",
)
MALFORMED = Refusal(
    "call.malformed",
    zh="调用格式不符：只接受按名称给出的参数",
    en="the call is malformed: arguments are given by name only",
)
TIMEOUT = Refusal(
    "call.timeout",
    zh="超过{seconds}秒未能办结，请稍后再试；命令是否已登记，可按命令编号查询",
    en="it took longer than {seconds} seconds; whether a command was recorded is told by its id",
)
UNKNOWN_METHOD = Refusal("call.unknown_method", zh="没有这个方法", en="there is no such method")

SECONDS_MAX = 15.0
"""How long a call may take where nobody says; less than callers wait."""

ANONYMOUS = Actor("anonymous")

log = logging.getLogger(__name__)
access_lines = logging.getLogger("gonghui.access")


@deserialize_to_instance
class RefusedCall(Exception):
    """The one exception that callers of any service meet.

    Args:
        code: stable; tells what to do about it.
        zh, en: a sentence each.
        field: which argument it is about, if one.
        problems: everything wrong with the input, each ``{code, zh, en, field}``; empty for other refusals.
    """

    def __init__(
        self,
        code: str,
        zh: str,
        en: str,
        field: str | None = None,
        problems: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__(code, zh, en, field, list(problems))
        self.code = code
        self.zh = zh
        self.en = en
        self.field = field
        self.problems = list(problems)

    def as_plain(self) -> dict[str, Any]:
        """The refusal as JSON data."""
        plain = {"code": self.code, "zh": self.zh, "en": self.en, "field": self.field}
        return plain | ({"problems": self.problems} if self.problems else {})

    def __str__(self) -> str:
        return f"{self.code}: {self.zh} / {self.en}" + (f" ({self.field})" if self.field else "")


class Call:
    """One call as a method sees it.

    Args:
        house: the service's log and command handler.
        headers: what the caller sent beside the arguments.
        access: judges the token among them.
        seconds_max: how long it may take; past that nothing more is begun for it.
    """

    def __init__(
        self, house: House, headers: Mapping[str, Any], access: Access, seconds_max: float = SECONDS_MAX
    ) -> None:
        self.house = house
        self._seconds_max = seconds_max
        self._deadline = float("inf")
        self._headers = headers
        self._access = access
        self._grants: tuple[Grant, ...] = ()
        self.token: Token | None = None
        """Who calls, once that is settled; of a token that is over, whose it was."""
        self.login_id = ""
        """Of whoever logs in: they have no token yet. For the access log only."""
        self.fault = ""
        """Why a token was not accepted: for the access log only."""

    def admit(self, roles: Sequence[str]) -> None:
        """Settle who calls, and that one of their roles is among these.

        Raises the refusals ``access.no_token``, ``access.token_refused``, ``access.not_level`` and
        ``access.role``.
        """
        self._deadline = time.monotonic() + self._seconds_max
        # Of the call before, where an operator's command makes several.
        self.token, self._grants, self.login_id, self.fault = None, (), "", ""
        if NOBODY_YET in roles:
            return
        text = self._headers.get("auth_token")
        if text is None:
            raise NO_TOKEN()
        try:
            self.token = self._access.read(text)
            self._access.check(self.token)
        except BadToken as bad:
            self.token, self.fault = bad.token, str(bad)
            raise TOKEN_REFUSED() from None
        self._grants = tuple(each for each in self.token.grants if SIGNED_IN in roles or each.role in roles)
        if not self._grants:
            raise WRONG_ROLE(roles=", ".join(roles), roles_zh="、".join(ROLES_ZH[each] for each in roles))

    def check_time(self) -> None:
        """Raises the refusal ``call.timeout`` once the call has taken too long."""
        if time.monotonic() > self._deadline:
            raise TIMEOUT(seconds=round(self._seconds_max))

    def holds(self, role: str) -> bool:
        """Whether the caller has a role for the whole district."""
        held = self.token.grants if self.token else ()
        return any(each.role == role and self._access.reaches(each, None) for each in held)

    def command_id(self, part: int | str = 0) -> str:
        """The id of a command that was sent without one: the same when the call comes again.

        Args:
            part: which of the call's commands: the number of its row, or what it is about.

        Raises the refusal ``call.no_identity``.
        """
        return command_id_of(self._headers.get(MESSAGE), self.actor.person_id, part)

    def acting(self, scope: Scope, rows: Sequence[Mapping[str, Any]]) -> list[Actor | Exception]:
        """For each row who acts, under a role that holds for what it touches, or why nobody does.

        Args:
            scope: what a method says that it touches.
            rows: the arguments; the one that ``scope`` names is the organisation.

        The refusal is ``access.scope``.
        """
        if scope == ANYWHERE:
            return [self.actor for _ in rows]
        if scope == WHOLE_DISTRICT:
            return [self._acting_for(None, None) for _ in rows]
        if isinstance(scope, str):
            return [self._acting_for(row[scope], scope) for row in rows]
        return [self._acting_for(each, None) for each in scope(self.house, rows)]

    def _acting_for(self, organisation_id: str | None, field: str | None) -> Actor | Exception:
        for grant in self._grants:
            if self._access.reaches(grant, organisation_id):
                return self._as(grant)
        return OUT_OF_SCOPE(field=field)

    def reach(self, organisation_id: str | None) -> Reach:
        """Of what an answer may tell: an organisation's subtree, or all that the caller's roles reach.

        Raises the refusal ``access.scope``.
        """
        if organisation_id is not None:
            acting = self._acting_for(organisation_id, ORGANISATION)
            if isinstance(acting, Exception):
                raise acting
            return Reach(frozenset({organisation_id}))
        roots = {each.organisation_id for each in self._grants}
        return EVERYTHING if None in roots else Reach(frozenset(each for each in roots if each is not None))

    def looks(self, method: str, looked_at: Sequence[tuple[str, Sequence[str]]]) -> None:
        """Put on record that somebody is about to see fields of persons in the clear.

        Args:
            method: by which they are shown, or leave the house.
            looked_at: the persons, each with the names of the fields.
        """
        self.house.access_log.write(
            [
                self._attempt(method, LOOKED, about_id=person_id, fields=tuple(sorted(names)))
                for person_id, names in looked_at
            ]
        )

    def look(
        self, method: str, looked_at: Sequence[tuple[str, Mapping[str, Personal[Any]]]]
    ) -> list[dict[str, str | None]]:
        """Personal values in the clear; that somebody looks at them is on record before they are shown.

        Args:
            method: by which it is shown.
            looked_at: for each person the values by field.

        Returns:
            For each the texts by field; None for what was erased.
        """
        self.looks(method, [(person_id, tuple(values)) for person_id, values in looked_at])
        vault = self.house.log.vault
        with self.house.store.read() as connection:
            shown = []
            for _, values in looked_at:
                texts = vault.open_many(connection, values.values())
                shown.append(
                    {
                        field: None if isinstance(each, Erased) else each
                        for field, each in zip(values, texts, strict=True)
                    }
                )
            return shown

    @property
    def actor(self) -> Actor:
        """Who calls, where no organisation is touched."""
        return self._as(self._grants[0]) if self._grants else ANONYMOUS

    def _as(self, grant: Grant) -> Actor:
        assert self.token is not None  # noqa: S101 - whoever has grants has been admitted
        roles = dict.fromkeys(each.role for each in self.token.grants)
        return Actor(self.token.person_id, tuple(roles), grant.organisation_id)

    def record(self, method: str, code: str, times: int = 1) -> None:
        """Have the access log tell who tried what, and what came of it.

        Args:
            code: of the refusal, or what else came of it.
            times: how often, in one call.
        """
        attempt = self._attempt(method, code, times)
        self.house.access_log.note(attempt)
        who = f"{attempt.person_id or '-'} login={attempt.login_id or '-'}"
        fault = f" fault={attempt.fault.replace(' ', '_')}" if attempt.fault else ""
        access_lines.info("%s.%s %s by=%s%s", self.house.log.source, method, code, who, fault)

    def _attempt(self, method: str, code: str, times: int = 1, **more: Any) -> Attempt:
        token = self.token
        return Attempt(
            method=method,
            code=code,
            times=times,
            person_id=token.person_id if token else "",
            login_id=token.login_id if token else self.login_id,
            fault=self.fault,
            correlation_id=correlation.current() or "",
            **more,
        )


def outcome_of(call: Call, method: str, answer: Callable[[], Any]) -> Any:
    """What a method answers, or the RefusedCall that says why not.

    It is returned and not raised: nameko logs what is raised with its text, and that may be personal.
    """
    try:
        return answer()
    except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets our own words only
        return refused_call(method, error, call)


def refused_call(method: str, error: Exception, call: Call | None = None) -> RefusedCall:
    """What a caller is told of an exception; what is internal stands in our log, under a reference."""
    told = refusal_told(method, error)
    if call is not None:
        call.record(method, told.code)
    return told


def refusal_told(method: str, error: Exception) -> RefusedCall:
    """As ``refused_call``, without a trace in the access log."""
    match error:
        case RefusedCall():
            return error
        case Refused():
            return RefusedCall(**error.as_plain())
        case MethodNotFound():
            return _of(UNKNOWN_METHOD)
        case BadRequest():
            return _of(MALFORMED)
        case Unavailable() | NoConnection():
            return _of(UNAVAILABLE)
        case DBAPIError() if is_passing(error):
            return _of(UNAVAILABLE)
    reference = token_hex(8)
    log.error("internal error %s in %s: %s", reference, method, without_text(error))
    return _of(INTERNAL, reference=reference)


def _of(refusal: Refusal, **values: str) -> RefusedCall:
    return RefusedCall(**refusal(**values).as_plain())


def without_text(error: BaseException) -> str:
    """An exception's type and where it came from; not its text, which may hold what callers sent."""
    places = [
        f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
    ]
    return " < ".join([type(error).__qualname__, *reversed(places[-8:])])
