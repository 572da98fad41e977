"""Fixtures of the bus's tests: a source and a reader, on the embedded bus and on RabbitMQ."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from shared.bus import embedded
from tests.bus.district import District, fresh_district
from tests.servers.rabbitmq import RabbitMQ

names = count(1)


@pytest.fixture(params=["embedded", "rabbitmq"])
def bus_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of each kind of bus: a test that takes it runs twice."""
    if request.param == "rabbitmq":
        node: RabbitMQ = request.getfixturevalue("rabbitmq")
        yield node.url()
        return
    name = f"bus{next(names)}"
    yield f"embedded://{name}"
    embedded.drop(name)


@pytest.fixture
def district(bus_url: str, tmp_path: Path) -> Iterator[District]:
    """A source and a reader, neither of them running yet; on both kinds of bus."""
    made = fresh_district(bus_url, tmp_path)
    yield made
    made.close()


@pytest.fixture
def rabbit_district(rabbitmq: RabbitMQ, tmp_path: Path) -> Iterator[District]:
    """The same on RabbitMQ alone."""
    made = fresh_district(rabbitmq.url(), tmp_path)
    yield made
    made.close()
