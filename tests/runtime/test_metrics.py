"""What a process tells at its side port: lags, what is parked, latencies, refusals, clocks; no person."""

import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import eventlet
import pytest
from kombu import Connection, Exchange
from prometheus_client.parser import text_string_to_metric_families

from services.membership.service import MembershipService
from services.reporting.service import ReportingService
from shared.bus import embedded
from shared.projections import parking
from shared.runtime.green import start_hub_clock
from shared.runtime.health import SidePort, pages_of
from shared.runtime.lags import Lag, Waiting
from shared.runtime.metrics import Metrics
from shared.runtime.process_settings import ProcessSettings
from shared.runtime.settings import embedded_settings
from shared.runtime.status import sources_of
from shared.runtime.together import Together
from tests.runtime.suite import await_true, calling, folder_of, person_given
from tests.servers.process import free_port

SERVICES = (MembershipService, ReportingService)
CANARY = person_given(77)["identity_number"]


def samples(metrics: Metrics) -> dict[str, float]:
    """Every sample by its name and labels, as a scraper reads the page."""
    status, content_type, body = metrics.page()
    assert (status, content_type.partition(";")[0]) == (200, "text/plain")
    return {
        f"{sample.name}{{{','.join(f'{name}={value}' for name, value in sorted(sample.labels.items()))}}}": (
            sample.value
        )
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Together]:
    folder: Path = tmp_path_factory.mktemp("metrics")
    started = Together({each: embedded_settings(each.name, folder) for each in SERVICES}, ProcessSettings())
    started.start()
    await_true(lambda: started.reasons() == [])
    yield started
    assert started.stop(10)
    embedded.drop("gonghui")


@pytest.fixture
def metrics(together: Together) -> Metrics:
    fresh = Metrics()
    together.measure(fresh)
    return fresh


@pytest.fixture
def caller(together: Together) -> Iterator[Any]:
    with calling("embedded://gonghui", folder_of(together)) as proxy:
        yield proxy


def test_calls_batches_and_refusals_are_counted(metrics: Metrics, caller: Any) -> None:
    caller.membership.register_person(**person_given(1))
    caller.membership.register_person_many(rows=[person_given(2), person_given(1), {"name": "王"}])

    told = samples(metrics)

    assert told["gonghui_rpc_seconds_count{method=register_person,service=membership}"] == 1
    assert told["gonghui_rpc_seconds_count{method=register_person_many,service=membership}"] == 1
    assert told["gonghui_append_batch_commands_sum{service=membership}"] == 3
    assert told["gonghui_append_seconds_count{service=membership}"] == 2
    assert told["gonghui_refusals_total{code=person.already_registered,service=membership}"] == 1
    assert told["gonghui_refusals_total{code=input.invalid,service=membership}"] == 1


def test_what_callers_write_stands_in_no_label(metrics: Metrics, caller: Any) -> None:
    """Source: faults.md S-12."""
    for method in (f"join_{CANARY}", "register_person"):
        with pytest.raises(Exception, match=r"call\.unknown_method|input\.invalid"):
            getattr(caller.membership, method)(**{f"field_{CANARY}": CANARY, "name": CANARY})

    _, _, body = metrics.page()

    assert b"gonghui_refusals_total" in body
    assert CANARY.encode() not in body


def test_followers_that_are_level_have_no_lag(together: Together, metrics: Metrics, caller: Any) -> None:
    caller.membership.register_person(**person_given(3))

    def lags() -> dict[str, float]:
        return {name: value for name, value in samples(metrics).items() if name.startswith("gonghui_lag_")}

    def is_followed(name: str) -> bool:
        return not any(f"follower={source},kind=replica" in name for source in ("assistance", "staffing"))

    await_true(lambda: {value for name, value in lags().items() if is_followed(name)} == {0.0})
    followers = {"relay"}
    for service in SERVICES:
        followers |= {*sources_of(service), *(each.name for each in service.projections)}
    assert {"memberships", "void_tokens"} < followers
    assert {f"follower={each}," for each in followers} == {
        part + ","
        for name in lags()
        for part in name[:-1].replace("{", ",").split(",")
        if "follower=" in part
    }


class Behind:
    """A worker whose followers stand still."""

    service_name = "reporting"

    def lags(self) -> list[Lag]:
        return [Lag("memberships", "projection", 7, 3.5)]

    def parked(self) -> list[Waiting]:
        return [Waiting("memberships", 2, 60.0)]

    def dropped(self) -> dict[str, int]:
        return {"relay": 1, "membership": 3}


def test_lag_and_what_is_parked_are_told_in_events_and_in_seconds() -> None:
    metrics = Metrics()
    metrics.watch_worker(Behind())

    assert samples(metrics) == {
        "gonghui_lag_events{follower=memberships,kind=projection,service=reporting}": 7,
        "gonghui_lag_seconds{follower=memberships,kind=projection,service=reporting}": 3.5,
        "gonghui_parked_events{service=reporting,subscription=memberships}": 2,
        "gonghui_parked_seconds{service=reporting,subscription=memberships}": 60.0,
        "gonghui_messages_dropped_total{follower=relay,service=reporting}": 1,
        "gonghui_messages_dropped_total{follower=membership,service=reporting}": 3,
    }


def test_messages_that_nobody_can_read_are_counted_and_told_apart_without_being_shown(
    metrics: Metrics, caplog: pytest.LogCaptureFixture, together: Together
) -> None:
    """Source: faults.md F-20."""
    body = f'{{"{CANARY}'.encode()
    with Connection("embedded://gonghui") as connection:
        for exchange, key in (("nameko-rpc", "membership.log_head"), ("membership.events", "Nothing")):
            producer = connection.Producer(exchange=Exchange(exchange, type="topic", durable=True))
            producer.publish(body, routing_key=key, content_type="application/json", content_encoding="utf-8")

    dropped = {
        "gonghui_requests_dropped_total{service=membership}": 1,
        "gonghui_messages_dropped_total{follower=membership,service=reporting}": 1,
        "gonghui_messages_dropped_total{follower=relay,service=membership}": 0,
    }
    await_true(lambda: dropped.items() <= samples(metrics).items())
    assert together.reasons() == []
    assert caplog.text.count("bytes, digest ") == 2
    assert CANARY not in caplog.text


def test_a_parked_event_is_seen_until_it_is_done(together: Together, metrics: Metrics, caller: Any) -> None:
    caller.membership.register_person(**person_given(4))
    reporting = together.houses[ReportingService]
    with reporting.store.read() as connection:
        (first,) = reporting.feed("reporting").page(connection, 0, 1)
    with reporting.store.write() as connection:
        parking.park(connection, "memberships", "reporting", [(first, "ValueError", 1)])
    time.sleep(0.01)

    told = samples(metrics)

    assert told["gonghui_parked_events{service=reporting,subscription=memberships}"] == 1
    assert 0 < told["gonghui_parked_seconds{service=reporting,subscription=memberships}"] < 60
    with reporting.store.write() as connection:
        parking.clear(connection, "memberships")
    assert "gonghui_parked_events{service=reporting,subscription=memberships}" not in samples(metrics)


def test_the_clock_is_not_ahead_of_itself(metrics: Metrics) -> None:
    told = samples(metrics)
    assert told["gonghui_clock_ahead_seconds{service=membership}"] == 0
    assert told["gonghui_log_position{service=membership}"] >= 1


def test_a_log_whose_last_moment_lies_ahead_says_by_how_much(
    metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.runtime.metrics.age_seconds", lambda _: -12.0)
    assert samples(metrics)["gonghui_clock_ahead_seconds{service=membership}"] == 12


def test_whoever_holds_the_hub_is_seen_once() -> None:
    metrics = Metrics()
    metrics.watch_hub(start_hub_clock())
    eventlet.sleep(0.15)
    samples(metrics)

    deadline = time.monotonic() + 0.4
    while time.monotonic() < deadline:
        pass  # nobody else runs meanwhile
    eventlet.sleep(0.25)

    assert samples(metrics)["gonghui_hub_lag_seconds{}"] > 0.2
    assert samples(metrics)["gonghui_hub_lag_seconds{}"] < 0.2


def test_metrics_stand_at_the_side_port(metrics: Metrics) -> None:
    port = free_port()
    side_port = SidePort("127.0.0.1", port, pages_of(list, metrics.page))
    side_port.start()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        assert b"gonghui_log_position" in answer.read()
    side_port.close()


def test_two_processes_in_one_share_no_metrics() -> None:
    first, second = Metrics(), Metrics()
    first.watch_worker(Behind())
    assert samples(first)
    assert samples(second) == {}
