"""Files with secrets: written whole or not at all, once, for their owner's eyes only."""

import os
from pathlib import Path
from secrets import token_hex


def write_once(file: Path, text: str) -> bool:
    """Write a file that its owner alone may read, unless it is there or somebody else has just written it.

    It appears whole or not at all, and is on the disk before anything depends on it.

    Returns:
        Whether it was written.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = _draft(file, text)
    try:
        try:
            os.link(draft, file)
        except FileExistsError:
            return False
        _keep_folder(file.parent)
        return True
    finally:
        draft.unlink(missing_ok=True)


def write_anew(file: Path, text: str) -> None:
    """Write a file that its owner alone may read, in place of the one that is there."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _draft(file, text).replace(file)
    _keep_folder(file.parent)


def _draft(file: Path, text: str) -> Path:
    draft = file.with_name(f".{file.name}.{token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as writing:
        writing.write(text)
        writing.flush()
        os.fsync(writing.fileno())
    return draft


def _keep_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
