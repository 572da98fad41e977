"""All services together in one green process: embedded, with nothing to install, nothing to connect to."""

import fcntl
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

import eventlet

from shared.runtime.finding import service_class
from shared.runtime.green import check_hub, start_hub_clock
from shared.runtime.health import SidePort, pages_of
from shared.runtime.house import House, open_house
from shared.runtime.interface import Interface
from shared.runtime.metrics import Metrics
from shared.runtime.opening import prepare
from shared.runtime.process_settings import ProcessSettings, read_process_settings
from shared.runtime.service import Service
from shared.runtime.settings import Settings, read_settings
from shared.runtime.stopping import CannotStart, Stop
from shared.runtime.worker import Worker, prepare_followers

LOCK_FILE = "gonghui.lock"
SOON_SECONDS = 0.02

log = logging.getLogger(__name__)


class Soon:
    """Calls a function a moment after it is itself called, once for all calls until then.

    So whoever sent a command has the answer before its event travels on, and a burst travels together.
    """

    def __init__(self, function: Callable[[], None]) -> None:
        self._function = function
        self._awaited = False

    def __call__(self) -> None:
        if not self._awaited:
            self._awaited = True
            eventlet.spawn_after(SOON_SECONDS, self._call)

    def _call(self) -> None:
        self._awaited = False
        self._function()


class Together:
    """The interfaces and workers of several services on one bus of this process.

    Args:
        settings: of each service; all name the same bus.
        process: how many calls each service answers at a time.
    """

    def __init__(self, settings: Mapping[type[Service], Settings], process: ProcessSettings) -> None:
        self.houses = {
            service: open_prepared(service, each, process.connections) for service, each in settings.items()
        }
        (bus_url,) = {each.bus_url for each in settings.values()}
        for house in self.houses.values():
            check_hub(house.store)
        self._interface = Interface(self.houses, bus_url, process.rpc_workers)
        self._workers = [Worker(service, house) for service, house in self.houses.items()]
        for house, worker in zip(self.houses.values(), self._workers, strict=True):
            house.tell_of_appends(Soon(worker.wake))

    def start(self) -> None:
        """Begin to answer and to follow; returns at once, and ``reasons`` tells when all do."""
        self._interface.start()
        for worker in self._workers:
            worker.start()

    def measure(self, metrics: Metrics) -> None:
        """Have the services told at ``/metrics``."""
        for house in self.houses.values():
            metrics.watch_house(house)
        for worker in self._workers:
            metrics.watch_worker(worker)

    @property
    def ended(self) -> bool:
        """Whether a part has ended, which it does of itself only when something broke."""
        return self._interface.ended or any(worker.ended for worker in self._workers)

    def reasons(self) -> list[str]:
        """Why not everything works; empty when it does."""
        return [
            *self._interface.reasons(),
            *(reason for worker in self._workers for reason in worker.reasons()),
        ]

    def stop(self, seconds_max: float) -> bool:
        """End everything; whether it was done within the time."""
        done = [self._interface.stop(seconds_max)]
        done += [worker.stop(seconds_max) for worker in self._workers]
        for house in self.houses.values():
            house.close()
        return all(done)


def open_prepared(service: type[Service], settings: Settings, connections: int) -> House:
    """A service's house; on SQLite the store is brought up to date and founded first."""
    if settings.on_sqlite:
        prepare(settings, service.language)
    house = open_house(settings, service.language, connections)
    prepare_followers(service, house)
    return house


def lock_folder(folder: Path) -> IO[str]:
    """Hold a folder for this process until the file is closed or the process ends.

    Raises:
        CannotStart: another process holds it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = (folder / LOCK_FILE).open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise CannotStart(f"another process holds {folder / LOCK_FILE}") from None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def run_together(names: Sequence[str], stop: Stop) -> int:
    """Run services until asked to stop; the exit code, never 0 on a failure.

    Raises:
        CannotStart: the folder is held by another process.
    """
    services = [service_class(name) for name in names]
    settings = {service: read_settings(service.name) for service in services}
    process = read_process_settings("suite")
    with lock_folder(next(iter(settings.values())).folder):
        together = Together(settings, process)
        metrics = Metrics()
        metrics.watch_hub(start_hub_clock())
        together.measure(metrics)
        pages = pages_of(together.reasons, metrics.page)
        side_port = SidePort(process.health_host, process.health_port, pages)
        side_port.start()
        together.start()
        while not stop.wait():
            if together.ended:
                log.error("a part broke: %s", "; ".join(together.reasons()))
                return 1
        done = together.stop(process.grace_seconds)
        side_port.close()
    return 0 if done else 1
