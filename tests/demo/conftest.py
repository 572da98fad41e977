"""The folder of a year that was lived through once, for all tests that look at it."""

import subprocess
import sys
from pathlib import Path

import pytest

from demo.story import MADE_HERE

ROOT = Path(__file__).resolve().parents[2]
SMALL = Path(__file__).with_name("small.toml")


@pytest.fixture(scope="package")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder that the demonstration left, run twice from the command line's entry, and what it said."""
    folder = tmp_path_factory.mktemp("demo") / "lived"
    (folder / "earlier").mkdir(parents=True)
    (folder / MADE_HERE).touch()
    (folder / "membership.sqlite").write_text("left by an earlier run")
    done = subprocess.run(
        [sys.executable, "-m", "demo", str(folder), str(SMALL)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder, done.stdout
