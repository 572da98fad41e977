"""All services together in one green process: embedded, with nothing to install, nothing to connect to."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import eventlet

from shared.runtime.door import CALLERS_MOST, Door
from shared.runtime.finding import service_class
from shared.runtime.folder_lock import lock_folder
from shared.runtime.green import check_hub, start_hub_clock
from shared.runtime.house import House, open_house
from shared.runtime.interface import Interface
from shared.runtime.metrics import Metrics
from shared.runtime.opening import prepare
from shared.runtime.process_life import Awaited, Houses, run
from shared.runtime.process_settings import SUITE, ProcessSettings, read_process_settings
from shared.runtime.service import Service
from shared.runtime.settings import Settings, read_settings
from shared.runtime.stopping import Stop
from shared.runtime.worker import Worker, prepare_followers

SOON_SECONDS = 0.02
INTERFACE_SECONDS_MAX = 5.0
LOOK_SECONDS = 0.02
READY_LOOK_SECONDS = 0.1

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


class Parts:
    """The interfaces and workers of several services on one bus of this process.

    Args:
        houses: opened and prepared; all name the same bus.
        process: how many calls each service answers at a time.
    """

    def __init__(self, houses: Houses, process: ProcessSettings) -> None:
        self.houses = houses
        (bus_url,) = {house.settings.bus_url for house in houses.values()}
        self._interface = Interface(houses, bus_url, process.rpc_workers, process.call_seconds)
        self._workers = [Worker(service, house) for service, house in houses.items()]
        self._starting: Any = None
        for house, worker in zip(houses.values(), self._workers, strict=True):
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
            worker.declare()  # all of them, before the first relay publishes
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
        deadline = time.monotonic() + seconds_max
        if self._starting is not None:
            self._starting.kill()
        for worker in self._workers:
            worker.ask_to_stop()
        # Workers ask the interfaces, which therefore end last; what is recorded meanwhile travels next time.
        done = [worker.stop(deadline - time.monotonic()) for worker in self._workers]
        done.append(self._interface.stop(max(deadline - time.monotonic(), 0)))
        return all(done)


class Together(Parts):
    """The same with houses of its own, whose databases are there already.

    Args:
        settings: of each service; all name the same bus.
        process: as of ``Parts``.
    """

    def __init__(self, settings: Mapping[type[Service], Settings], process: ProcessSettings) -> None:
        connections = process.connections + CALLERS_MOST
        houses = {service: open_prepared(service, each, connections) for service, each in settings.items()}
        for house in houses.values():
            check_hub(house.store)
        super().__init__(houses, process)

    def stop(self, seconds_max: float) -> bool:
        done = super().stop(seconds_max)
        for house in self.houses.values():
            house.close()
        return done


class Office(Parts):
    """The same with a door, as ``gonghui up`` runs it; it says when it is open.

    Args:
        folder: held by this process.
    """

    def __init__(self, houses: Houses, process: ProcessSettings, folder: Path) -> None:
        super().__init__(houses, process)
        self._door = Door(folder, houses)
        self._telling: Any = None

    def start(self) -> None:
        super().start()
        self._door.start()
        self._telling = eventlet.spawn(self._tell_when_ready)

    def _tell_when_ready(self) -> None:
        while self.reasons():
            eventlet.sleep(READY_LOOK_SECONDS)
        log.info("全部服务已就绪，按 Ctrl-C 停止 / all services are ready; Ctrl-C stops them")

    def stop(self, seconds_max: float) -> bool:
        self._telling.kill()
        self._door.close()
        return super().stop(seconds_max)


def open_prepared(service: type[Service], settings: Settings, connections: int) -> House:
    """A service's house; on SQLite the store is brought up to date and founded first."""
    house = open_founded(service, settings, connections)
    prepare_followers(service, house)
    return house


def open_founded(service: type[Service], settings: Settings, connections: int) -> House:
    """As ``open_prepared``, without what its followers need: on PostgreSQL nothing connects."""
    if settings.on_sqlite:
        prepare(settings, service.language)
    return open_house(settings, service.language, connections)


def run_together(names: Sequence[str], stop: Stop) -> int:
    """Run services until asked to stop; the exit code, never 0 on a failure.

    Raises:
        CannotStart: the folder is held by another process.
    """
    settings = {service: read_settings(service.name) for service in map(service_class, names)}
    process = read_process_settings(SUITE)
    connections = process.connections + CALLERS_MOST
    folder = next(iter(settings.values())).folder
    metrics = Metrics()

    def begin(houses: Houses) -> Office:
        office = Office(houses, process, folder)
        metrics.watch_hub(start_hub_clock())
        office.measure(metrics)
        return office

    def prepare_house(service: type[Service], house: House) -> None:
        prepare_followers(service, house)
        check_hub(house.store)

    with lock_folder(folder):
        awaited = Awaited(
            settings, lambda service, each: open_founded(service, each, connections), prepare_house
        )
        return run(awaited, begin, metrics.page, process, process.health_port, stop)
