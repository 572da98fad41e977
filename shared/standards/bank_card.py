"""The bank card number (ISO/IEC 7812-1: 16 to 19 digits, Luhn's check; handbook, glossary 8.3)."""

import re
from typing import ClassVar, Self

from shared.standards.invalid import Invalid
from shared.standards.text import is_number_cell, tidy

_PATTERN = r"^[0-9]{16,19}$"
_form = re.compile(_PATTERN).fullmatch
_SEPARATORS = re.compile(r"[\s\-]")
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)  # twice the digit, less 9 where that is above 9


class BankCardNumber(str):
    """A bank card number. The constructor believes its argument; typed text goes through `parse`."""

    __slots__ = ()
    pattern: ClassVar[str | None] = _PATTERN
    longest: ClassVar[int] = 19
    example: ClassVar[str] = "6200000000000005"

    @classmethod
    def parse(cls, text: str) -> Self:
        """For a typed number: returns it without spaces and hyphens.

        Refused: bank_card.check_digit and what `parse_imported` refuses.
        """
        number = cls.parse_imported(text)
        if not number.check_digit_holds:
            raise Invalid(
                "bank_card.check_digit", "银行卡号校验不符，请核对各位数字", "the check digit does not match"
            )
        return number

    @classmethod
    def parse_imported(cls, text: str) -> Self:
        """For a number from a file, where a check digit that does not hold is only a warning.

        Refused: bank_card.precision_lost, .form.
        """
        number = _SEPARATORS.sub("", tidy(text))
        if is_number_cell(number):
            raise _precision_lost()
        if not _form(number):
            raise Invalid("bank_card.form", "银行卡号应为16至19位数字", "must be 16 to 19 digits")
        card = cls(number)
        # A single 0 after the fifteenth digit says nothing: every tenth card of 16 digits ends so.
        if len(card) > 16 and not card[15:].strip("0") and not card.check_digit_holds:
            raise _precision_lost()
        return card

    @property
    def check_digit_holds(self) -> bool:
        digits = [int(digit) for digit in reversed(self)]
        return (sum(digits[::2]) + sum(_DOUBLED[digit] for digit in digits[1::2])) % 10 == 0

    @property
    def last_four(self) -> str:
        """The only part that screens and papers show."""
        return self[-4:]


def _precision_lost() -> Invalid:
    return Invalid(
        "bank_card.precision_lost",
        "表格把银行卡号存成了数值，末几位已丢失；请把该列设为文本后重新填写",
        "a numeric cell has lost the last digits; make the column text and enter it again",
    )
