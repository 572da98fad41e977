"""Fixtures of the log's tests: a founded log on each kind of store, and one on PostgreSQL alone."""

from collections.abc import Iterator

import pytest
from sqlalchemy.engine import make_url

from tests.log.house import House, found_house, found_membership, open_house
from tests.servers.postgresql import Database, PostgreSQL
from tests.servers.proxy import Proxy


@pytest.fixture
def house(store_url: str) -> Iterator[House]:
    """A founded log of funds; on both stores."""
    founded = found_house(store_url)
    yield founded
    founded.close()


@pytest.fixture
def membership(store_url: str) -> Iterator[House]:
    """A founded log of membership, with a federation and a union; on both stores."""
    founded = found_membership(store_url)
    yield founded
    founded.close()


@pytest.fixture
def postgresql_house(database: Database) -> Iterator[House]:
    """A founded log of funds on PostgreSQL."""
    founded = found_house(database.owner_url)
    yield founded
    founded.close()


@pytest.fixture
def proxy(postgresql: PostgreSQL) -> Iterator[Proxy]:
    """A proxy before the server."""
    made = Proxy(postgresql.port)
    yield made
    made.close()


@pytest.fixture
def far_house(postgresql_house: House, proxy: Proxy) -> Iterator[House]:
    """The same log as ``postgresql_house``, reached through the proxy."""
    url = make_url(postgresql_house.url).set(port=proxy.port)
    far = open_house(url.render_as_string(hide_password=False))
    yield far
    far.close()
