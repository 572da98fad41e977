"""Write the golden samples that are missing: ``python -m tests.golden``."""

from tests.golden.samples import write_missing

for file in write_missing():
    print(file.name)  # noqa: T201 - tells which files are new
