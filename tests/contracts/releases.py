"""The contracts as they stood at each release: a promise for good, whatever ``make contracts`` writes."""

import json
from pathlib import Path
from typing import Any

from shared.runtime.contracts import documents

FOLDER = Path(__file__).parent / "released"


def releases(folder: Path = FOLDER) -> dict[str, dict[str, Any]]:
    """The documents of each release by its version; none before the first."""
    return {
        file.name.removesuffix(".json"): json.loads(file.read_text(encoding="utf-8"))
        for file in folder.glob("*.json")
    }


def write_release(version: str, folder: Path = FOLDER) -> Path:
    """Write the contracts of today down as a release's. Raises FileExistsError: none is written twice."""
    folder.mkdir(exist_ok=True)
    file = folder / f"{version}.json"
    with file.open("x", encoding="utf-8") as writing:
        json.dump(documents(), writing, ensure_ascii=False, indent=1, sort_keys=True)
        writing.write("\n")
    return file
