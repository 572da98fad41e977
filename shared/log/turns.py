"""Group commit: whoever finds the writer free writes for all who are waiting."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from shared.log.entry import Entry, Outcome, Unavailable

LARGEST_BATCH = 1_000
WAIT_SECONDS_MAX = 10.0
"""How long a caller waits at most before writing is tried no more."""


class Turn:
    """One caller's entries, and what became of each once ``outcomes`` is filled."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries
        self.deadline = time.monotonic() + WAIT_SECONDS_MAX
        self.outcomes: list[Outcome] = []


class Turns:
    """Takes waiting appends together, up to a bound, and hands them to the one writer of the process."""

    def __init__(self, write: Callable[[list[Entry], float], list[Outcome]]) -> None:
        self._write = write
        self._waiting: deque[Turn] = deque()
        self._writing = threading.Lock()

    def take(self, entries: Sequence[Entry]) -> list[Outcome]:
        """Have entries written, in their order, together with whatever else is waiting."""
        if not entries:
            return []
        turn = Turn(entries)
        self._waiting.append(turn)
        # Whoever came at the same moment joins. In a green process nobody else could: SQLite never waits, and
        # each would be written, and wait for the disk, alone.
        time.sleep(0)
        while not turn.outcomes:
            with self._writing:
                if not turn.outcomes:
                    self._write_waiting()
        return turn.outcomes

    def _write_waiting(self) -> None:
        while self._waiting[0].deadline < time.monotonic():
            late = self._waiting.popleft()
            late.outcomes = [Unavailable() for _ in late.entries]
            if not self._waiting:
                return
        turns = [self._waiting.popleft()]
        size = len(turns[0].entries)
        while self._waiting and size + len(self._waiting[0].entries) <= LARGEST_BATCH:
            turns.append(self._waiting.popleft())
            size += len(turns[-1].entries)
        try:
            outcomes = self._write([entry for turn in turns for entry in turn.entries], turns[0].deadline)
        except BaseException:
            # The writing caller is being ended; the others must not wait for ever.
            for turn in turns:
                turn.outcomes = [Unavailable()] * len(turn.entries)
            raise
        for turn in turns:
            turn.outcomes = outcomes[: len(turn.entries)]
            del outcomes[: len(turn.entries)]
