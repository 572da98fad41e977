"""Attempts that failed: whoever tries passwords gets few tries a minute, whether or not the name exists."""

import time
from collections import OrderedDict

from shared.rules.refusal import Refusal

TRIES_MOST = 5
WITHIN_SECONDS = 60.0
NAMES_MOST = 10_000

TOO_MANY = Refusal(
    "log_in.too_many_failures",
    zh="失败次数过多，请一分钟后再试",
    en="too many failures; try again in a minute",
)


class Attempts:
    """Failures by name, counted in each process for itself, and forgotten after a minute."""

    def __init__(self) -> None:
        self._failed: OrderedDict[str, list[float]] = OrderedDict()

    def check(self, name: str) -> None:
        """Count a try, which ``succeeded`` takes back. Raises the refusal ``log_in.too_many_failures``."""
        now = time.monotonic()
        recent = [each for each in self._failed.pop(name, []) if now - each < WITHIN_SECONDS]
        if len(recent) < TRIES_MOST:
            recent.append(now)
            self._failed[name] = recent
        else:
            self._failed[name] = recent
            raise TOO_MANY()
        while len(self._failed) > NAMES_MOST:
            self._failed.popitem(last=False)

    def succeeded(self, name: str) -> None:
        """Forget what failed before."""
        self._failed.pop(name, None)
