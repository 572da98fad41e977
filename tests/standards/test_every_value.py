"""What holds for every value of the standards: plain text in JSON, and what schemas read from the class."""

import copy
import json
import pickle
import re
from typing import ClassVar, Protocol

import pytest

from shared.standards.bank_card import BankCardNumber
from shared.standards.branch_code import BranchCode
from shared.standards.credit_code import CreditCode
from shared.standards.division_code import DivisionCode
from shared.standards.identity_document import BirthDate, OtherDocumentNumber, PassportNumber
from shared.standards.identity_number import IdentityNumber
from shared.standards.invalid import Invalid
from shared.standards.mobile import MobileNumber
from shared.standards.person_name import PersonName
from shared.standards.text import LongText, Text


class Value(Protocol):
    """The face of every value's class."""

    pattern: ClassVar[str | None]
    longest: ClassVar[int]
    example: ClassVar[str]

    @classmethod
    def parse(cls, text: str) -> str: ...


VALUES: list[type[Value]] = [
    BankCardNumber,
    BirthDate,
    BranchCode,
    CreditCode,
    DivisionCode,
    IdentityNumber,
    LongText,
    MobileNumber,
    OtherDocumentNumber,
    PassportNumber,
    PersonName,
    Text,
]
every_value = pytest.mark.parametrize("value", VALUES, ids=lambda value: value.__name__)


@every_value
def test_the_example_is_valid_and_fits_pattern_and_length(value: type[Value]) -> None:
    parsed = value.parse(value.example)

    assert type(parsed).__name__ == value.__name__
    assert parsed == value.example
    assert len(parsed) <= value.longest
    assert value.pattern is None or re.search(value.pattern, parsed)


@every_value
def test_a_value_is_plain_text_in_json_and_survives_copies(value: type[Value]) -> None:
    parsed = value.parse(value.example)

    assert json.loads(json.dumps([parsed])) == [value.example]
    assert pickle.loads(pickle.dumps(parsed)) == copy.deepcopy(parsed) == value.example
    assert hash(parsed) == hash(value.example)


@every_value
@pytest.mark.parametrize("text", ["\x00", "\ud800", "", "字\x00" * 3000])
def test_nothing_unstorable_is_accepted(value: type[Value], text: str) -> None:
    with pytest.raises(Invalid):
        value.parse(text)


def test_a_refusal_survives_the_way_between_processes() -> None:
    refused = pickle.loads(pickle.dumps(Invalid("text.empty", "不能为空", "must not be empty")))

    assert (refused.code, refused.zh, refused.en) == ("text.empty", "不能为空", "must not be empty")
    assert str(refused) == "text.empty: must not be empty"
