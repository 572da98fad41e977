"""Measured processes: each is a module of its own, ready before the clock starts, and tells one result."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from shared.runtime.memory import collect_rarely

ROOT = Path(__file__).resolve().parents[1]


def run_processes(module: str, givens: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Run a module once for each of the givens, all started at the same moment.

    Args:
        module: calls ``given``, then ``wait_for_start``, then ``tell``.
        givens: what each is told, as JSON data.

    Returns:
        What each told.

    Raises:
        RuntimeError: a process ended before it told anything; its traceback is on stderr.
    """
    started = [
        subprocess.Popen(
            # Not a word about eventlet's retirement at every start.
            [sys.executable, "-W", "ignore", "-m", module, json.dumps(each)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for each in givens
    ]
    try:
        for process in started:
            _line(process.stdout, module)
        for process in started:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        return [json.loads(_line(process.stdout, module)) for process in started]
    finally:
        for process in started:
            process.kill()
            process.communicate()


def run_process(module: str, **given: Any) -> dict[str, Any]:
    """Run a module in one process and return what it told."""
    return run_processes(module, [given])[0]


def given() -> dict[str, Any]:
    """In a measured process, which lives like a service's: what it was told."""
    collect_rarely()
    data: dict[str, Any] = json.loads(sys.argv[1])
    return data


def wait_for_start() -> None:
    """In a measured process: say that all is prepared, and wait until the others have said so too."""
    print("ready", flush=True)
    sys.stdin.readline()


def tell(**result: Any) -> None:
    """In a measured process: its one result."""
    print(json.dumps(result), flush=True)


def _line(output: IO[str] | None, module: str) -> str:
    line = output.readline() if output is not None else ""
    if not line:
        raise RuntimeError(f"{module} ended before it told anything")
    return line
