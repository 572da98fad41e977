"""The faults themselves, one after the other, while the client works."""

import os
import signal
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import eventlet

from tests.faults.schedule import Fault
from tests.runtime.suite import await_true
from tests.servers.postgresql import PostgreSQL
from tests.servers.rabbitmq import RabbitMQ
from tests.suite.deployment import Deployment

BEHIND_MOST = 3
"""The client waits rather than begin more calls than this after a fault that has not come yet."""
CHILD_SECONDS_MAX = 60
"""A supervisor lets a child that keeps dying wait for half of this."""


@dataclass
class Injector:
    """Lets the faults of a schedule come as the client's calls go on.

    Args:
        deployment: whose processes are killed.
        faults: in their order.
    """

    deployment: Deployment
    postgresql: PostgreSQL
    rabbitmq: RabbitMQ
    faults: Sequence[Fault]
    calls: float = 0
    come: Counter[str] = field(default_factory=Counter)
    killed: Counter[str] = field(default_factory=Counter)
    _running: Any = None

    def start(self) -> None:
        self._running = eventlet.spawn(self._run)

    def next_call(self) -> None:
        """The client begins a call; it waits here while faults that should have come are still coming."""
        self.calls += 1
        while any(each.call + BEHIND_MOST < self.calls for each in self.faults[self.come.total() :][:1]):
            if self._running.dead:
                self._running.wait()
            time.sleep(0.02)

    def finish(self) -> None:
        """Let the rest come, and see that everything runs again."""
        self.calls = float("inf")
        self._running.wait()
        self.deployment.await_ready()

    def _run(self) -> None:
        for fault in self.faults:
            while self.calls < fault.call:
                time.sleep(0.01)
            time.sleep(fault.delay_seconds)
            self._let_come(fault)
            self.come[fault.what] += 1

    def _let_come(self, fault: Fault) -> None:
        match fault.what:
            case "broker":
                self.rabbitmq.kill()
                self.rabbitmq.start()
            case "wipe":
                self.rabbitmq.reset()
                self.deployment.make_vhost()
            case "database":
                self.postgresql.crash()
            case "process":
                self._kill(fault)
                self.killed[fault.service] += 1

    def _kill(self, fault: Fault) -> None:
        process = self.deployment.processes[fault.service, "supervise", 0]
        if fault.kind == "supervise":
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            # As an operating system would, while the children notice that they are alone.
            self.deployment.start(fault.service, "supervise")
            return
        await_true(lambda: fault.kind in process.children(), CHILD_SECONDS_MAX)
        os.kill(process.children()[fault.kind], signal.SIGKILL)
