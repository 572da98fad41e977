"""Fixtures of the runtime's tests: all services together, on each kind of bus, and a caller of theirs."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from shared.bus import embedded
from shared.runtime.process_settings import ProcessSettings
from shared.runtime.together import Together
from tests.runtime.suite import await_true, calling, folder_of, suite_settings
from tests.servers.rabbitmq import RabbitMQ

names = count(1)


@pytest.fixture(scope="module", params=["embedded", "rabbitmq"])
def bus_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of each kind of bus: a test that takes it runs twice."""
    if request.param == "rabbitmq":
        node: RabbitMQ = request.getfixturevalue("rabbitmq")
        node.ctl("add_vhost", "runtime")
        node.ctl("set_permissions", "--vhost", "runtime", "administrator", ".*", ".*", ".*")
        yield f"{node.url()}runtime"
        node.ctl("delete_vhost", "runtime")
        return
    name = f"runtime{next(names)}"
    yield f"embedded://{name}"
    embedded.drop(name)


@pytest.fixture(scope="module")
def suite(bus_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Together]:
    """The four services, founded and running."""
    folder: Path = tmp_path_factory.mktemp("suite")
    together = Together(
        {service: replace(settings, bus_url=bus_url) for service, settings in suite_settings(folder).items()},
        ProcessSettings(),
    )
    together.start()
    try:
        await_true(lambda: together.reasons() == [])
        yield together
    finally:  # one that is left behind would answer the calls of the next
        stopped = together.stop(10)
    assert stopped


@pytest.fixture(scope="module")
def caller(suite: Together, bus_url: str) -> Iterator[Any]:
    """nameko's own proxy, as other systems call with, in the name of somebody who may do everything."""
    with calling(bus_url, folder_of(suite)) as proxy:
        yield proxy
