"""Fixtures of the tests of assistance on a store."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from services.assistance.aggregates import language
from tests.assistance.town import Town, found_town
from tests.log.house import open_house


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a town where nobody lives yet: founding takes longer than most tests."""
    file = tmp_path_factory.mktemp("town") / "founded.sqlite"
    with closing(found_town(f"sqlite:///{file}").house):
        return file


@pytest.fixture
def town(founded: Path, tmp_path: Path) -> Iterator[Town]:
    """A fresh town on SQLite."""
    shutil.copy(founded, tmp_path / "town.sqlite")
    with closing(open_house(f"sqlite:///{tmp_path / 'town.sqlite'}", language)) as house:
        yield Town(house)


@pytest.fixture
def each_town(store_url: str) -> Iterator[Town]:
    """A fresh town on each kind of store: a test that takes it runs twice."""
    made = found_town(store_url)
    with closing(made.house):
        yield made
