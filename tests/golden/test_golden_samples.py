"""Every shape in which a message was ever released still loads, and no shape changes under its number."""

import json
from pathlib import Path
from typing import Any

import pytest

from shared.rules.message import kind_of
from shared.rules.personal import ERASED, Personal
from shared.rules.plain import personal_fields, to_plain
from tests.golden.samples import EVERY_SERVICE, FOLDER, MAKE, Word, languages, shape_of, words

SAMPLES = sorted(FOLDER.glob("*/*.json"))
each_word = pytest.mark.parametrize("word", words(), ids=lambda word: word.file.stem)
each_sample = pytest.mark.parametrize("file", SAMPLES, ids=lambda file: f"{file.parent.name}/{file.stem}")


def load(file: Path) -> dict[str, Any]:
    sample: dict[str, Any] = json.loads(file.read_bytes())
    return sample


@each_sample
def test_a_released_sample_loads_with_todays_code(file: Path) -> None:
    sample = load(file)
    erased: dict[str, Personal[Any]] = {path: Personal(ERASED) for path in sample["personal"]}
    speakers = [language for language in languages() if file.parent.name in (EVERY_SERVICE, language.service)]

    assert speakers, f"no service is called {file.parent.name}"
    for language in speakers:
        understood = language.command if sample["is"] == "command" else language.event
        loaded = understood(sample["name"], sample["schema"], sample["data"], erased)
        if kind_of(type(loaded)).schema == sample["schema"]:
            assert to_plain(loaded) == sample["data"]
            assert [path for path, _, _ in personal_fields(loaded)] == sample["personal"]


@each_word
def test_a_message_has_a_sample_of_its_present_shape(word: Word) -> None:
    assert word.file.exists(), (
        f"{word.file.stem} has no golden sample: run `{MAKE}`, look at the new file and commit it"
    )


@each_word
def test_a_shape_does_not_change_without_a_new_schema_number(word: Word) -> None:
    if word.file.exists():
        assert load(word.file)["shape"] == shape_of(word.message_type), (
            f"{word.file.stem} was released in another shape: give the message an upcaster from that one "
            f"(its schema number rises with it), then run `{MAKE}`"
        )
