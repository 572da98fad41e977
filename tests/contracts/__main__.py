"""Write the contracts of the present version down as released: ``python -m tests.contracts``."""

import tomllib

from tests.architecture.tree import ROOT
from tests.contracts.releases import write_release

project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
print(write_release(project["version"]))  # noqa: T201 - tells which file is new
