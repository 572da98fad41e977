"""Of several relays of one log one publishes; another takes over when it dies, and when it stands still."""

import os
import signal
import time
from pathlib import Path

from kombu import Connection

from shared.bus.connecting import reader_queue
from shared.bus.reader import Reader
from tests.bus.district import READER, AskedSource, add, eventually, fresh_house, fresh_replica
from tests.bus.part import start_part
from tests.servers.postgresql import Database
from tests.servers.rabbitmq import RabbitMQ

TAKEOVER_SECONDS_MAX = 15


def test_two_relays_publish_each_event_once_and_take_over_from_each_other(
    database: Database, rabbitmq: RabbitMQ, tmp_path: Path
) -> None:
    """Source: faults.md F-25."""
    house, bus_url = fresh_house(database.owner_url), rabbitmq.url()
    source = house.log.source
    replica = fresh_replica(f"sqlite:///{tmp_path / 'replica.sqlite'}", source)
    reader = Reader(replica, AskedSource(house.log), bus_url, READER, lambda: None)
    arguments = ("relay", database.owner_url, bus_url, source)
    with Connection(bus_url) as connection:
        reader.declare(connection)
        queue = reader_queue(source, READER)(connection.default_channel)

        def published() -> int:
            return int(queue.queue_declare(passive=True).message_count)

        def all_is_published() -> bool:
            return published() >= house.log.head().position

        first = start_part(*arguments, tmp_path / "first.log")
        eventually(all_is_published)
        second = start_part(*arguments, tmp_path / "second.log")
        time.sleep(4)  # it is there by now
        for _ in range(20):
            add(house, 10)
            time.sleep(0.05)
        eventually(all_is_published)
        time.sleep(1)
        assert published() == house.log.head().position

        os.kill(first.pid, signal.SIGSTOP)
        add(house, 10)
        eventually(all_is_published, TAKEOVER_SECONDS_MAX)
        os.kill(first.pid, signal.SIGCONT)
        time.sleep(3)
        add(house, 10)
        eventually(all_is_published)
        time.sleep(1)
        assert published() == house.log.head().position

        second.kill()
        second.wait()
        add(house, 10)
        eventually(all_is_published, TAKEOVER_SECONDS_MAX)
    first.kill()
    first.wait()
    house.close()
    replica.store.close()
