"""The house: one service's log opened in one process, with the command handler and who is told of appends."""

from collections.abc import Callable, Sequence

from shared.bus.replica import Replica
from shared.log.entry import Answer, Outcome
from shared.log.log import Log
from shared.log.store import PATIENCE_SECONDS
from shared.projections.feed import Feed
from shared.rules.language import Language
from shared.runtime.access_log import AccessLog
from shared.runtime.commands import CommandHandler, Request
from shared.runtime.opening import CONNECTIONS, open_log
from shared.runtime.settings import Settings

TellOfCall = Callable[[str, float, Sequence[str]], None]
"""Is told the method, the seconds it took, and the codes of the refusals in its answer."""


class House:
    """What the interface and the worker of one service share where they live in one process.

    Args:
        log: the service's log.
        settings: as they were read at start.

    Attributes:
        requests_dropped: how many requests were no JSON.
    """

    def __init__(self, log: Log, settings: Settings) -> None:
        self.log = log
        self.store = log.store
        self.settings = settings
        self.requests_dropped = 0
        self.access_log = AccessLog(log.store)
        self._handler = CommandHandler(log)
        self._told: list[Callable[[], None]] = []
        self._told_of_calls: TellOfCall | None = None

    def tell_of_appends(self, told: Callable[[], None]) -> None:
        """Have a function called whenever commands were handled here, so that followers need not wait."""
        self._told.append(told)

    def tell_of_calls(self, told: TellOfCall) -> None:
        """Have a function called after each call that was answered here."""
        self._told_of_calls = told

    def answered(self, method: str, seconds: float, codes: Sequence[str]) -> None:
        """A call was answered.

        Args:
            method: as its service declares it, never what a caller wrote.
            codes: of the refusals in the answer.
        """
        if self._told_of_calls is not None:
            self._told_of_calls(method, seconds, codes)

    def handle(self, request: Request) -> Answer:
        """Have one command decided and recorded. Raises Refused, Unavailable."""
        outcome = self.handle_many([request])[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def handle_many(self, requests: Sequence[Request]) -> list[Outcome]:
        """Have commands decided in turn and recorded; an outcome for each."""
        outcomes = self._handler.handle_many(requests)
        for tell in self._told:
            tell()
        return outcomes

    def rehearse_many(self, requests: Sequence[Request]) -> list[Exception | None]:
        """What would stand against commands, decided in turn; nothing is recorded."""
        return self._handler.rehearse_many(requests)

    def feed(self, source: str) -> Feed:
        """The service's own log, or its replica of another's."""
        return self.log if source == self.log.source else Replica(self.store, source)

    def close(self) -> None:
        """Let go of the store; what the access log still holds is written first."""
        self.access_log.close()
        self.store.close()


def open_house(
    settings: Settings,
    language: Language,
    connections: int = CONNECTIONS,
    patience_seconds: float = PATIENCE_SECONDS,
) -> House:
    """Open a prepared service. Raises NotFounded, WrongSetting; nothing connects before the first use.

    Args:
        connections, patience_seconds: as of ``open_store``.
    """
    return House(open_log(settings, language, connections, patience_seconds), settings)
