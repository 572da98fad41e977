"""Whatever messages come, how often and in which order: the replica ends as in a run without faults."""

import hashlib
import json
import logging
import pickle
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from kombu import Connection
from sqlalchemy import Column, MetaData, Table, Text

from shared.bus.cloud_event import CONTENT_TYPE, message_of, source_of
from shared.bus.connecting import dead_queue, event_exchange, reader_queue
from shared.bus.replica import Received, Replica, SourceHead
from shared.log.envelope import Envelope
from shared.log.store import Store
from shared.projections.feed import Feed
from shared.projections.following import ProjectionFollower, prepare_projection
from shared.projections.projection import Projection, Row
from shared.projections.subscriptions import Subscriptions
from shared.projections.waiting import wait_for
from tests.bus.district import (
    DISTRICT,
    READER,
    District,
    SendingSource,
    add,
    eventually,
    is_copy,
    mixed,
    running,
)
from tests.log.fund import Added
from tests.log.house import House
from tests.projections.balances import rows_of

EVENTS = 10_000
SECRET = b"CANARY-110101199003070011"


class Wire:
    """Publishes by hand what a relay would, or would not."""

    def __init__(self, url: str, house: House) -> None:
        self._connection = Connection(url)
        self._channel = self._connection.channel()
        self._exchange = event_exchange(house.log.source)(self._channel)
        self._exchange.declare()
        self._house = house
        self.tell_anew()

    def tell_anew(self) -> None:
        """Have all to tell that the log holds by now."""
        source = source_of(DISTRICT, self._house.log.source)
        self.bodies = [(each.type, message_of(each, source)) for each in self._house.events()]

    def send(self, body: bytes, routing_key: str = "Added", content_type: str = CONTENT_TYPE) -> None:
        message = self._exchange.Message(
            body, content_type=content_type, content_encoding="utf-8", properties={"delivery_mode": 2}
        )
        self._exchange.publish(message, routing_key)

    def close(self) -> None:
        self._connection.release()


@pytest.fixture
def wire(district: District) -> Iterator[Wire]:
    """A wire with 3,000 events to tell, none of them told."""
    district.declare()
    add(district.house, 3_000)
    made = Wire(district.url, district.house)
    yield made
    made.close()


trails = Projection(
    Table(
        "trails",
        MetaData(),
        Column("fund_id", Text, primary_key=True),
        Column("trail", Text, nullable=False, default=""),
    ),
    source="fund",
    key="fund_id",
)


@trails.on(Added)
def added(row: Row, event: Added, envelope: Envelope) -> Row:
    """Every event leaves its mark on all that follows, so that none may come twice, late or never."""
    mark = f"{row['trail']}{envelope.position} {event.amount_fen}"
    return row | {"trail": hashlib.sha256(mark.encode()).hexdigest()}


def follow(store: Store, feed: Feed) -> Subscriptions:
    """What keeps the trails level with a feed, from its first event on."""
    with store.write() as connection:
        prepare_projection(connection, trails)
    return Subscriptions(store, [ProjectionFollower(store, feed, trails)], 0.01)


def test_doubled_shuffled_and_missing_messages_lead_to_the_same_rows_as_in_order(
    district: District, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(district.house, EVENTS - 3_000)
    wire.tell_anew()
    source = SendingSource(district.house.log)
    district.read_from(source)
    appended: Counter[str] = Counter()
    receive = Replica.receive

    def counted(replica: Replica, events: Iterable[Any], head: SourceHead | None = None) -> Received:
        received = receive(replica, events, head)
        appended["message" if head is None else "pull"] += received.appended
        return received

    monkeypatch.setattr(Replica, "receive", counted)
    with running(district.reader, follow(district.replica.store, district.replica)):
        for number, (position, (routing_key, body)) in enumerate(mixed(wire.bodies, random.Random(11)), 1):
            source.send(position)
            wire.send(body, routing_key)
            if number % 100 == 0:  # or the source would be asked for what is still on its way
                eventually(lambda: district.reader.facts.position == source.sent)
        source.send(len(wire.bodies))
        eventually(district.is_level, 60)
        wait_for(district.replica.store, trails.name, len(wire.bodies), 30)
    # Both ways must have had their share, or the test would tell nothing of one of them.
    assert min(appended["message"], appended["pull"]) > EVENTS / 5, appended

    in_order = follow(district.house.store, district.house.log)
    while in_order.step():
        pass
    assert is_copy(district.replica, district.house)
    assert rows_of(district.replica.store, trails) == rows_of(district.house.store, trails)
    assert district.reader.facts.malformed == 0


def test_a_gap_is_kept_while_the_source_is_down_and_filled_afterwards(district: District, wire: Wire) -> None:
    district.source.down = True
    with running(district.reader):
        for number, (routing_key, body) in enumerate(wire.bodies, 1):
            if number != 1_500:
                wire.send(body, routing_key)
        eventually(lambda: district.reader.facts.position == 1_499)
        assert district.reader.facts.behind

        district.source.down = False
        eventually(district.is_level)

    assert is_copy(district.replica, district.house)


def test_a_gap_is_filled_at_once_and_not_after_a_silence(
    district: District, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.bus.reader.SILENCE_SECONDS", 600.0)
    with running(district.reader):
        eventually(district.is_level)
        add(district.house, 3)
        wire.send(message_of(district.house.events()[-1], source_of(DISTRICT, district.house.log.source)))
        eventually(district.is_level, 5)

    assert is_copy(district.replica, district.house)


def test_what_is_no_event_is_put_aside_unseen_and_its_neighbours_are_taken(
    district: District, wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    told = json.loads(wire.bodies[5][1])
    garbage = [
        (b'{"data": "' + SECRET, CONTENT_TYPE),
        (pickle.dumps({"data": SECRET}), "application/x-python-serialize"),
        (pickle.dumps({"data": SECRET}), CONTENT_TYPE),
        (wire.bodies[5][1], "text/plain"),
        (json.dumps({name: told[name] for name in told if name != "logid"}).encode(), CONTENT_TYPE),
        (b'{"data":"' + b"x" * 1_048_577 + SECRET + b'"}', CONTENT_TYPE),
        (b"[]", CONTENT_TYPE),
        (b"", CONTENT_TYPE),
    ]
    district.source.down = True
    with caplog.at_level(logging.DEBUG), running(district.reader):
        for number, (routing_key, body) in enumerate(wire.bodies):
            if number < len(garbage):
                wire.send(garbage[number][0], routing_key, garbage[number][1])
            wire.send(body, routing_key)
        eventually(district.is_level)
        eventually(lambda: district.reader.facts.malformed == len(garbage))

    assert district.reader.facts.connected is False
    assert is_copy(district.replica, district.house)
    assert SECRET.decode() not in caplog.text
    assert "bytes, digest" in caplog.text


def test_messages_that_were_put_aside_lie_with_the_dead_letters_and_dropped_ones_do_not(
    rabbit_district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is dropped from a full queue is sound, and would push out what has to be looked at."""
    monkeypatch.setattr("shared.bus.connecting.READER_MESSAGES_MAX", 10)
    monkeypatch.setattr("shared.bus.connecting.DELIVERIES_MAX", 2)
    district = rabbit_district
    district.declare()
    source = district.house.log.source
    with Connection(district.url) as connection:
        dead = dead_queue(READER)(connection.default_channel)
        dead.purge()
        wire = Wire(district.url, district.house)
        for number in range(50):
            wire.send(f"event {number}".encode())
        queue = reader_queue(source, READER)(connection.default_channel)
        eventually(lambda: queue.queue_declare(passive=True).message_count == 10)
        queue.purge()
        wire.send(b"killer")
        with connection.Consumer(queue, on_message=lambda message: message.requeue(), auto_declare=False):
            for _ in range(3):
                connection.drain_events(timeout=10)
        eventually(lambda: dead.queue_declare(passive=True).message_count == 1)
        with running(district.reader):
            wire.send(b"nonsense")
            eventually(lambda: dead.queue_declare(passive=True).message_count == 2)
        wire.close()

        found = [dead.get(no_ack=True) for _ in range(2)]
        assert [message.body for message in found] == ["killer", "nonsense"]
        reasons = [message.headers["x-first-death-reason"] for message in found]
        assert reasons == ["delivery_limit", "rejected"]


def test_the_source_restored_from_an_old_backup_stops_the_reader_and_not_its_thread(
    district: District, wire: Wire
) -> None:
    with running(district.reader):
        eventually(district.is_level)
        body = wire.bodies[100][1].replace(b'"amount_fen":', b'"amount_fen":9')
        wire.send(body)
        eventually(lambda: district.reader.facts.stopped is not None)
        wire.send(wire.bodies[100][1])

    assert "known with another hash" in (district.replica.stopped() or "")
