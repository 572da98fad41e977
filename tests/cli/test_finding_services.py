"""Services and their modules are found by name, whatever modules a service has."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from shared.cli.main import app
from shared.runtime.finding import module_of, package_of, service_names

MAY_HAVE = ("aggregates", "audit", "imports", "parameters", "projections", "reactions")

SERVICES = service_names()


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("name", MAY_HAVE)
def test_a_module_is_found_where_the_service_has_it_and_else_there_is_none(service: str, name: str) -> None:
    home = Path(*package_of(service).split("."), name)
    has_it = home.is_dir() or home.with_suffix(".py").is_file()

    found = module_of(service, name)

    assert (found is not None) == has_it
    assert found is None or found.__name__ == f"{package_of(service)}.{name}"


def test_what_a_module_misses_itself_is_a_fault_and_not_a_missing_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken.py").write_text("import nothing_of_that_name")
    monkeypatch.setattr("services.staffing.__path__", [str(tmp_path)])

    assert module_of("staffing", "audit") is None
    with pytest.raises(ModuleNotFoundError, match="nothing_of_that_name"):
        module_of("staffing", "broken")


def test_a_service_that_nobody_declared_has_no_modules() -> None:
    with pytest.raises(LookupError):
        module_of("catering", "audit")


@pytest.mark.parametrize("service", SERVICES)
def test_a_kind_of_sheet_that_a_service_does_not_know_is_told_with_those_that_it_takes(service: str) -> None:
    result = CliRunner().invoke(app, ["--json", "import", service, "menus", "menus.xlsx"])

    assert result.exit_code == 2
    assert f"“{service}” takes no menus in" in json.loads(result.stdout)["error"]["en"]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_without_laws_says_so(service: str) -> None:
    result = CliRunner().invoke(app, ["--json", "audit", "explain", "grant", "--service", service])

    told = json.loads(result.stdout)["error"]["en"]
    assert result.exit_code == 2
    assert ("no laws" in told) == (module_of(service, "audit") is None)
