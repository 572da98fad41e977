"""Text that every store, spreadsheet and screen can hold, and the tidying that all typed values share.

Source: handbook, glossary 8.5 (trim; NFKC for digits and Latin only).
"""

import re
import unicodedata
from typing import ClassVar, Self

from shared.standards.invalid import Invalid

# Neither PostgreSQL (NUL), UTF-8 (lone surrogates) nor a spreadsheet's XML (the other controls, FFFE, FFFF)
# can hold these; the direction overrides among them would let a notice show another order than is stored.
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
_LINE_OR_TAB = re.compile(r"[\t\n]")

# Full NFKC would replace compatibility ideographs, which stand in people's names, by other characters.
_DIGIT_OR_LATIN = re.compile(
    r"[0-9A-Za-z\u00c0-\u024f\u1e00-\u1eff\uff10-\uff19\uff21-\uff3a\uff41-\uff5a][\u0300-\u036f]*"
)
_NUMBER_CELL = re.compile(r"[0-9]+(\.[0-9]*)?[Ee]\+?[0-9]+|[0-9]+\.[0-9]*")


def tidy(text: str) -> str:
    """Returns the text without surrounding white space (full-width included), digits and Latin in NFKC."""
    text = text.strip()
    if text.isascii():
        return text
    return _DIGIT_OR_LATIN.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)


def is_number_cell(text: str) -> bool:
    """Whether a long number was read from a numeric cell: scientific notation or a decimal point.

    Spreadsheets keep 15 digits of a number, so such a text has lost its last ones (handbook, membership:
    identity and card numbers are text cells).
    """
    return _NUMBER_CELL.fullmatch(text) is not None


def check_text(text: str, longest: int, *, several_lines: bool = False) -> str:
    """Returns the text unchanged if it can be stored and shown everywhere.

    Arguments: `longest` in characters (code points); `several_lines` allows line feed and tab.
    Refused: text.too_long, text.lone_surrogate, text.control_character.
    """
    if len(text) > longest:
        raise Invalid(
            "text.too_long", f"不能超过{longest}个字", f"must not be longer than {longest} characters"
        )
    if _LONE_SURROGATE.search(text):
        raise Invalid("text.lone_surrogate", "含有残缺的字符", "contains half of a character")
    if _CONTROL.search(text) or (not several_lines and _LINE_OR_TAB.search(text)):
        raise Invalid(
            "text.control_character", "含有控制字符或换行", "contains a control character or line break"
        )
    return text


class Text(str):
    """Free text on one line, trimmed, never empty."""

    __slots__ = ()
    pattern: ClassVar[str | None] = None
    longest: ClassVar[int] = 200
    example: ClassVar[str] = "家属患病，本年自付医疗费较多"
    several_lines: ClassVar[bool] = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """Refused: text.empty and what `check_text` refuses."""
        text = text.strip()
        if not text:
            raise Invalid("text.empty", "不能为空", "must not be empty")
        if cls.several_lines:
            text = text.replace("\r\n", "\n")
        return cls(check_text(text, cls.longest, several_lines=cls.several_lines))


class LongText(Text):
    """Free text on several lines, such as minutes or a reason at length, trimmed, never empty."""

    __slots__ = ()
    longest: ClassVar[int] = 2000
    example: ClassVar[str] = "会议纪要：\n一、审议困难职工档案\n二、同意发放慰问金"
    several_lines: ClassVar[bool] = True
