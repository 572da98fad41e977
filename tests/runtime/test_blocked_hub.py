"""A call that holds up its process for longer than the broker waits costs a repetition, not the process."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from amqp.exceptions import ConnectionForced
from eventlet import patcher
from sqlalchemy import Connection

from services.staffing.aggregates import language
from shared.runtime.entrypoints import QueueConsumer
from shared.runtime.interface import Interface
from shared.runtime.methods import query
from shared.runtime.service import Service
from shared.runtime.settings import Settings, embedded_settings
from shared.runtime.together import open_prepared
from tests.runtime.suite import await_true, calling
from tests.servers.rabbitmq import RabbitMQ

HEARTBEAT_SECONDS = 4
"""Half of it is the pause between two of the broker's, which must exceed nameko's look every second."""
HELD_SECONDS = 14
runs: list[int] = []


def hold(_: Connection, *, seconds: int) -> list[int]:
    """A query whose first run lets nothing else run in its process, not even heartbeats."""
    runs.append(seconds)
    if len(runs) == 1:
        patcher.original("time").sleep(seconds)
    return [len(runs)]


class HoldingService(Service):
    """Staffing with a query that holds the hub."""

    name = "staffing"
    language = language

    hold = query(hold, role="clerk", reads=())


@pytest.fixture
def holding(
    rabbitmq: RabbitMQ, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Interface, Settings]]:
    monkeypatch.setattr("shared.runtime.interface.HEARTBEAT_SECONDS", HEARTBEAT_SECONDS)
    settings = replace(embedded_settings("staffing", tmp_path), bus_url=rabbitmq.url())
    house = open_prepared(HoldingService, settings, connections=4)
    interface = Interface({HoldingService: house}, settings.bus_url, rpc_workers=2, call_seconds=40)
    interface.start()
    await_true(lambda: interface.reasons() == [])
    yield interface, settings
    assert interface.stop(10)
    house.close()


def test_a_hub_held_for_longer_than_the_heartbeat_does_not_end_the_process(
    holding: tuple[Interface, Settings],
) -> None:
    """Source: faults.md F-24, T-04."""
    interface, settings = holding
    with calling(settings.bus_url, settings.folder, seconds_max=30) as proxy:
        # The broker has given up the connection, and with it answer and acknowledgement: it hands out again.
        assert proxy.staffing.hold(seconds=HELD_SECONDS)["answer"] == [2]

    assert not interface.ended
    await_true(lambda: interface.reasons() == [])


@pytest.mark.parametrize("broken", [ConnectionResetError(), BrokenPipeError(), ConnectionForced("missed")])
def test_an_acknowledgement_on_a_broken_connection_is_passed_over(broken: Exception) -> None:
    class Message:
        class channel:  # noqa: N801 - as amqp calls it
            connection = True

        def ack(self) -> None:
            raise broken

        requeue = ack

    message: Any = Message()
    QueueConsumer().ack_message(message)
    QueueConsumer().requeue_message(message)
