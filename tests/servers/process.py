"""What both servers share: a free port, a child that ends with the tests, and waiting until it answers."""

import os
import random
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


class ServerMissingError(RuntimeError):
    """A server's programs are not installed; the sentence says what to install."""


class ServerStartError(RuntimeError):
    """A server did not come up; the text ends with the tail of its log."""


ONE_OF_MANY = {"PYTHONPATH": str(Path(__file__).parents[2]), "COVERAGE_PROCESS_CONFIG": ""}
"""The environment of processes that do among many what tests do in one: to measure them, too, would take them
twice the time and tell nothing new."""

PORTS = range(10_000, 32_000, 2)
"""Below those from which a machine's own connections leave, one of which could take a port in between."""


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on at this moment, and neither on the one after it."""
    while not all(map(_is_free, (port := random.choice(PORTS), port + 1))):
        pass
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def spawn(
    command: Sequence[str | Path],
    *,
    log: Path,
    user: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a child whose output goes to `log`; the kernel kills it if the thread that started it ends.

    `user` is the account to run as; only root may name one.
    """
    prefix = ["setpriv", "--pdeathsig", "KILL"]
    if user is not None:
        prefix += [f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    with log.open("ab") as output:
        return subprocess.Popen(
            [*prefix, *map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if environment is None else {**os.environ, **environment},
            start_new_session=True,
        )


def wait_until_ready(
    process: subprocess.Popen[bytes], ready: Callable[[], bool], *, log: Path, seconds: float
) -> None:
    """Return once `ready` is true; raise `ServerStartError` when the child ends or `seconds` have passed."""
    deadline = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            tail = log.read_text(errors="replace")[-2000:]
            raise ServerStartError(f"{process.args!r} is not ready (exit code {process.poll()})\n{tail}")
        time.sleep(0.05)


def needed(path: Path | None, package: str) -> Path:
    """`path` if it exists; else raise `ServerMissingError`, naming the Debian package that brings it."""
    if path is None or not path.exists():
        raise ServerMissingError(f"{package} is not installed; run tests/install_servers.sh as root")
    if shutil.which("setpriv") is None:
        raise ServerMissingError("setpriv is not installed; it comes with util-linux")
    return path
