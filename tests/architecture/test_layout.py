"""Where things stand: the closed lists of packages and modules, file names, sizes, opening sentences."""

import ast
import tomllib
from statistics import median

from tests.architecture.tree import EVERYTHING, PRODUCT, ROOT, modules, services

SHARED_PACKAGES = {"cli", "runtime", "files", "bus", "projections", "log", "rules", "standards"}
SERVICE_FILES = {
    "__init__.py", "events.py", "parameters.py", "reactions.py", "audit.py", "service.py", "indicators.py",
}  # fmt: skip
"""``indicators.py`` declares figures, which are counted over many projections and belong to none."""
SERVICE_FOLDERS = {"aggregates", "projections", "events", "imports", "audit"}
VAGUE_NAMES = {"utils", "helpers", "common", "base", "manager", "misc"}
LINES_MAX = 350
MEDIAN_LINES_MAX = 130


def test_shared_holds_only_its_packages_and_no_loose_module() -> None:
    found = {path.name for path in (ROOT / "shared").iterdir()} - {"__init__.py", "__pycache__"}
    assert sorted(found - SHARED_PACKAGES) == []


def test_each_service_has_the_same_modules_and_none_of_its_own_naming() -> None:
    offences = [
        f"{path.relative_to(ROOT)} is not a module that services have"
        for service in services()
        for path in service.iterdir()
        if path.name not in (SERVICE_FOLDERS if path.is_dir() else SERVICE_FILES) | {"__pycache__"}
    ]
    assert not offences, "\n".join(offences)


def test_each_service_says_what_it_owns() -> None:
    assert [service.name for service in services() if not (service / "__init__.py").is_file()] == []


def test_services_is_no_package_so_that_one_service_can_ship_alone() -> None:
    assert [path.name for path in (ROOT / "services").glob("*.py")] == []


def test_each_service_can_be_found_by_its_entry_point() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {
        name: target.partition(":")[0] for name, target in project["entry-points"]["gonghui.services"].items()
    }
    for service in services():
        assert declared.get(service.name) == f"services.{service.name}.service"


def test_no_file_has_a_name_that_says_nothing() -> None:
    offences = [module.at(1) for module in modules(*EVERYTHING) if VAGUE_NAMES & set(module.name.split("."))]
    assert not offences, "\n".join(offences)


def test_a_file_can_be_read_in_one_sitting() -> None:
    lengths = {module.at(1): len(module.text.splitlines()) for module in modules(*PRODUCT)}
    offences = [f"{place} has {length} lines" for place, length in lengths.items() if length > LINES_MAX]
    assert not offences, "\n".join(offences)
    assert median(lengths.values()) <= MEDIAN_LINES_MAX


def test_each_module_opens_with_a_sentence() -> None:
    offences = [
        f"{module.at(1)} opens without a sentence that says what is found in it"
        for module in modules(*EVERYTHING)
        if not (ast.get_docstring(module.tree) or "").split("\n\n")[0].endswith((".", ":", "。"))
    ]
    assert not offences, "\n".join(offences)
