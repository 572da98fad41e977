"""The lock on a folder: one process at a time works in the stores of an embedded house."""

import fcntl
import os
from pathlib import Path
from typing import IO

from shared.runtime.stopping import CannotStart

LOCK_FILE = "gonghui.lock"


def lock_folder(folder: Path) -> IO[str]:
    """Hold a folder for this process until the file is closed or the process ends.

    Raises:
        CannotStart: another process holds it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = (folder / LOCK_FILE).open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise CannotStart(f"another process holds {folder / LOCK_FILE}") from None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file
