"""The opponent's own Python environment, made once, and the door to its runs."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCK = Path(__file__).with_name("requirements.lock")
FOLDER = ROOT / "var" / "bench" / "peer-venv"


def peer_python(folder: Path = FOLDER) -> Path:
    """Make the environment unless it already holds exactly what the lock file names.

    Result: the path of its python. Raises CalledProcessError when a package cannot be installed.
    """
    python = folder / "bin" / "python"
    installed = folder / "installed.sha256"
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if installed.exists() and installed.read_text() == wanted and python.exists():
        return python
    # A half-made environment, or one of an older lock, is thrown away: the figures name exact versions.
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=True)
    # Its chatter goes to stderr, so that a Makefile may take stdout as the path.
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--require-hashes", "--requirement", LOCK],
        check=True,
        stdout=sys.stderr,
    )
    installed.write_text(wanted)
    return python


def peer_run(script: str, database_url: str, *options: str) -> dict[str, float | str]:
    """Run one of the opponent's scripts ("appends", "processes", "rebuild") and return what it reports.

    The shell's POSTGRES_ settings are not handed on, for they would change what the library does.
    Raises CalledProcessError when the run fails or loses an event.
    """
    environment = {key: value for key, value in os.environ.items() if not key.startswith("POSTGRES_")}
    finished = subprocess.run(
        [peer_python(), Path(__file__).with_name(f"{script}.py"), database_url, *options],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    figures: dict[str, float | str] = json.loads(finished.stdout)
    return figures


if __name__ == "__main__":
    print(peer_python())
