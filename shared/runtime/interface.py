"""The RPC interface of services: nameko's containers in a green process."""

# nameko and eventlet are not typed.
# mypy: disable-error-code="no-untyped-call"

from collections.abc import Mapping
from typing import Any

import eventlet
from nameko.runners import ServiceRunner

from shared.bus import connecting
from shared.bus.addresses import is_embedded_bus
from shared.runtime.calls import SECONDS_MAX
from shared.runtime.entrypoints import CALL_SECONDS, HOUSES, QueueConsumer
from shared.runtime.green import check_hub, start_hub_clock
from shared.runtime.house import House, open_house
from shared.runtime.metrics import Metrics
from shared.runtime.process_life import Awaited, Houses, database_reason, run
from shared.runtime.process_settings import read_process_settings
from shared.runtime.service import Service
from shared.runtime.settings import read_settings
from shared.runtime.stopping import Stop

HEARTBEAT_SECONDS = 30


class Interface:
    """The containers of one or several services on one bus.

    Args:
        houses: the opened house of each service class.
        bus_url: of all of them; nothing connects before ``start``.
        rpc_workers: how many calls each service answers at a time.
        call_seconds: how long one may take.
    """

    def __init__(
        self,
        houses: Mapping[type[Service], House],
        bus_url: str,
        rpc_workers: int,
        call_seconds: float = SECONDS_MAX,
    ) -> None:
        connecting.prepare()
        self._houses = houses
        self._runner = ServiceRunner(
            {
                "AMQP_URI": bus_url,
                "ACCEPT": ["json"],
                "serializer": "json",
                "HEARTBEAT": None if is_embedded_bus(bus_url) else HEARTBEAT_SECONDS,
                "max_workers": rpc_workers,
                CALL_SECONDS: call_seconds,
                HOUSES: {service.name: house for service, house in houses.items()},
            }
        )
        for service in houses:
            self._runner.add_service(service)
        self._running: Any = None

    def start(self) -> None:
        """Begin to answer; returns at once, and ``reasons`` tells when it does."""
        self._running = eventlet.spawn(self._run)

    def _run(self) -> None:
        self._runner.start()
        self._runner.wait()

    @property
    def ended(self) -> bool:
        """Whether it has ended, which it does of itself only when something broke."""
        return bool(self._running is not None and self._running.dead)

    def reasons(self) -> list[str]:
        """Why calls are not answered; empty when they are."""
        found = []
        for service, house in self._houses.items():
            if (reason := database_reason(house)) is not None:
                found.append(f"{service.name}: {reason}")
            container = self._runner.service_map[service.name]
            consumers = [each for each in container.subextensions if isinstance(each, QueueConsumer)]
            if not consumers or not all(each.connected for each in consumers):
                found.append(f"{service.name}: broker.not_connected")
        return found

    def stop(self, seconds_max: float) -> bool:
        """Take no more calls, answer those at hand, end; whether it was done within the time."""
        try:
            eventlet.with_timeout(seconds_max, self._runner.stop)
        except eventlet.Timeout:
            return False
        return True


def run_interface(service: type[Service], stop: Stop) -> int:
    """Run the interface of one service until asked to stop; the exit code, never 0 on a failure."""
    settings, process = read_settings(service.name), read_process_settings(service.name)
    metrics = Metrics()

    def begin(houses: Houses) -> Interface:
        metrics.watch_house(houses[service])
        metrics.watch_hub(start_hub_clock())
        return Interface(houses, settings.bus_url, process.rpc_workers, process.call_seconds)

    awaited = Awaited(
        {service: settings},
        lambda service, settings: open_house(settings, service.language, process.connections),
        lambda _, house: check_hub(house.store),
    )
    return run(awaited, begin, metrics.page, process, process.health_port, stop)
