"""The embedded bus carries nameko's services without a broker, as RabbitMQ would, and idles for nothing."""

# nameko's decorators are not typed.
# mypy: disable-error-code="untyped-decorator"

import gc
import resource
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from statistics import median
from typing import Any

import eventlet
import pytest
from kombu import Connection, Consumer, Exchange, Producer, Queue, pools
from kombu.exceptions import ChannelError
from nameko.amqp.publish import Publisher, UndeliverableMessage
from nameko.events import EventDispatcher, event_handler
from nameko.exceptions import RemoteError, RpcTimeout, UnknownService
from nameko.rpc import RpcProxy, rpc
from nameko.runners import ServiceRunner
from nameko.standalone.rpc import ClusterRpcProxy

from shared.bus import embedded
from shared.bus.embedded_broker import Broker

numbers = count(1)
heard: list[tuple[str, int]] = []
topic = Exchange("membership.events", type="topic", durable=True)


class Membership:
    name = "membership"
    assistance = RpcProxy("assistance")
    nobody = RpcProxy("nobody")
    dispatch = EventDispatcher()

    @rpc
    def echo(self, value: Any) -> Any:
        return value

    @rpc
    def ask_assistance(self, value: Any) -> Any:
        return self.assistance.answer(value)

    @rpc
    def ask_nobody(self) -> None:
        self.nobody.answer()

    @rpc
    def fail(self) -> None:
        raise ValueError("the card is not valid")

    @rpc
    def sleep(self, seconds: float) -> None:
        eventlet.sleep(seconds)

    @rpc
    def join(self, members: int) -> None:
        for number in range(members):
            self.dispatch("MemberJoined", {"number": number})


class Assistance:
    name = "assistance"

    @rpc
    def answer(self, value: Any) -> Any:
        return ["assistance", value]

    @event_handler("membership", "MemberJoined")
    def member_joined(self, event: dict[str, int]) -> None:
        heard.append(("assistance", event["number"]))

    @event_handler("membership", "MemberJoined")
    def member_counted(self, event: dict[str, int]) -> None:
        heard.append(("assistance, counted", event["number"]))


class Staffing:
    name = "staffing"

    @rpc
    def answer(self, value: Any) -> Any:
        return value

    @event_handler("membership", "#")
    def anything(self, event: dict[str, int]) -> None:
        heard.append(("staffing", event["number"]))


class Reporting:
    name = "reporting"
    membership = RpcProxy("membership")

    @rpc
    def answer(self, value: Any) -> Any:
        return value

    @event_handler("membership", "MemberLeft")
    def member_left(self, event: dict[str, int]) -> None:
        heard.append(("reporting", event["number"]))


SERVICES = (Membership, Assistance, Staffing, Reporting)


@contextmanager
def fresh_broker() -> Iterator[str]:
    name = f"district-{next(numbers)}"
    embedded.register()
    yield f"embedded://{name}"
    embedded.drop(name)


@pytest.fixture
def address() -> Iterator[str]:
    with fresh_broker() as address:
        yield address


@pytest.fixture
def connection(address: str) -> Iterator[Connection]:
    with Connection(address) as connection:
        yield connection


@pytest.fixture(scope="module")
def suite() -> Iterator[dict[str, Any]]:
    """Four services at work in this process."""
    with fresh_broker() as address:
        settings = {"AMQP_URI": address}
        runner = ServiceRunner(settings)
        for service in SERVICES:
            runner.add_service(service)
        runner.start()
        yield settings
        runner.stop()


@pytest.fixture
def call(suite: dict[str, Any]) -> Iterator[Any]:
    with ClusterRpcProxy(suite, timeout=10) as proxy:
        yield proxy


def broker_of(address: str) -> Broker:
    with Connection(address) as connection:
        broker: Broker = connection.transport.broker
        return broker


def seconds(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def tell(figure: str) -> None:
    """Show a measurement to whoever runs the tests with -s."""
    print(f"\n{figure}")  # noqa: T201


def await_true(holds: Callable[[], bool]) -> None:
    with eventlet.Timeout(10):
        while not holds():
            eventlet.sleep(0.005)


def publish(connection: Connection, routing_key: str, body: Any, **options: Any) -> None:
    Producer(connection).publish(body, exchange=topic, routing_key=routing_key, declare=[topic], **options)


def queue_named(name: str, routing_key: str = "#", **options: Any) -> Queue:
    return Queue(name, exchange=topic, routing_key=routing_key, **options)


class Reading:
    """A plain kombu reader that keeps what it was handed."""

    def __init__(self, connection: Connection, *queues: Queue, prefetch_count: int = 0) -> None:
        self.messages: list[Any] = []
        self.connection = connection
        self.consumer = Consumer(connection.channel(), queues, callbacks=[self._keep], accept=["json"])
        self.consumer.qos(prefetch_count=prefetch_count)
        self.consumer.consume()

    def _keep(self, _body: object, message: Any) -> None:
        self.messages.append(message)

    def drain(self) -> list[Any]:
        """Take all that may be taken now; the payloads of all messages so far."""
        try:
            while True:
                self.connection.drain_events(timeout=0)
        except TimeoutError:
            return [message.payload for message in self.messages]


# services


def test_a_service_answers_a_call(call: Any) -> None:
    assert call.membership.echo({"name": "王芳"}) == {"name": "王芳"}


def test_a_service_may_call_another_while_it_answers(call: Any) -> None:
    assert call.membership.ask_assistance(7) == ["assistance", 7]


def test_more_calls_than_workers_that_all_wait_for_another_service_are_answered(
    suite: dict[str, Any],
) -> None:
    def ask(number: int) -> Any:
        with ClusterRpcProxy(suite, timeout=10) as proxy:
            return proxy.membership.ask_assistance(number)

    answers = list(eventlet.GreenPool(40).imap(ask, range(40)))

    assert answers == [["assistance", number] for number in range(40)]


def test_an_exception_reaches_the_caller(call: Any) -> None:
    with pytest.raises(RemoteError, match="the card is not valid"):
        call.membership.fail()


def test_a_call_to_an_unknown_service_is_refused_at_once(call: Any) -> None:
    def ask() -> None:
        with pytest.raises(UnknownService, match="nobody"):
            call.nobody.answer()

    assert seconds(ask) < 0.5


def test_a_service_that_calls_an_unknown_service_is_refused_at_once(call: Any) -> None:
    def ask() -> None:
        with pytest.raises(RemoteError, match="UnknownService"):
            call.membership.ask_nobody()

    assert seconds(ask) < 0.5


def test_a_caller_that_gave_up_waiting_can_call_again(suite: dict[str, Any]) -> None:
    with ClusterRpcProxy(suite, timeout=0.1) as proxy:
        with pytest.raises(RpcTimeout):
            proxy.membership.sleep(0.3)
        assert proxy.membership.echo("again") == "again"


def test_an_event_reaches_each_of_its_handlers_once(call: Any) -> None:
    heard.clear()

    call.membership.join(300)
    await_true(lambda: len(heard) >= 900)

    handlers = ("assistance", "assistance, counted", "staffing")
    assert sorted(heard) == [(handler, number) for handler in handlers for number in range(300)]


def test_two_hundred_callers_leave_no_queue_behind(suite: dict[str, Any]) -> None:
    broker = broker_of(suite["AMQP_URI"])
    queues, bindings = set(broker.queues), len(broker.state.bindings)

    for number in range(200):
        with ClusterRpcProxy(suite, timeout=10) as proxy:
            assert proxy.membership.echo(number) == number

    assert set(broker.queues) == queues
    assert len(broker.state.bindings) == bindings
    assert sum(len(exchange["table"]) for exchange in broker.exchanges.values()) == bindings


def test_a_thousand_calls_in_turn_wait_for_no_poll(call: Any) -> None:
    durations = [seconds(lambda: call.membership.echo(1)) for _ in range(1_000)]

    tell(f"RPC round trip: median {median(durations) * 1_000:.2f} ms, worst {max(durations) * 1_000:.2f} ms")
    assert median(durations) < 0.02


def test_four_services_at_rest_need_hardly_any_processor(call: Any) -> None:
    call.membership.echo("warm")
    gc.collect()
    start = time.process_time()

    eventlet.sleep(10)
    idle_percent = (time.process_time() - start) / 10 * 100

    memory_megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024
    tell(f"four services at rest: {idle_percent:.2f} % of a core, {memory_megabytes:.0f} MB at most")
    assert idle_percent < 3


def test_services_stop_cleanly_and_a_dropped_broker_leaves_nothing(address: str) -> None:
    runner = ServiceRunner({"AMQP_URI": address})
    runner.add_service(Membership)
    runner.add_service(Assistance)
    runner.start()
    with ClusterRpcProxy({"AMQP_URI": address}, timeout=10) as proxy:
        proxy.membership.ask_assistance(1)
    broker = weakref.ref(broker_of(address))

    with eventlet.Timeout(10):
        runner.stop()

    assert [queue.name for queue in broker().queues.values() if queue.readers] == []  # type: ignore[union-attr]
    assert not any(name.startswith("rpc.reply") for name in broker().queues)  # type: ignore[union-attr]
    embedded.drop(address.removeprefix("embedded://"))
    del runner, proxy
    gc.collect()
    assert broker() is None
    assert not [key for key in (*pools.connections, *pools.producers) if key[1] in address]


# messages


def test_a_mandatory_message_that_no_queue_wants_is_refused(address: str) -> None:
    publisher = Publisher(address, exchange=topic, declare=[topic], mandatory=True)

    with pytest.raises(UndeliverableMessage):
        publisher.publish({"number": 1}, routing_key="MemberJoined")


def test_a_mandatory_message_that_a_queue_wants_is_taken(address: str, connection: Connection) -> None:
    reading = Reading(connection, queue_named("reader", "MemberJoined"))

    Publisher(address, exchange=topic, mandatory=True).publish({"number": 1}, routing_key="MemberJoined")

    assert reading.drain() == [{"number": 1}]


def test_a_message_that_need_not_arrive_may_be_wanted_by_none(connection: Connection) -> None:
    publish(connection, "MemberJoined", {"number": 1})


def test_a_message_to_an_unknown_exchange_is_refused(connection: Connection) -> None:
    with pytest.raises(ChannelError, match="NOT_FOUND"):
        Producer(connection).publish({}, exchange="never.declared", routing_key="MemberJoined", retry=True)


def test_a_message_carries_its_content_type_and_its_route(connection: Connection) -> None:
    reading = Reading(connection, queue_named("reader"))

    publish(connection, "MemberJoined", {"number": 1}, correlation_id="7")
    reading.drain()

    message = reading.messages[0]
    assert message.properties["content_type"] == "application/json"
    assert message.properties["content_encoding"] == "utf-8"
    assert message.properties["correlation_id"] == "7"
    assert message.delivery_info == {
        "exchange": "membership.events",
        "routing_key": "MemberJoined",
        "redelivered": False,
    }


@pytest.mark.parametrize(
    ("binding", "routing_key", "fits"),
    [
        ("#", "MemberJoined", True),
        ("#", "member.joined.again", True),
        ("member.#", "member", True),
        ("member.#", "member.joined.again", True),
        ("member.#", "membership.joined", False),
        ("#.again", "member.joined.again", True),
        ("*", "member.joined", False),
        ("member.*", "member.joined", True),
        ("member.*", "member", False),
        ("*.#.again", "again", False),
        ("member.joined", "member+joined", False),
    ],
)
def test_a_topic_binding_takes_what_amqp_says(
    connection: Connection, binding: str, routing_key: str, *, fits: bool
) -> None:
    reading = Reading(connection, queue_named("reader", binding))

    publish(connection, routing_key, 1)

    assert bool(reading.drain()) is fits


def test_a_fanout_exchange_sends_to_every_queue(connection: Connection) -> None:
    everyone = Exchange("everyone", type="fanout")
    reading = Reading(connection, Queue("one", everyone), Queue("two", everyone))

    Producer(connection).publish(1, exchange=everyone, routing_key="whatever")

    assert reading.drain() == [1, 1]


def test_a_reader_gets_no_more_than_its_prefetch_before_it_acknowledges(connection: Connection) -> None:
    reading = Reading(connection, queue_named("reader"), prefetch_count=3)
    for number in range(10):
        publish(connection, "MemberJoined", number)

    assert reading.drain() == [0, 1, 2]
    reading.messages[1].ack()
    assert reading.drain() == [0, 1, 2, 3]
    reading.messages[3].ack(multiple=True)
    assert reading.drain() == [0, 1, 2, 3, 4, 5, 6]


def test_each_queue_of_a_channel_has_its_own_prefetch_and_acknowledgements(connection: Connection) -> None:
    reading = Reading(connection, queue_named("one"), queue_named("two"), prefetch_count=1)
    publish(connection, "MemberJoined", 1)
    publish(connection, "MemberJoined", 2)

    assert reading.drain() == [1, 1]
    reading.messages[0].ack()
    assert reading.drain() == [1, 1, 2]


def test_a_returned_message_comes_first_again_and_to_its_own_queue_only(connection: Connection) -> None:
    reading = Reading(connection, queue_named("one"), prefetch_count=1)
    sibling = Reading(connection, queue_named("sibling"))
    publish(connection, "MemberJoined", 1)
    publish(connection, "MemberJoined", 2)
    reading.drain()

    reading.messages[0].requeue()

    assert reading.drain() == [1, 1]
    assert reading.messages[1].delivery_info["redelivered"]
    assert sibling.drain() == [1, 2]


def test_a_rejected_message_is_gone(connection: Connection) -> None:
    reading = Reading(connection, queue_named("reader"), prefetch_count=1)
    publish(connection, "MemberJoined", 1)
    publish(connection, "MemberJoined", 2)
    reading.drain()

    reading.messages[0].reject()

    assert reading.drain() == [1, 2]


def test_what_a_reader_did_not_acknowledge_goes_to_the_next_in_order(address: str) -> None:
    with Connection(address) as first:
        reading = Reading(first, queue_named("reader"))
        for number in range(5):
            publish(first, "MemberJoined", number)
        reading.drain()
        reading.messages[1].ack()

    with Connection(address) as second:
        again = Reading(second, queue_named("reader"))
        assert again.drain() == [0, 2, 3, 4]
        assert all(message.delivery_info["redelivered"] for message in again.messages)


def test_a_bounded_queue_drops_its_oldest(connection: Connection) -> None:
    queue = queue_named("reader", queue_arguments={"x-max-length": 3})
    queue(connection.default_channel).declare()
    for number in range(10):
        publish(connection, "MemberJoined", number)

    assert Reading(connection, queue).drain() == [7, 8, 9]


def test_a_message_that_expired_is_not_delivered(connection: Connection) -> None:
    queue = queue_named("reader")
    queue(connection.default_channel).declare()
    publish(connection, "MemberJoined", 1, expiration=0.01)
    publish(connection, "MemberJoined", 2, expiration=60)
    eventlet.sleep(0.02)

    assert Reading(connection, queue).drain() == [2]


def test_two_readers_of_one_queue_share_its_messages(address: str, connection: Connection) -> None:
    with Connection(address) as other:
        readings = [Reading(each, queue_named("reader"), prefetch_count=5) for each in (connection, other)]
        for number in range(10):
            publish(connection, "MemberJoined", number)

        assert sorted(readings[0].drain() + readings[1].drain()) == list(range(10))


def test_two_brokers_know_nothing_of_each_other(connection: Connection) -> None:
    with fresh_broker() as elsewhere, Connection(elsewhere) as other:
        here, there = Reading(connection, queue_named("reader")), Reading(other, queue_named("reader"))

        publish(connection, "MemberJoined", 1)

        assert (here.drain(), there.drain()) == ([1], [])


# waking


def test_a_waiting_reader_is_woken_by_an_arrival(address: str, connection: Connection) -> None:
    reading = Reading(connection, queue_named("reader"))
    with Connection(address) as writer:
        eventlet.spawn_after(0.05, publish, writer, "MemberJoined", 1)

        assert seconds(lambda: connection.drain_events(timeout=10)) < 0.5
    assert [message.payload for message in reading.messages] == [1]


@pytest.mark.parametrize(
    "release",
    [
        lambda reading: reading.messages[0].ack(),
        lambda reading: reading.messages[0].reject(),
        lambda reading: reading.messages[0].requeue(),
        lambda reading: reading.consumer.qos(prefetch_count=2),
    ],
    ids=["acknowledged", "rejected", "returned", "prefetch raised"],
)
def test_a_reader_held_back_by_its_prefetch_is_woken_when_it_may_go_on(
    connection: Connection, release: Callable[[Reading], None]
) -> None:
    reading = Reading(connection, queue_named("reader"), prefetch_count=1)
    publish(connection, "MemberJoined", 1)
    publish(connection, "MemberJoined", 2)
    assert reading.drain() == [1]
    eventlet.spawn_after(0.05, release, reading)

    assert seconds(lambda: connection.drain_events(timeout=10)) < 0.5


def test_a_reader_that_leaves_lets_another_take_its_messages(address: str, connection: Connection) -> None:
    with Connection(address) as leaving:
        held = Reading(leaving, queue_named("reader"), prefetch_count=1)
        publish(connection, "MemberJoined", 1)
        held.drain()
        reading = Reading(connection, queue_named("reader"))
        eventlet.spawn_after(0.05, leaving.close)

        assert seconds(lambda: connection.drain_events(timeout=10)) < 0.5
    assert [message.payload for message in reading.messages] == [1]


def test_a_reader_whose_connection_is_closed_does_not_wait_for_ever(connection: Connection) -> None:
    Reading(connection, queue_named("reader")).consumer.cancel()
    eventlet.spawn_after(0.05, connection.close)

    with eventlet.Timeout(1), pytest.raises(connection.connection_errors):
        connection.drain_events()


def test_nothing_arriving_ends_the_wait_in_time(connection: Connection) -> None:
    Reading(connection, queue_named("reader"))

    def wait() -> None:
        with pytest.raises(TimeoutError):
            connection.drain_events(timeout=0.1)

    assert 0.09 < seconds(wait) < 0.5


def test_a_burst_is_read_quickly_and_lets_others_run(address: str, connection: Connection) -> None:
    turns = 0
    received = 0

    def take(_body: object, message: Any) -> None:
        nonlocal received
        received += 1
        message.ack()

    def run_beside() -> None:
        nonlocal turns
        while True:
            turns += 1
            eventlet.sleep(0)

    def read() -> None:
        while received < 20_000:
            connection.drain_events(timeout=10)

    def write() -> None:
        with Connection(address) as writer:
            producer = Producer(writer, exchange=topic)
            for number in range(20_000):
                producer.publish({"number": number, "name": "王芳"}, routing_key="MemberJoined")

    beside = eventlet.spawn(run_beside)
    with Consumer(connection, [queue_named("reader")], callbacks=[take], accept=["json"], prefetch_count=100):
        reading = eventlet.spawn(read)
        duration = seconds(write) + seconds(reading.wait)
    beside.kill()

    tell(f"burst of 20,000 to one reader: {20_000 / duration:,.0f}/s, {turns} turns for others")
    assert 20_000 / duration > 2_000
    assert turns > 100
