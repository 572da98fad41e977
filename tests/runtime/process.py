"""Processes of the suite as an operator starts them, and what their side ports say."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path

START_SECONDS_MAX = 60


class Process:
    """A process of the suite, as an operator starts it, and its side port."""

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        self.log = folder / "process.log"
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "shared.runtime.start", *arguments],
                env={**os.environ, "GONGHUI_FOLDER": str(folder), **environment},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.pid = self._process.pid

    def children(self) -> dict[str, int]:
        """Process ids of the children by kind."""
        found = {}
        for child in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split():
            try:
                words = Path(f"/proc/{child}/cmdline").read_text().split("\0")
            except FileNotFoundError:
                continue
            if "shared.runtime.start" in words:
                found[words[3]] = int(child)
        return found

    def stop(self) -> tuple[int, float]:
        """Ask it to stop; its exit code and how long it took, in seconds."""
        start = time.monotonic()
        self._process.terminate()
        return self._process.wait(timeout=30), time.monotonic() - start

    def wait(self) -> int:
        return self._process.wait(timeout=START_SECONDS_MAX)

    def kill(self) -> None:
        """End it and its children whatever happens."""
        if self._process.poll() is None:
            os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()


def readiness(port: int) -> tuple[int, list[str]]:
    """Status and reasons of a side port; status 0 while nobody listens."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)
    except (OSError, HTTPException):  # a port where nobody listens may be connected to itself
        return 0, []
