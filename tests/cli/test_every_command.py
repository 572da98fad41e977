"""Every command explains itself in both languages, takes the options of all, and tells mistakes plainly."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from shared.cli.main import app

is_chinese = re.compile(r"[\u4e00-\u9fff]").search
is_english = re.compile(r"[A-Za-z]{3}").search


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command below one, with the words that lead to it."""
    below = getattr(command, "commands", {})
    if not below:
        yield path, command
    for name, each in below.items():
        yield from commands(each, (*path, name))


EVERY = dict(commands(typer.main.get_command(app)))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, in which nothing runs and nothing is founded."""
    for name in [name for name in os.environ if name.startswith("GONGHUI_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GONGHUI_FOLDER", str(tmp_path))
    return tmp_path


def gonghui(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


@pytest.mark.parametrize("path", EVERY, ids=" ".join)
def test_a_command_explains_itself_and_its_parameters_in_both_languages(path: tuple[str, ...]) -> None:
    command = EVERY[path]
    explained = {"": command.help, **{each.name: each.help for each in command.params if each.name != "help"}}

    shown = gonghui(*path, "--help")

    assert shown.exit_code == 0
    assert [name for name, text in explained.items() if not is_chinese(text or "")] == []
    assert [name for name, text in explained.items() if not is_english(text or "")] == []
    assert {"lang", "as_json"} <= explained.keys()
    assert "--json" in shown.stdout
    assert "--lang" in shown.stdout


@pytest.mark.parametrize("path", EVERY, ids=" ".join)
def test_a_wrong_option_is_told_in_a_sentence_of_the_language_and_in_one_document(
    path: tuple[str, ...],
) -> None:
    zh, en = gonghui(*path, "--nothing"), gonghui(*path, "--nothing", "--lang", "en")
    told = gonghui(*path, "--nothing", "--json")

    assert [zh.exit_code, en.exit_code, told.exit_code] == [2, 2, 2]
    assert zh.stderr.startswith("错误：")
    assert en.stderr.startswith("Error: ")
    assert json.loads(told.stdout)["error"]["zh"]
    assert not any("Traceback" in each.output for each in (zh, en, told))


@pytest.mark.parametrize("path", [path for path in EVERY if path != ("up",)], ids=" ".join)
def test_a_command_with_nonsense_for_every_argument_ends_in_a_sentence(path: tuple[str, ...]) -> None:
    needed = [each for each in EVERY[path].params if each.required]
    words = [
        "1" if each.name == "position" else "nonsense"
        for each in needed
        if type(each).__name__.endswith("Argument")
    ]
    options = [
        word
        for each in needed
        if not type(each).__name__.endswith("Argument")
        for word in (each.opts[0], "x")
    ]
    if path == ("contracts",):
        options = ["--folder", os.devnull]

    done = gonghui(*path, *words, *options, "--json")

    assert done.exit_code in (0, 1, 2), done.output
    json.loads(done.stdout)
    assert "Traceback" not in done.output
    assert "NameError" not in done.output


def test_a_fault_of_the_program_is_told_by_its_place_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise RuntimeError("110109199001011234")

    monkeypatch.setattr("shared.cli.services.check_service", fail)

    done = gonghui("log", "tail", "membership")

    assert done.exit_code == 2
    assert "RuntimeError" in done.stderr
    assert "110109199001011234" not in done.output


def test_what_is_broken_off_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("shared.cli.services.check_service", interrupted)

    done = gonghui("log", "tail", "membership")

    assert done.exit_code == 130
    assert "已中断" in done.stderr
