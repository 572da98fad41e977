"""A person's name: what is accepted (glossary 8.5; GB 18030-2022) and how a public notice masks it."""

import re
from typing import ClassVar, Self

from shared.standards.invalid import Invalid
from shared.standards.text import check_text, tidy

_TO_MIDDLE_DOT = str.maketrans("\u2022\u30fb\uff0e", "\u00b7\u00b7\u00b7")
# Characters without width or ink would make two names that look alike differ.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")
# An accent or a variant selector belongs to the character before it.
_CHARACTER = re.compile("(?s:.)[\u0300-\u036f\ufe00-\ufe0f\U000e0100-\U000e01ef]*")


class PersonName(str):
    """A person's name, surname and given name undivided. The constructor believes its argument."""

    __slots__ = ()
    pattern: ClassVar[str | None] = None
    longest: ClassVar[int] = 50
    example: ClassVar[str] = "张小明"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Returns the name trimmed, with `·` (U+00B7) as its only middle dot, digits and Latin in NFKC.

        Refused: person_name.empty, .invisible_character, text.too_long, .lone_surrogate, .control_character.
        """
        name = tidy(check_text(text.strip(), cls.longest)).translate(_TO_MIDDLE_DOT)
        if not name.strip("· "):
            raise Invalid("person_name.empty", "姓名不能为空", "the name must not be empty")
        if _INVISIBLE.search(name):
            raise Invalid(
                "person_name.invisible_character", "姓名含有不可见字符", "contains an invisible character"
            )
        return cls(name)

    def mask(self) -> str:
        """Returns the name as a public notice shows it: `张*`, `张*明`, or the part before `·` and `*`.

        Source: handbook, assistance 1.5 (sample, not official). A name of one character is wholly masked.
        """
        first_part, dot, _ = self.partition("·")
        if dot:
            return f"{first_part}*"
        characters = _CHARACTER.findall(self)
        if len(characters) == 1:
            return "*"
        return f"{characters[0]}*" + (characters[-1] if len(characters) > 2 else "")
