"""Calls: who calls what, and what a caller is told when the answer is no; nothing internal passes here."""

import logging
import re
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
from shared.runtime.house import House

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
ACTOR_MALFORMED = Refusal(
    "call.actor_malformed", zh="调用者标识格式不符", en="the actor's identity is malformed"
)

ANONYMOUS = Actor("anonymous")

log = logging.getLogger(__name__)
access_log = logging.getLogger("gonghui.access")

_is_identity = re.compile(r"[A-Za-z0-9._:-]{1,64}").fullmatch


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
    """

    def __init__(self, house: House, headers: Mapping[str, Any]) -> None:
        self.house = house
        self._headers = headers

    @property
    def actor(self) -> Actor:
        """Who calls. Raises the refusal ``call.actor_malformed``."""
        return actor_of(self._headers)


def actor_of(headers: Mapping[str, Any]) -> Actor:
    """Who calls, by what stands beside the call's arguments: the one place where that is settled.

    Raises the refusal ``call.actor_malformed``.
    """
    named = headers.get("actor")
    if named is None:
        return ANONYMOUS
    if not isinstance(named, str) or not _is_identity(named):
        raise ACTOR_MALFORMED()
    return Actor(named)


def outcome_of(method: str, answer: Callable[[], Any]) -> Any:
    """What a method answers, or the RefusedCall that says why not.

    It is returned and not raised: nameko logs what is raised with its text, and that may be personal.
    """
    try:
        return answer()
    except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets our own words only
        return refused_call(method, error)


def refused_call(method: str, error: Exception) -> RefusedCall:
    """What a caller is told of an exception; what is internal stands in our log, under a reference."""
    told = _refused_call(method, error)
    access_log.info("%s refused: %s", method, told.code)
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
