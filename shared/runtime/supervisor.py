"""The supervisor: starts the processes of services as its children, and those that die again.

It imports nothing large, connects to nothing, and so outlives whatever its children stumble over.
"""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

from shared.runtime.stopping import SUPERVISOR, WRONGLY_SET, Stop

RESTART_SECONDS_MIN = 0.5
RESTART_SECONDS_MAX = 30.0
STEADY_SECONDS = 60.0
"""A child that lived this long died of something new: it is started again without a long wait."""

log = logging.getLogger(__name__)


class Child:
    """One process that is to run for ever.

    Args:
        command: what to execute.
    """

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self._name = name
        self._command = list(command)
        self._wait_seconds = RESTART_SECONDS_MIN
        self._start_at = 0.0
        self._started_at = 0.0
        self.is_wrongly_set = False
        self.process: subprocess.Popen[bytes] | None = None

    def look(self) -> None:
        """Start the process where it does not run, unless it died only just now."""
        now = time.monotonic()
        if self.process is None:
            if now >= self._start_at:
                self._start(now)
        elif (code := self.process.poll()) == WRONGLY_SET:
            self.is_wrongly_set = True
        elif code is not None:
            if now - self._started_at > STEADY_SECONDS:
                self._wait_seconds = RESTART_SECONDS_MIN
            log.error("%s ended with %d; it is started again in %.1f s", self._name, code, self._wait_seconds)
            self.process = None
            self._wait(now)

    def _start(self, now: float) -> None:
        environment = {**os.environ, SUPERVISOR: str(os.getpid())}
        try:
            self.process = subprocess.Popen(self._command, env=environment)  # noqa: S603 - our own program
        except OSError as error:  # no memory or no process left: that passes
            log.error("%s cannot be started: %s", self._name, error.strerror)  # noqa: TRY400 - nothing to trace
            self._wait(now)
        self._started_at = now

    def _wait(self, now: float) -> None:
        """Start it later, and each time it is in vain later still."""
        self._start_at = now + self._wait_seconds
        self._wait_seconds = min(2 * self._wait_seconds, RESTART_SECONDS_MAX)

    def ask_to_stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def stopped(self, seconds_max: float) -> bool:
        """Wait for the end, and force it after the time; whether it stopped of itself, without failure."""
        if self.process is None:
            return True
        try:
            return self.process.wait(timeout=max(seconds_max, 0)) == 0
        except subprocess.TimeoutExpired:
            log.error("%s did not stop in time and is killed", self._name)  # noqa: TRY400 - nothing to trace
            self.process.kill()
            self.process.wait()
            return False


def commands_of(services: Sequence[str]) -> dict[str, list[str]]:
    """What to execute for services: two processes each."""
    return {
        f"{kind} of {service}": [sys.executable, "-m", "shared.runtime.start", kind, service]
        for service in services
        for kind in ("worker", "interface")
    }


def supervise(commands: Mapping[str, Sequence[str]], stop: Stop, grace_seconds: float) -> int:
    """Keep processes running until asked to stop; 0 if all of them then ended well.

    One that cannot begin as it is set ends them all: starting it again would not help.

    Args:
        grace_seconds: how long they may take to stop; longer than the longest call.
    """
    children = [Child(name, command) for name, command in commands.items()]
    while True:
        for child in children:
            child.look()
        if any(child.is_wrongly_set for child in children) or stop.wait():
            break
    for child in children:
        child.ask_to_stop()
    deadline = time.monotonic() + grace_seconds
    ended_well = [child.stopped(deadline - time.monotonic()) for child in children]
    if any(child.is_wrongly_set for child in children):
        log.error("a process cannot run as it is set; so all have ended")
        return WRONGLY_SET
    return 0 if all(ended_well) else 1
