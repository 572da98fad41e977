"""Faults of RabbitMQ and of processes cost time and never an event (faults.md, F-04, F-09 to F-13)."""

# nameko's decorators are not typed.
# mypy: disable-error-code="untyped-decorator"

import os
import signal
import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection
from nameko.containers import ServiceContainer
from nameko.events import event_handler
from nameko.rpc import rpc
from sqlalchemy import select

from shared.bus.catch_up import SourceDown, page_after
from shared.bus.cloud_event import PublicEvent
from shared.bus.connecting import ReadAhead, dead_queue, reader_queue
from shared.bus.publisher import Publisher
from shared.bus.replica import Received, SourceHead
from shared.bus.rpc_source import RpcSource
from shared.log.log import Log
from shared.log.store import Store
from shared.projections.tables import checkpoints
from shared.rules.personal import Personal
from tests.bus.district import DISTRICT, READER, AskedSource, District, add, eventually, is_copy, running
from tests.bus.part import start_part
from tests.log.fund import GiveLabel, NameKeeper
from tests.servers.rabbitmq import RabbitMQ


@pytest.fixture
def district(rabbit_district: District) -> District:
    rabbit_district.declare()
    return rabbit_district


def relayed(district: District) -> bool:
    return district.relay.facts.confirmed == district.house.log.head().position


def checkpoint(store: Store) -> int:
    with store.read() as connection:
        return connection.scalar(select(checkpoints.c.position)) or 0


def serving(log: Log, url: str) -> ServiceContainer:
    """The source's RPC interface, as shared.runtime makes it."""

    class Source:
        name = log.source

        @rpc
        def events_after(self, position: int, limit: int) -> dict[str, Any]:
            return page_after(log, position, limit)

        @rpc
        def fail(self) -> None:
            raise ValueError("CANARY")

    container = ServiceContainer(Source, {"AMQP_URI": url})
    container.start()
    return container


@contextmanager
def frozen(node: RabbitMQ) -> Iterator[None]:
    process_id = node._process.pid  # type: ignore[union-attr]
    os.kill(process_id, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process_id, signal.SIGCONT)


def test_queues_that_are_deleted_come_back_and_nothing_is_missed(district: District) -> None:
    with running(district.relay, district.reader):
        add(district.house, 500)
        eventually(lambda: district.reader.facts.position > 100)
        with Connection(district.url) as connection:
            source = district.house.log.source
            for queue in (reader_queue(source, READER), dead_queue(READER)):
                queue(connection.default_channel).delete()
        add(district.house, 500)
        eventually(district.is_level)

    assert is_copy(district.replica, district.house)


def test_a_broker_that_was_wiped_after_the_last_event_costs_nothing(
    district: District, rabbitmq: RabbitMQ
) -> None:
    with running(district.relay):
        add(district.house, 1_000)
        eventually(lambda: relayed(district))
        rabbitmq.reset()
        with running(district.reader):
            eventually(district.is_level, 30)
            add(district.house, 100)
            eventually(district.is_level, 30)

    assert is_copy(district.replica, district.house)


def test_a_broker_killed_while_a_delivery_is_at_hand_is_come_back_to(
    district: District, rabbitmq: RabbitMQ, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Source: faults.md F-10."""
    at_hand: list[int] = []
    receive = district.replica.receive

    def receiving(events: Iterable[PublicEvent], head: SourceHead | None = None) -> Received:
        if head is None:  # from the bus, not pulled
            at_hand.append(1)
        return receive(events, head)

    with running(district.relay, district.reader):
        eventually(lambda: district.is_level() and relayed(district) and not district.reader.facts.behind)
        monkeypatch.setattr(district.replica, "receive", receiving)
        with district.replica.store.write():  # the reader stands still before it
            add(district.house, 300)
            eventually(lambda: at_hand)
            rabbitmq.kill()
        add(district.house, 50)
        rabbitmq.start()
        eventually(district.is_level, 30)
        # The queue may have come back without a leader: it is made anew.
        eventually(lambda: relayed(district) and district.reader.facts.connected, 40)
        add(district.house, 50)
        eventually(lambda: district.is_level())

    assert is_copy(district.replica, district.house)


def test_connections_that_are_closed_again_and_again_cost_nothing(
    district: District, rabbitmq: RabbitMQ
) -> None:
    with running(district.relay, district.reader):
        for _ in range(3):
            add(district.house, 1_000)
            rabbitmq.ctl("close_all_connections", "test")
        eventually(district.is_level, 30)
        eventually(lambda: relayed(district), 30)

    assert is_copy(district.replica, district.house)


def test_a_relay_killed_before_its_checkpoint_publishes_again_and_the_replica_does_not_mind(
    district: District, rabbitmq: RabbitMQ, tmp_path: Path
) -> None:
    add(district.house, 500)
    store, output = district.house.store, tmp_path / "relay.log"
    arguments = ("relay", district.house.url, district.url, district.house.log.source, output)
    with running(district.reader):
        eventually(district.is_level)
    # The checkpoint's row is held: the relay publishes and cannot say that it has.
    with Connection(district.url) as connection:
        queue = reader_queue(district.house.log.source, READER)(connection.default_channel)
        with store.write():
            first = start_part(*arguments)
            eventually(lambda: queue.queue_declare(passive=True).message_count >= 501)
            first.kill()
            first.wait()
        assert checkpoint(store) == 0
        second = start_part(*arguments)
        eventually(lambda: checkpoint(store) == 501)
        assert queue.queue_declare(passive=True).message_count >= 1_002

    with running(district.reader):
        eventually(lambda: district.reader.facts.known >= 1_002)
    second.kill()
    second.wait()

    assert is_copy(district.replica, district.house)


@pytest.mark.parametrize("alarm", ["disk", "frozen"])
def test_a_broker_that_takes_nothing_does_not_hold_the_relay(
    district: District, rabbitmq: RabbitMQ, monkeypatch: pytest.MonkeyPatch, alarm: str
) -> None:
    # Longer than the pause between two heartbeats, which go on under an alarm.
    monkeypatch.setattr("shared.bus.publisher.CONFIRM_SECONDS_MAX", 6.0)
    with running(district.relay, district.reader):
        eventually(lambda: district.reader.facts.connected and relayed(district))
        if alarm == "disk":
            rabbitmq.ctl("set_disk_free_limit", "900GB")
            add(district.house, 3_000)
            eventually(lambda: district.relay.facts.error is not None, 15)
            assert district.relay.facts.lag > 0
            rabbitmq.ctl("set_disk_free_limit", "100MB")
        else:
            with frozen(rabbitmq):
                add(district.house, 3_000)
                eventually(lambda: district.relay.facts.error is not None, 15)
        eventually(district.is_level, 30)
        eventually(lambda: relayed(district), 30)

    assert is_copy(district.replica, district.house)


def test_a_message_that_the_broker_refuses_is_published_again(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(publisher: Publisher, *_: Any) -> None:
        publisher._refused = True

    with monkeypatch.context() as patch:
        patch.setattr(Publisher, "_on_ack", refuse)
        with running(district.relay):
            eventually(lambda: district.relay.facts.error == "NotConfirmed")
    assert checkpoint(district.house.store) == 0

    with running(district.relay):
        eventually(lambda: relayed(district))
    assert checkpoint(district.house.store) == district.house.log.head().position


def test_an_event_too_large_for_the_bus_is_pulled(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.bus.relay.LARGEST_BYTES", 2_000)
    with running(district.relay, district.reader):
        eventually(lambda: relayed(district) and district.is_level())
        district.house.send(GiveLabel(fund_id="f1", label="x" * 2_000))
        add(district.house, 20)
        eventually(lambda: relayed(district) and district.is_level())

    assert district.relay.facts.too_large == 1
    assert is_copy(district.replica, district.house)


def test_a_source_is_asked_over_namekos_rpc_and_may_be_down(district: District) -> None:
    source = RpcSource(district.url, district.house.log.source, timeout_seconds=2.0)
    with pytest.raises(SourceDown, match="does not answer"):
        source.events_after(0, 10)

    container = serving(district.house.log, district.url)
    add(district.house, 50)
    assert source.events_after(20, 10) == page_after(district.house.log, 20, 10)
    with pytest.raises(SourceDown, match="refuses: ValueError") as refused:
        source.call("fail")
    assert "CANARY" not in str(refused.value)
    container.stop()

    started = time.monotonic()
    with pytest.raises(SourceDown, match="does not answer"):
        source.events_after(0, 10)
    assert time.monotonic() - started < 4
    source.close()


@pytest.mark.parametrize("reply", ["[]", "{}", '{"result": 1, "error": "CANARY"}', "CANARY"])
def test_a_source_whose_reply_is_none_counts_as_one_that_is_down(
    district: District, monkeypatch: pytest.MonkeyPatch, reply: str
) -> None:
    container = serving(district.house.log, district.url)
    source = RpcSource(district.url, district.house.log.source)

    def hear(asking: RpcSource, message: Any) -> None:
        asking._replies[message.properties["correlation_id"]] = reply.encode()

    with monkeypatch.context() as patch:
        patch.setattr(RpcSource, "_on_reply", hear)
        with pytest.raises(SourceDown, match="cannot be asked") as down:
            source.events_after(0, 10)
    assert "CANARY" not in str(down.value)
    assert source.events_after(0, 10) == page_after(district.house.log, 0, 10)
    source.close()
    container.stop()


def test_what_arrives_does_not_wait_for_a_source_that_is_down(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A source's interface may be away for hours while its relay goes on."""
    monkeypatch.setattr("shared.bus.reader.ASK_SECONDS_MAX", 0.5)
    asked: list[float] = []

    def ask(*_: Any) -> Any:
        asked.append(time.monotonic())
        raise SourceDown("it is down")

    with running(district.relay, district.reader):
        eventually(lambda: district.is_level() and not district.reader.facts.behind)
        monkeypatch.setattr(AskedSource, "events_after", ask)
        until = time.monotonic() + 8
        while time.monotonic() < until:
            add(district.house, 1)
            time.sleep(0.05)
        eventually(district.is_level)

    # After 0.5, 0.7, 1.1, 1.9, 3.5 and 6.7 seconds.
    assert 3 <= len(asked) <= 7
    assert is_copy(district.replica, district.house)


def test_a_source_that_was_silent_is_knocked_at_shortly_until_it_answers(district: District) -> None:
    container = serving(district.house.log, district.url)
    container.stop()  # its queue stays and takes questions
    source = RpcSource(district.url, district.house.log.source, timeout_seconds=3.0)
    took = []
    for _ in range(2):
        started = time.monotonic()
        with pytest.raises(SourceDown, match="does not answer"):
            source.events_after(0, 10)
        took.append(time.monotonic() - started)
    assert took[0] > 2.5
    assert took[1] < 1.5

    container = serving(district.house.log, district.url)
    assert source.events_after(0, 10) == page_after(district.house.log, 0, 10)
    container.stop()
    source.close()


def test_a_source_is_asked_over_one_connection_however_long_ago_it_was_asked(
    district: District, rabbitmq: RabbitMQ, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.bus.connecting.HEARTBEAT_SECONDS", 4.0)
    container = serving(district.house.log, district.url)
    source = RpcSource(district.url, district.house.log.source)
    district.reader._source = source
    district.reader._silence_seconds = 60.0

    with running(district.reader):
        eventually(lambda: not district.reader.facts.behind)
        queue = source._reply_to
        time.sleep(12)  # the broker ends a connection on which it hears nothing for two heartbeats

        assert queue in rabbitmq.list_queues()
        assert source.events_after(0, 1)["events"]
        assert source._reply_to == queue
    source.close()
    container.stop()


def test_plain_processes_without_eventlet_carry_a_source_to_its_reader(
    district: District, rabbitmq: RabbitMQ, tmp_path: Path
) -> None:
    container = serving(district.house.log, district.url)
    house, replica, output = district.house, district.replica, tmp_path / "parts.log"
    url = replica.store.url.render_as_string(hide_password=False)
    parts = [
        start_part("relay", house.url, district.url, house.log.source, output),
        start_part("reader", url, district.url, house.log.source, output),
    ]
    add(house, 2_000)
    eventually(lambda: is_copy(replica, house), 40)
    add(house, 10)
    eventually(lambda: is_copy(replica, house), 10)
    for part in parts:
        part.kill()
        part.wait()
    container.stop()

    assert "Traceback" not in output.read_text()


def test_plain_event_handlers_of_nameko_hear_single_events(district: District) -> None:
    heard: list[dict[str, Any]] = []

    class Listener:
        name = f"listener-{district.house.log.source}"

        @event_handler(district.house.log.source, "KeeperNamed")
        def keeper_named(self, event: dict[str, Any]) -> None:
            heard.append(event)

    container = ServiceContainer(Listener, {"AMQP_URI": district.url})
    container.start()
    with running(district.relay):
        district.house.send(
            NameKeeper(fund_id="f1", person_id="p1", account=Personal("CANARY"), name=Personal("CANARY"))
        )
        eventually(lambda: heard)
    container.stop()

    assert [event["data"] for event in heard] == [{"fund_id": "f1", "person_id": "p1"}]
    assert heard[0]["source"] == f"gonghui/{DISTRICT}/{district.house.log.source}"


def test_no_personal_value_leaves_the_source(
    district: District, rabbitmq: RabbitMQ, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    canaries = ["CANARY-6222021001116245702", "CANARY-张三"]
    container = serving(district.house.log, district.url)
    source = RpcSource(district.url, district.house.log.source)
    with caplog.at_level("DEBUG"), running(district.relay, district.reader):
        for number in range(20):
            account, name = (Personal(f"{canary}-{number}") for canary in canaries)
            district.house.send(
                NameKeeper(fund_id=f"f{number}", person_id=f"p{number}", account=account, name=name)
            )
        eventually(district.is_level)
        page = str(source.events_after(0, 100))
    source.close()
    container.stop()
    district.replica.store.close()

    rabbitmq.stop()
    kept = [*rabbitmq.folder.rglob("*"), *tmp_path.glob("*.replica.sqlite*")]
    rest = b"".join(path.read_bytes() for path in kept if path.is_file())
    rabbitmq.start()
    assert b"KeeperNamed" in rest
    for canary in ("CANARY", "张三"):
        assert canary not in page
        assert canary not in caplog.text
        assert canary.encode() not in rest


def test_half_a_message_does_not_hold_its_reader() -> None:
    near, far = socket.socketpair()
    near.settimeout(0)
    read = ReadAhead(near)
    with pytest.raises(TimeoutError):
        read(7)
    far.sendall(b"half a frame")

    assert (read(4), read(100)) == (b"half", b" a frame")
    with pytest.raises(TimeoutError):
        read(1)
    far.close()
    assert read(1) == b""
    near.close()


@pytest.mark.parametrize("wants", [ssl.SSLWantReadError, ssl.SSLWantWriteError])
def test_half_a_message_over_tls_does_not_hold_its_reader(wants: type[ssl.SSLError]) -> None:
    class Secured:
        """A socket whose next record has not come whole."""

        def recv(self, _: int) -> bytes:
            raise wants("the rest is still to come")

    with pytest.raises(TimeoutError):
        ReadAhead(Secured())(7)
