"""What the command line says, in Chinese and in English: sentences, and mistakes with a hint."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

Tongue = Literal["zh", "en"]
TONGUES: tuple[Tongue, ...] = ("zh", "en")


class Sentence(NamedTuple):
    """One thing said, in both languages."""

    zh: str
    en: str

    def spoken(self, tongue: Tongue) -> str:
        return self.zh if tongue == "zh" else self.en


class Mistake(Exception):
    """A command could not be run; what stands in the way, and what might help.

    Args:
        more: what else a program may want to know: a refusal's code and field.
    """

    def __init__(self, sentence: Sentence, hint: Sentence, more: Mapping[str, Any] | None = None) -> None:
        super().__init__(sentence.en)
        self.sentence = sentence
        self.hint = hint
        self.more = dict(more or {})


def visible(text: str) -> str:
    """Text from a store as a screen may show it: what could steer a terminal is written out instead."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
