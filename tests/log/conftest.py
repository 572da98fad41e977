"""Fixtures of the log's tests: a founded log on each kind of store, and one on PostgreSQL alone."""

from collections.abc import Iterator

import pytest

from tests.log.house import House, found_house, found_membership
from tests.servers.postgresql import Database


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
