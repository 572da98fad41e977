"""All services together in one green process: embedded, with nothing to install, nothing to connect to."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import eventlet

from shared.runtime.door import CALLERS_MOST, Door
from shared.runtime.finding import service_class
from shared.runtime.folder_lock import lock_folder
from shared.runtime.green import check_hub, start_hub_clock
from shared.runtime.health import SidePort, pages_of
from shared.runtime.house import House, open_house
from shared.runtime.interface import Interface
from shared.runtime.metrics import Metrics
from shared.runtime.opening import prepare
from shared.runtime.process_settings import ProcessSettings, read_process_settings
from shared.runtime.service import Service
from shared.runtime.settings import Settings, read_settings
from shared.runtime.stopping import Stop
from shared.runtime.worker import Worker, prepare_followers

SOON_SECONDS = 0.02
INTERFACE_SECONDS_MAX = 5.0
LOOK_SECONDS = 0.02

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
            service: open_prepared(service, each, process.connections + CALLERS_MOST)
            for service, each in settings.items()
        }
        (bus_url,) = {each.bus_url for each in settings.values()}
        for house in self.houses.values():
            check_hub(house.store)
        self._interface = Interface(self.houses, bus_url, process.rpc_workers, process.call_seconds)
        self._workers = [Worker(service, house) for service, house in self.houses.items()]
        self._starting: Any = None
        for house, worker in zip(self.houses.values(), self._workers, strict=True):
            house.tell_of_appends(Soon(worker.wake))

    def start(self) -> None:
        """Begin to answer and to follow; returns at once, and ``reasons`` tells when all do."""
        self._interface.start()
        self._starting = eventlet.spawn(self._start_workers)

    def _start_workers(self) -> None:
        """The workers ask the interfaces at once, so these are given the time to listen."""
        deadline = time.monotonic() + INTERFACE_SECONDS_MAX
        while self._interface.reasons() and time.monotonic() < deadline:
            eventlet.sleep(LOOK_SECONDS)
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
        if self._starting is not None:
            self._starting.kill()
        # Workers ask the interfaces, which therefore end last; what is recorded meanwhile travels next time.
        done = [worker.stop(seconds_max) for worker in self._workers]
        done.append(self._interface.stop(seconds_max))
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


def run_together(names: Sequence[str], stop: Stop) -> int:
    """Run services until asked to stop; the exit code, never 0 on a failure.

    Raises:
        CannotStart: the folder is held by another process.
    """
    services = [service_class(name) for name in names]
    settings = {service: read_settings(service.name) for service in services}
    process = read_process_settings("suite")
    folder = next(iter(settings.values())).folder
    with lock_folder(folder):
        together = Together(settings, process)
        metrics = Metrics()
        metrics.watch_hub(start_hub_clock())
        together.measure(metrics)
        pages = pages_of(together.reasons, metrics.page)
        side_port = SidePort(process.health_host, process.health_port, pages)
        side_port.start()
        together.start()
        door = Door(folder, together.houses)
        door.start()
        code = _serve(together, stop)
        door.close()
        if not code and not together.stop(process.grace_seconds):
            code = 1
        side_port.close()
    return code


def _serve(together: Together, stop: Stop) -> int:
    """Wait to be asked to stop; 1 if a part broke before."""
    told = False
    while not stop.wait():
        if together.ended:
            log.error("a part broke: %s", "; ".join(together.reasons()))
            return 1
        if not told and not together.reasons():
            told = True
            log.info("全部服务已就绪，按 Ctrl-C 停止 / all services are ready; Ctrl-C stops them")
    return 0
