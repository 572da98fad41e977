"""A service is opened with a connection for each call, with its queues, and without what only prepares it."""

import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from kombu import Connection

from shared.bus import embedded
from shared.bus.connecting import reader_queue
from shared.bus.relay import Relay
from shared.runtime.door import CALLERS_MOST
from shared.runtime.opening import open_store, prepare
from shared.runtime.process_settings import ProcessSettings
from shared.runtime.status import sources_of
from shared.runtime.together import Together
from tests.runtime.suite import await_true, suite_settings

NEEDLESS = "import sys, shared.runtime.interface, shared.runtime.worker; print('alembic' in sys.modules)"


def test_each_call_also_at_the_door_has_a_connection_and_two_are_left_for_the_probe(tmp_path: Path) -> None:
    """Source: faults.md T-34."""
    together = Together(suite_settings(tmp_path), ProcessSettings(rpc_workers=5))

    sizes = {house.store.engine.pool.size() for house in together.houses.values()}  # type: ignore[attr-defined]
    for house in together.houses.values():
        house.close()

    assert sizes == {5 + 2 + CALLERS_MOST}


def test_a_store_is_opened_with_as_many_connections_as_it_is_told(tmp_path: Path) -> None:
    service, settings = next(iter(suite_settings(tmp_path).items()))
    prepare(settings, service.language)

    store = open_store(settings, connections=3)

    assert store.engine.pool.size() == 3  # type: ignore[attr-defined]
    store.close()


def test_who_only_serves_never_loads_what_migrates() -> None:
    done = subprocess.run([sys.executable, "-c", NEEDLESS], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"


def test_every_queue_is_declared_before_the_first_relay_publishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus_url = "embedded://declared"
    declared: list[set[str]] = []
    publish = Relay.run

    def run(relay: Relay, stop: threading.Event) -> None:
        with Connection(bus_url) as connection:
            queues = connection.channel()._broker.queues
        declared.append({name for name in queues if name.startswith("replica.")})
        publish(relay, stop)

    monkeypatch.setattr(Relay, "run", run)
    settings = suite_settings(tmp_path)
    together = Together(
        {service: replace(each, bus_url=bus_url) for service, each in settings.items()}, ProcessSettings()
    )
    together.start()
    await_true(lambda: len(declared) == len(settings))
    assert together.stop(10)
    embedded.drop("declared")

    queues = {
        reader_queue(source, service.name).name for service in settings for source in sources_of(service)
    }
    assert queues
    assert declared == [queues] * len(settings)
