"""Fixtures of the audit's tests: one clean history, lived once, and a copy of it for each test."""

import os
import shutil
from pathlib import Path

import pytest

from shared.cli import witnessing
from tests.audit.district import live


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a history in which nothing is wrong."""
    folder = tmp_path_factory.mktemp("history")
    live(folder)
    return folder


@pytest.fixture
def folder(lived: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the clean history, which the command line finds."""
    copy = tmp_path / "house"
    shutil.copytree(lived, copy)
    for name in [name for name in os.environ if name.startswith("GONGHUI_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GONGHUI_FOLDER", str(copy))
    monkeypatch.setattr(witnessing, "BEHIND_SECONDS_MAX", 3.0)
    return copy
