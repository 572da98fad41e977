"""The bank branch code, 联行号: twelve digits, form only (handbook, glossary 8.3)."""

import re
from typing import ClassVar, Self

from shared.standards.invalid import Invalid
from shared.standards.text import tidy

_PATTERN = r"^[0-9]{12}$"
_form = re.compile(_PATTERN).fullmatch


class BranchCode(str):
    """A bank branch code. The constructor believes its argument; typed text is parsed."""

    __slots__ = ()
    pattern: ClassVar[str | None] = _PATTERN
    longest: ClassVar[int] = 12
    example: ClassVar[str] = "102100000000"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Refused: branch_code.form."""
        code = tidy(text)
        if not _form(code):
            raise Invalid("branch_code.form", "联行号应为12位数字", "must be 12 digits")
        return cls(code)
