"""A Python that is not there, or only in name, is told of and fails nothing."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.architecture.tree import ROOT


def test_a_version_that_does_not_run_is_named(tmp_path: Path) -> None:
    for program in ("bash", "dirname", "mktemp", "rm", "tail"):
        (tmp_path / program).symlink_to(str(shutil.which(program)))
    for version in ("3.11", "3.12"):
        shim = tmp_path / f"python{version}"
        shim.write_text("#!/bin/sh\necho python: command not found >&2\nexit 127\n")
        shim.chmod(0o755)

    done = subprocess.run(
        [ROOT / "tests" / "other_pythons.sh"],
        env=os.environ | {"PATH": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
    assert "Python 3.12: not found" in done.stdout
    assert "Python 3.13: not found" in done.stdout
