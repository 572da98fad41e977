"""The resident identity number (GB 11643-1999): form, birth date, sex, check digit, 15-digit old form.

Source: handbook, glossary 8.1.
"""

import re
from datetime import date
from operator import mul
from typing import ClassVar, Literal, Self

from shared.standards.invalid import Invalid
from shared.standards.text import is_number_cell, tidy

# [0-9] and not \d, which in Python also matches the digits of other scripts.
_DAY_OF_CALENDAR = r"(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])"
_PATTERN = rf"^[1-9][0-9]{{5}}(18|19|20)[0-9]{{2}}{_DAY_OF_CALENDAR}[0-9]{{3}}[0-9X]$"
_standard = re.compile(_PATTERN).fullmatch
_CHARACTERS = re.compile(r"[1-9][0-9]{16}[0-9X]")
_OTHER_DOCUMENT = re.compile(r"[A-Z]{1,3}[0-9]")
_LEGACY = re.compile(r"[1-9][0-9]{14}")

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_CHARACTERS = "10X98765432"
# The codes of "0" to "9" begin at 48, so a weighted sum of codes is a constant above that of the digits;
# taking the codes as they are saves seventeen conversions for each number of an import.
_CODES_OVER_DIGITS = 48 * sum(_WEIGHTS)
_LONGEST_TYPED = 64


class IdentityNumber(str):
    """A resident identity number in its 18-character form.

    The constructor believes its argument (a stored value); what somebody typed goes through `parse`.
    """

    __slots__ = ()
    pattern: ClassVar[str | None] = _PATTERN
    longest: ClassVar[int] = 18
    example: ClassVar[str] = "11010519491231002X"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Returns the 18-character number, also for a 15-digit old one, so that both find the same person.

        The first six digits are checked for form only: an abolished division code is no error. Whether the
        birth date lies in the future is asked by `check_on`, since it needs today's date.

        Refused: identity_number.precision_lost, .other_document, .length, .characters, .date, .check_digit.
        """
        if _standard(text) is None:
            text = _standard_form(text)
        if text[12:14] > "28":
            _check_day_exists(text)
        if check_character(text[:17]) != text[17]:
            if text.endswith("000"):
                raise _precision_lost()
            raise Invalid(
                "identity_number.check_digit",
                "身份证号校验位不符，请核对各位数字",
                "the check digit does not match; compare every digit with the card",
            )
        return cls(text)

    @property
    def born_on(self) -> date:
        return date(int(self[6:10]), int(self[10:12]), int(self[12:14]))

    @property
    def sex(self) -> Literal["male", "female"]:
        return "male" if int(self[16]) % 2 else "female"

    def age_on(self, day: date) -> int:
        """Full years on a day; one born on 29 February completes a year on 1 March."""
        born_on = self.born_on
        return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))

    @property
    def needs_manual_check(self) -> bool:
        """Whether a person must compare the number with the card, although its check digit holds.

        Two cases: sequence 996 to 999 under a year 19.., which old numbers gave to centenarians, who were
        born in the century before; and 000 at the end, which a spreadsheet leaves of any number and which
        meets the check digit by chance once in eleven times. Both also occur in true numbers, so they are
        not refused.
        """
        return (self[6:8] == "19" and self[14:17] >= "996") or self.endswith("000")

    def check_on(self, today: date) -> None:
        """Refused: identity_number.future, when the birth date lies after today."""
        if self.born_on > today:
            raise Invalid(
                "identity_number.future",
                "身份证号中的出生日期晚于今天",
                "the birth date in the number lies in the future",
            )


def check_character(first_17: str) -> str:
    """Returns the 18th character for the first seventeen digits (GB 11643, ISO 7064 MOD 11-2)."""
    return _CHECK_CHARACTERS[(sum(map(mul, _WEIGHTS, first_17.encode())) - _CODES_OVER_DIGITS) % 11]


def _standard_form(typed: str) -> str:
    """Returns what was typed as 18 characters whose date has the right shape, or says why that cannot be."""
    text = tidy(typed[:_LONGEST_TYPED]).upper()
    if is_number_cell(text):
        raise _precision_lost()
    if _LEGACY.fullmatch(text):
        text = f"{text[:6]}19{text[6:]}"
        text += check_character(text)
    if _OTHER_DOCUMENT.match(text):
        raise Invalid(
            "identity_number.other_document",
            "这是护照等其他证件的号码；此处只填18位证件号码（含出生日期和性别），其他证件须人工登记",
            "the number of another document, such as a passport; only 18-digit numbers are taken here, which "
            "tell birth date and sex: the person is registered by hand",
        )
    if len(text) != 18 or len(typed) > _LONGEST_TYPED:
        raise Invalid(
            "identity_number.length", "身份证号应为18位（旧号15位）", "must have 18 characters (old form: 15)"
        )
    if not _CHARACTERS.fullmatch(text):
        raise Invalid(
            "identity_number.characters",
            "身份证号应为数字，首位不为0，末位可为X",
            "must be digits, the first not 0; only the last may be X",
        )
    if _standard(text) is None:
        raise _no_such_day()
    return text


def _check_day_exists(text: str) -> None:
    try:
        date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        raise _no_such_day() from None


def _no_such_day() -> Invalid:
    return Invalid(
        "identity_number.date",
        "身份证号中的出生日期不存在",
        "the birth date in the number is not a day of the calendar",
    )


def _precision_lost() -> Invalid:
    return Invalid(
        "identity_number.precision_lost",
        "表格把身份证号存成了数值，末几位已丢失；请把该列设为文本后重新填写",
        "a numeric cell has lost the last digits; make the column text and enter it again",
    )
