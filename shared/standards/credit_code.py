"""The unified social credit code (GB 32100-2015) and the organisation code inside it (GB 11714).

Source: handbook, glossary 8.2.
"""

import re
from typing import ClassVar, Self

from shared.standards.invalid import Invalid
from shared.standards.text import tidy

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_WEIGHTS = tuple(3**place % 31 for place in range(17))
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_PATTERN = r"^[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{8}[0-9X][0-9A-HJ-NPQRTUWXY]$"
_form = re.compile(_PATTERN).fullmatch


class CreditCode(str):
    """A unified social credit code. The constructor believes its argument; typed text is parsed."""

    __slots__ = ()
    pattern: ClassVar[str | None] = _PATTERN
    longest: ClassVar[int] = 18
    example: ClassVar[str] = "81110109MC0000004A"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Returns the code in upper case.

        A wrong check digit of the organisation code inside is not refused, since the outer one already finds
        the slips of typing; see `organisation_check_holds`.
        Refused: credit_code.length, .characters, .check_digit.
        """
        code = tidy(text).upper()
        if len(code) != 18:
            raise Invalid("credit_code.length", "统一社会信用代码应为18位", "must have 18 characters")
        if not _form(code):
            raise Invalid(
                "credit_code.characters",
                "统一社会信用代码只用数字和大写字母，不用I、O、S、V、Z，第3至8位及第17位有固定格式",
                "takes digits and letters but I, O, S, V, Z; places 3 to 8 are digits, place 17 a digit or X",
            )
        if check_character(code[:17]) != code[17]:
            raise Invalid(
                "credit_code.check_digit",
                "统一社会信用代码校验位不符，请核对",
                "the check digit does not match",
            )
        return cls(code)

    @property
    def organisation_code(self) -> str:
        """The nine characters of GB 11714."""
        return self[8:17]

    @property
    def organisation_check_holds(self) -> bool:
        """Whether the organisation code's own check digit is right; if not, warn."""
        return organisation_check_character(self[8:16]) == self[16]


def check_character(first_17: str) -> str:
    """Returns the 18th character for the first seventeen (GB 32100)."""
    total = sum(weight * _VALUES[character] for weight, character in zip(_WEIGHTS, first_17, strict=True))
    return _ALPHABET[-total % 31]


def organisation_check_character(first_8: str) -> str:
    """Returns the ninth character of an organisation code for its first eight (GB 11714)."""
    total = sum(weight * int(each, 36) for weight, each in zip(_ORGANISATION_WEIGHTS, first_8, strict=True))
    return "0123456789X"[-total % 11]
