"""The code of an administrative division (GB/T 2260): form only, since codes are abolished and added.

Source: handbook, glossary 8.4; statistical codes outside the standard, such as 152571, are accepted as such.
"""

import re
from typing import ClassVar, Self

from shared.standards.invalid import Invalid
from shared.standards.text import tidy

_PATTERN = r"^[1-9][0-9]{5}$"
_form = re.compile(_PATTERN).fullmatch


class DivisionCode(str):
    """A division code of six digits. The constructor believes its argument; typed text is parsed."""

    __slots__ = ()
    pattern: ClassVar[str | None] = _PATTERN
    longest: ClassVar[int] = 6
    example: ClassVar[str] = "110109"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Refused: division_code.form."""
        code = tidy(text)
        if not _form(code):
            raise Invalid(
                "division_code.form", "区划代码应为6位数字，首位不为0", "must be 6 digits, the first not 0"
            )
        return cls(code)
