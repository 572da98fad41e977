"""Fixtures of all tests: private servers, fresh databases, store addresses."""

# eventlet patches before all other imports, or tests hang; psycopg reads its wait function when imported.

from shared.runtime.green import patch

patch()

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.servers.postgresql import Database, PostgreSQL
from tests.servers.rabbitmq import RabbitMQ

# A machine that is busy with other tests is slow; that is no fault of what is tested.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("usual", unhurried)
settings.register_profile("few", unhurried, max_examples=20)  # on the other Pythons: chance finds it on one
settings.load_profile("usual")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A running PostgreSQL server."""
    server = PostgreSQL()
    server.start()
    yield server
    server.close()


@pytest.fixture
def database(postgresql: PostgreSQL) -> Iterator[Database]:
    """A fresh, empty database with its two roles."""
    fresh = postgresql.create_database()
    yield fresh
    postgresql.drop_database(fresh)


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitMQ]:
    """A running RabbitMQ node, shared since it takes seconds to boot: name queues after the test."""
    server = RabbitMQ()
    server.start()
    yield server
    server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a fresh store, once for each kind of store: a test that takes it runs twice."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.sqlite'}"
    database: Database = request.getfixturevalue("database")
    return database.owner_url
