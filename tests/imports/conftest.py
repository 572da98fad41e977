"""Fixtures of the import's tests: an office on each kind of store."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.imports.office import Office, open_office


@pytest.fixture
def office(store_url: str, tmp_path: Path) -> Iterator[Office]:
    """A district on a fresh store, once for each kind of store."""
    office = open_office(store_url, tmp_path)
    yield office
    office.house.close()


@pytest.fixture(scope="module")
def small_office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A district on SQLite that the tests of a module share."""
    folder = tmp_path_factory.mktemp("office")
    office = open_office(f"sqlite:///{folder / 'store.sqlite'}", folder)
    yield office
    office.house.close()
