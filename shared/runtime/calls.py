"""Calls: who calls what, and what a caller is told when the answer is no; nothing internal passes here."""

import logging
import traceback
from collections.abc import Callable, Mapping, Sequence
from secrets import token_hex
from typing import Any

from nameko.exceptions import BadRequest, MethodNotFound, deserialize_to_instance
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from shared.log.entry import Answer, Unavailable
from shared.log.log import is_passing
from shared.rules.context import Actor
from shared.rules.refusal import Refusal, Refused
from shared.runtime.access import (
    ANYWHERE,
    NO_TOKEN,
    NOBODY_YET,
    OUT_OF_SCOPE,
    SIGNED_IN,
    TOKEN_REFUSED,
    WHOLE_DISTRICT,
    WRONG_ROLE,
    Access,
)
from shared.runtime.house import House
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
UNKNOWN_METHOD = Refusal("call.unknown_method", zh="没有这个方法", en="there is no such method")

ANONYMOUS = Actor("anonymous")

log = logging.getLogger(__name__)
access_log = logging.getLogger("gonghui.access")


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
    """

    def __init__(self, house: House, headers: Mapping[str, Any], access: Access) -> None:
        self.house = house
        self._headers = headers
        self._access = access
        self._grants: tuple[Grant, ...] = ()
        self.token: Token | None = None
        """Who calls, once that is settled."""
        self.fault = ""
        """Why a token was not accepted: for the access log only."""

    def admit(self, roles: Sequence[str]) -> None:
        """Settle who calls, and that one of their roles is among these.

        Raises the refusals ``access.no_token``, ``access.token_refused``, ``access.not_level`` and
        ``access.role``.
        """
        if NOBODY_YET in roles:
            return
        text = self._headers.get("auth_token")
        if text is None:
            raise NO_TOKEN()
        try:
            self.token = self._access.token(text)
        except BadToken as bad:
            self.fault = str(bad)
            raise TOKEN_REFUSED() from None
        self._grants = tuple(each for each in self.token.grants if SIGNED_IN in roles or each.role in roles)
        if not self._grants:
            raise WRONG_ROLE(roles=", ".join(roles))

    def acting(self, scope: str, values: Mapping[str, Any]) -> Actor:
        """Who acts, under a role that holds for what the call touches.

        Args:
            scope: what a method says that it touches.
            values: the arguments; the one that ``scope`` names is the organisation.

        Raises the refusal ``access.scope``.
        """
        if scope == ANYWHERE:
            return self.actor
        organisation_id = None if scope == WHOLE_DISTRICT else values[scope]
        for grant in self._grants:
            if self._access.reaches(grant, organisation_id):
                return self._as(grant)
        raise OUT_OF_SCOPE(field=None if scope == WHOLE_DISTRICT else scope)

    @property
    def actor(self) -> Actor:
        """Who calls, where no organisation is touched."""
        return self._as(self._grants[0]) if self._grants else ANONYMOUS

    def _as(self, grant: Grant) -> Actor:
        assert self.token is not None  # noqa: S101 - whoever has grants has been admitted
        roles = dict.fromkeys(each.role for each in self.token.grants)
        return Actor(self.token.person_id, tuple(roles), grant.organisation_id)

    def record(self, method: str, outcome: str) -> None:
        """Write a line into the access log: who did or tried what."""
        token = self.token
        who = f"{token.person_id} login={token.login_id} token={token.token_id}" if token else "-"
        fault = f" fault={self.fault.replace(' ', '_')}" if self.fault else ""
        access_log.info("%s.%s %s by=%s%s", self.house.log.source, method, outcome, who, fault)


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
    told = _refused_call(method, error)
    if call is None:
        access_log.info("%s refused=%s by=-", method, told.code)
    else:
        call.record(method, f"refused={told.code}")
    return told


def _refused_call(method: str, error: Exception) -> RefusedCall:
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
