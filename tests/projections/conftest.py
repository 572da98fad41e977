"""Fixtures of the projections' tests: a store with the tables that followers need, and a house of funds."""

from collections.abc import Iterator

import pytest

from shared.log.store import Store
from shared.projections.tables import metadata
from tests.log.house import House, found_house
from tests.servers.postgresql import Database


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A store without a log; on both kinds."""
    opened = Store(store_url)
    with opened.write() as connection:
        metadata.create_all(connection)
    yield opened
    opened.close()


@pytest.fixture
def house(store_url: str) -> Iterator[House]:
    """A founded log of funds; on both stores."""
    founded = found_house(store_url)
    yield founded
    founded.close()


@pytest.fixture
def postgresql_house(database: Database) -> Iterator[House]:
    """A founded log of funds on PostgreSQL."""
    founded = found_house(database.owner_url)
    yield founded
    founded.close()
