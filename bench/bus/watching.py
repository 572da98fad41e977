"""A thread that looks into a reader's projection and notes when each event was first visible there."""

import threading
import time

from bench.bus.district import District, await_true

LOOK_SECONDS = 0.002


class Watching:
    """Notes moments (time.monotonic) from ``start`` until it has seen a position."""

    def __init__(self, district: District, reader: str) -> None:
        self._district = district
        self._reader = reader
        self._stopped = threading.Event()
        self._known = 0
        self._seen: list[tuple[int, float]] = []
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop_at(self, position: int) -> None:
        """Return once it has seen a position. Raises TimeoutError."""
        await_true(lambda: self._known >= position)
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(LOOK_SECONDS):
            # Rows and checkpoint become visible together: they are of one transaction.
            position, moment = self._district.applied(self._reader), time.monotonic()
            if position > self._known:
                self._seen.append((position, moment))
                self._known = position

    def visible_at(self, position: int) -> float:
        """When a position was first seen, or a later one with it."""
        return next(moment for seen, moment in self._seen if seen >= position)
