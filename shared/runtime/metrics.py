"""What a process tells at ``/metrics``: a registry of its own, filled by what it is told and by what it asks.

No label holds what a caller wrote or anything personal: services, methods, followers and codes are declared.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from shared.log.log import NotFounded
from shared.runtime.house import House
from shared.runtime.lags import Lag, Waiting, age_seconds

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BATCHES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Follows(Protocol):
    """A worker, as far as it is measured."""

    @property
    def service_name(self) -> str: ...

    def lags(self) -> list[Lag]: ...

    def parked(self) -> list[Waiting]: ...

    def dropped(self) -> dict[str, int]: ...


class Asked(Collector):
    """Metrics that are asked for when somebody looks; what cannot be asked is left out."""

    def __init__(self, ask: Callable[[], Iterable[Metric]]) -> None:
        self._ask = ask

    def collect(self) -> Iterator[Metric]:
        try:
            yield from list(self._ask())
        except (SQLAlchemyError, NotFounded):
            return  # the store is away, which /readyz tells

    def describe(self) -> Iterable[Metric]:
        """Nothing beforehand: to register must not ask the store."""
        return []


class Metrics:
    """The metrics of one process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._houses: list[House] = []
        self._workers: list[Follows] = []
        self._batches = self._histogram(
            "gonghui_append_batch_commands", "Commands written in one transaction", ["service"], BATCHES
        )
        self._appends = self._histogram(
            "gonghui_append_seconds", "Time to write one batch", ["service"], SECONDS
        )
        self._calls = self._histogram(
            "gonghui_rpc_seconds", "Time to answer a call", ["service", "method"], SECONDS
        )
        self._refusals = Counter(
            "gonghui_refusals", "Refusals answered", ["service", "code"], registry=self._registry
        )
        self._registry.register(Asked(self._of_houses))
        self._registry.register(Asked(self._of_workers))

    def _histogram(self, name: str, told: str, labels: Sequence[str], buckets: Sequence[float]) -> Histogram:
        return Histogram(name, told, labels, buckets=buckets, registry=self._registry)

    def page(self) -> tuple[int, str, bytes]:
        """Status, content type and body."""
        return 200, CONTENT_TYPE, generate_latest(self._registry)

    def watch_house(self, house: House) -> None:
        """Have a service's appends, calls, refusals and clock told."""
        service = house.log.source
        batches, appends = self._batches.labels(service), self._appends.labels(service)

        def batch_written(commands: int, seconds: float) -> None:
            batches.observe(commands)
            appends.observe(seconds)

        def call_answered(method: str, seconds: float, codes: Sequence[str]) -> None:
            self._calls.labels(service, method).observe(seconds)
            for code in codes:
                self._refusals.labels(service, code).inc()

        house.log.tell_of_batches(batch_written)
        house.tell_of_calls(call_answered)
        self._houses.append(house)

    def watch_worker(self, worker: Follows) -> None:
        """Have told how far a service's followers are behind, and what they have parked."""
        self._workers.append(worker)

    def watch_hub(self, worst_seconds: Callable[[], float]) -> None:
        """Have told how late the hub of a green process woke who slept.

        Args:
            worst_seconds: the worst since it was last asked.
        """
        gauge = Gauge(
            "gonghui_hub_lag_seconds",
            "Longest hold-up of greenlets since last asked",
            registry=self._registry,
        )
        gauge.set_function(worst_seconds)

    def _of_houses(self) -> Iterator[Metric]:
        positions = _gauge("gonghui_log_position", "Last position of the log", "service")
        ahead = _gauge("gonghui_clock_ahead_seconds", "The log's last moment ahead of this clock", "service")
        dropped = _counter("gonghui_requests_dropped", "Requests that were no JSON", "service")
        for house in self._houses:
            dropped.add_metric([house.log.source], house.requests_dropped)
            head = house.log.head()
            positions.add_metric([house.log.source], head.position)
            ahead_seconds = -age_seconds(head.recorded_at) if head.recorded_at else 0.0
            ahead.add_metric([house.log.source], max(ahead_seconds, 0.0))
        yield from (positions, ahead, dropped)

    def _of_workers(self) -> Iterator[Metric]:
        followers = ("service", "kind", "follower")
        events = _gauge("gonghui_lag_events", "Events not yet followed", *followers)
        seconds = _gauge("gonghui_lag_seconds", "Age of the first event not yet followed", *followers)
        count = _gauge("gonghui_parked_events", "Events parked", "service", "subscription")
        oldest = _gauge("gonghui_parked_seconds", "Age of what is parked longest", "service", "subscription")
        dropped = _counter(
            "gonghui_messages_dropped",
            "Messages that were no events of the source, and events too large for the relay",
            *("service", "follower"),
        )
        for worker in self._workers:
            for follower, messages in worker.dropped().items():
                dropped.add_metric([worker.service_name, follower], messages)
            for lag in worker.lags():
                labels = [worker.service_name, lag.kind, lag.follower]
                events.add_metric(labels, lag.events)
                seconds.add_metric(labels, lag.seconds)
            for waiting in worker.parked():
                count.add_metric([worker.service_name, waiting.subscription], waiting.events)
                oldest.add_metric([worker.service_name, waiting.subscription], waiting.seconds)
        yield from (events, seconds, count, oldest, dropped)


def _gauge(name: str, told: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, told, labels=labels)


def _counter(name: str, told: str, *labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(name, told, labels=labels)
