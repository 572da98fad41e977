"""Documents whose number no check digit guards: their numbers, and the birth date that they do not tell.

Source: handbook, glossary 7 (identity document); ICAO 9303 for passports: letters and digits only.
"""

import re
from datetime import date
from typing import ClassVar, Self

from shared.standards.dates import parse_date
from shared.standards.invalid import Invalid
from shared.standards.text import is_number_cell, tidy

_PASSPORT = r"^(?=[A-Z]*[0-9])[A-Z0-9]{5,20}$"
_OTHER = r"^(?=[^0-9]*[0-9])[A-Z0-9][A-Z0-9()/-]{2,39}$"
_LONGEST_TYPED = 64


def _number(text: str, pattern: str, code: str, zh: str, en: str) -> str:
    number = re.sub(r"\s", "", tidy(text[: _LONGEST_TYPED + 1])).upper()
    if len(text) > _LONGEST_TYPED or is_number_cell(number) or not re.fullmatch(pattern, number):
        raise Invalid(code, zh, en)
    return number


class PassportNumber(str):
    """A passport's number. The constructor believes its argument; typed text is parsed."""

    __slots__ = ()
    pattern: ClassVar[str | None] = _PASSPORT
    longest: ClassVar[int] = 20
    example: ClassVar[str] = "E12345678"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Refused: passport_number.form."""
        return cls(
            _number(
                text,
                _PASSPORT,
                "passport_number.form",
                "护照号码应为5至20位字母和数字",
                "must be 5 to 20 letters and digits",
            )
        )


class OtherDocumentNumber(str):
    """The number of a document of another kind. The constructor believes its argument."""

    __slots__ = ()
    pattern: ClassVar[str | None] = _OTHER
    longest: ClassVar[int] = 40
    example: ClassVar[str] = "H12345678(01)"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Refused: document_number.form."""
        return cls(
            _number(
                text,
                _OTHER,
                "document_number.form",
                "证件号码应为3至40位字母、数字或()/-，且含有数字",
                "must be 3 to 40 letters, digits or ()/-, with a digit among them",
            )
        )


class BirthDate(str):
    """A birth date as a personal value: ``1990-01-31``. The constructor believes its argument."""

    __slots__ = ()
    pattern: ClassVar[str | None] = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
    longest: ClassVar[int] = 10
    example: ClassVar[str] = "1990-01-31"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Refused: what ``parse_date`` refuses."""
        return cls(parse_date(text).isoformat())

    def check_on(self, today: date) -> None:
        """Refused: birth_date.future, when it lies after today."""
        if date.fromisoformat(self) > today:
            raise Invalid("birth_date.future", "出生日期晚于今天", "the birth date lies in the future")
