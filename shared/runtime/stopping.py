"""Stopping: a process ends when it is told to, when its supervisor is gone, or when it cannot begin."""

import os
import signal
import time

LOOK_SECONDS = 0.2
WRONGLY_SET = 2
"""The exit code of a process that cannot begin as it is set, however often it is started."""
SUPERVISOR = "GONGHUI_SUPERVISOR"
"""The environment variable in which a supervisor tells its children its process id."""


class CannotStart(Exception):
    """A process cannot begin its work and no waiting would help; the sentence names nothing secret."""


class Stop:
    """Whether this process was asked to end.

    A handler only notes it, and the main thread looks every LOOK_SECONDS: a handler that did more might run
    in the middle of whatever it would touch.
    """

    def __init__(self) -> None:
        self.asked = False
        self._supervisor = int(os.environ.get(SUPERVISOR, "0"))

    def listen(self) -> None:
        """Take SIGTERM and Ctrl-C from now on. Called in the main thread."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.ask())

    def ask(self) -> None:
        self.asked = True

    def wait(self, seconds: float = LOOK_SECONDS) -> bool:
        """Wait, unless asked to end meanwhile; whether it was."""
        deadline = time.monotonic() + seconds
        while not self.asked and (remaining := deadline - time.monotonic()) > 0:
            time.sleep(min(remaining, LOOK_SECONDS))
            if self._supervisor and os.getppid() != self._supervisor:
                self.asked = True
        return self.asked
