"""How commands reach services: over the broker, at the door of `gonghui up`, or in stores nobody works in."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from shared.cli.sentences import Mistake, Sentence

# What a command needs is imported when it runs, so that `gonghui --help` answers at once.

if TYPE_CHECKING:
    from shared.runtime.calls import RefusedCall
    from shared.runtime.house import House
    from shared.runtime.settings import Settings

LOGINS = "staffing"
"""The service that keeps logins."""

Ask = Callable[..., Any]
"""``(service, method, token, **arguments)``: what the method answers. Raises RefusedCall, Mistake."""


class Unreached(Mistake):
    """A service could not be asked."""


class NotRunning(Unreached):
    """Nothing runs in the folder of an embedded suite."""


def ask(seconds_max: float, service: str, method: str, token: str | None, /, **arguments: Any) -> Any:
    """What a running service answers.

    Args:
        seconds_max: how long its answer is waited for.

    Raises:
        RefusedCall: it refused.
        Unreached: it cannot be asked.
    """
    from shared.cli.mistakes import told
    from shared.cli.services import settings_of
    from shared.runtime.door import NobodyHome, Silent, call_at_door
    from shared.runtime.remote import NoAnswer, call_remotely

    with told(service):
        settings = settings_of(service)
    try:
        if settings.on_embedded_bus:
            return call_at_door(settings.folder, service, method, token, seconds_max, **arguments)
        return call_remotely(settings.bus_url, service, method, token, seconds_max, **arguments)
    except NobodyHome:
        raise NotRunning(
            Sentence(
                f"服务没有在该文件夹中运行：{settings.folder}",
                f"no services run in the folder {settings.folder}",
            ),
            Sentence(
                "请先运行 gonghui up，或以 GONGHUI_FOLDER 指明文件夹",
                "start gonghui up first, or name the folder in GONGHUI_FOLDER",
            ),
        ) from None
    except Silent:
        raise unanswered(service, seconds_max) from None
    except NoAnswer as away:
        raise (no_broker() if away.broker else unanswered(service, seconds_max)) from None


@contextmanager
def reaching(seconds_max: float, *, own: str | None = None) -> Iterator[Ask]:
    """Ask services, whether they run or not: in a folder where nothing runs, their stores are opened here.

    Args:
        own: a service whose store is opened here though the broker is set: only who has that store may.
    """
    from shared.cli.mistakes import told
    from shared.cli.services import settings_of

    with ExitStack() as opened:
        houses: dict[str, House] = {}

        def at_hand(service: str, method: str, token: str | None, /, **arguments: Any) -> Any:
            from shared.runtime.finding import service_class
            from shared.runtime.local import Local

            if service not in houses:
                houses[service] = opened.enter_context(_opened(service))
            with told(service):
                return Local(service_class(service), houses[service], token).call(method, **arguments)

        with told(own or LOGINS):
            settings = settings_of(own or LOGINS)
        at_hand_here = _holds(settings, opened) if settings.on_embedded_bus else False
        if own is not None and (at_hand_here or not settings.on_embedded_bus):
            houses[own] = opened.enter_context(_opened(own))
        if not settings.on_embedded_bus:
            yield (
                lambda service, *given, **arguments: (
                    at_hand(service, *given, **arguments)
                    if service == own
                    else ask(seconds_max, service, *given, **arguments)
                )
            )
        elif at_hand_here:
            yield at_hand
        else:
            yield lambda *given, **arguments: ask(seconds_max, *given, **arguments)


@contextmanager
def refusals_told(hint: Callable[["RefusedCall"], Sentence] | None = None) -> Iterator[None]:
    """Turn a service's refusal into a mistake.

    Args:
        hint: what might help; None: the refusal's code.
    """
    from shared.runtime.calls import RefusedCall

    try:
        yield
    except RefusedCall as refused:
        given = hint(refused) if hint else Sentence(f"代码 {refused.code}", f"the code is {refused.code}")
        raise Mistake(sentence_of(refused), given, refused.as_plain()) from None


def sentence_of(refused: "RefusedCall") -> Sentence:
    """All that was wrong, each with its field."""
    problems = refused.problems or [refused.as_plain()]
    fields = [f"{each['field']}: " if each.get("field") else "" for each in problems]
    both = list(zip(fields, problems, strict=True))
    return Sentence(
        "；".join(f"{field}{each['zh']}" for field, each in both),
        "; ".join(f"{field}{each['en']}" for field, each in both),
    )


@contextmanager
def _opened(service: str) -> "Iterator[House]":
    """A service's house, opened and prepared in this process."""
    from shared.cli.mistakes import told
    from shared.cli.services import settings_of
    from shared.runtime.finding import service_class
    from shared.runtime.opening import CONNECTIONS
    from shared.runtime.together import open_prepared

    with told(service):
        house = open_prepared(service_class(service), settings_of(service), CONNECTIONS)
    try:
        yield house
    finally:
        house.close()


def _holds(settings: "Settings", opened: ExitStack) -> bool:
    """Whether nothing runs in the folder; then it is held until the end."""
    from shared.runtime.folder_lock import lock_folder
    from shared.runtime.stopping import CannotStart

    try:
        opened.enter_context(lock_folder(settings.folder))
    except CannotStart:
        return False
    return True


def unanswered(service: str, seconds_max: float) -> Unreached:
    return Unreached(
        Sentence(
            f"服务“{service}”在{seconds_max:g}秒内没有应答",
            f"“{service}” did not answer within {seconds_max:g} s",
        ),
        Sentence(
            "请检查该服务是否运行（gonghui status），或以 --timeout 等待更久",
            "see whether it runs (gonghui status), or wait longer with --timeout",
        ),
    )


def no_broker() -> Unreached:
    return Unreached(
        Sentence("无法访问消息代理", "the broker cannot be reached"),
        Sentence(
            "请检查 RabbitMQ 是否运行，以及 GONGHUI_BUS_URL", "see whether RabbitMQ runs, and GONGHUI_BUS_URL"
        ),
    )
