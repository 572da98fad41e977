"""The mobile telephone number of mainland China (handbook, glossary 8.3)."""

import re
from typing import ClassVar, Self

from shared.standards.invalid import Invalid
from shared.standards.text import tidy

_PATTERN = r"^1[3-9][0-9]{9}$"
_form = re.compile(_PATTERN).fullmatch
_SEPARATORS = re.compile(r"[\s\-－]")


class MobileNumber(str):
    """A mobile number of eleven digits. The constructor believes its argument; typed text is parsed."""

    __slots__ = ()
    pattern: ClassVar[str | None] = _PATTERN
    longest: ClassVar[int] = 11
    example: ClassVar[str] = "19900000001"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Returns the number without +86, spaces and hyphens. Refused: mobile.form."""
        number = _SEPARATORS.sub("", tidy(text)).replace("＋", "+").removeprefix("+86")
        if not _form(number):
            raise Invalid(
                "mobile.form",
                "手机号应为11位数字，以13至19开头",
                "must be 11 digits that begin with 13 to 19",
            )
        return cls(number)
