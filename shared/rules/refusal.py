"""Refusals: the declared answers "no", each with a stable code and a sentence in Chinese and in English."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason to refuse, declared as a constant at the top of the module whose rule raises it.

    Calling it makes the exception to raise; the keyword arguments fill the braces in both sentences.
    They must never be personal values: a refusal travels to callers and into the access log.
    """

    code: str
    zh: str
    en: str

    def __call__(self, *, field: str | None = None, **values: object) -> "Refused":
        return Refused(self, field, values)


class Refused(Exception):
    """A command was refused; nothing has been recorded."""

    def __init__(self, refusal: Refusal, field: str | None, values: dict[str, object]) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal
        self.field = field
        self.values = values

    @property
    def code(self) -> str:
        return self.refusal.code

    @property
    def zh(self) -> str:
        return self.refusal.zh.format(**self.values)

    @property
    def en(self) -> str:
        return self.refusal.en.format(**self.values)

    def as_plain(self) -> dict[str, Any]:
        """The refusal as callers see it: code, both sentences and the field it is about, if any."""
        return {"code": self.code, "zh": self.zh, "en": self.en, "field": self.field}

    def __str__(self) -> str:
        return f"{self.code}: {self.zh} / {self.en}" + (f" ({self.field})" if self.field else "")
