"""What the README repeats of the code is what the code says."""

from tests.architecture.tree import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def table(text: str) -> list[str]:
    """The rows of a page's table of settings."""
    return [line for line in text.splitlines() if line.startswith("| `GONGHUI_")]


def test_the_table_of_settings_is_the_published_one() -> None:
    assert table(README) == table((ROOT / "contracts" / "settings.md").read_text(encoding="utf-8"))


def test_the_map_names_every_package_and_no_other() -> None:
    shared = {path.name for path in (ROOT / "shared").iterdir() if (path / "__init__.py").exists()}
    named = {
        line.split("`")[1].removeprefix("shared/")
        for line in README.splitlines()
        if line.startswith("| `shared/")
    }
    assert named == shared
