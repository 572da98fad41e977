"""Bank cards, mobile numbers, branch and division codes; vectors of the glossary, 8.3 and 8.4."""

import pytest

from shared.standards.bank_card import BankCardNumber
from shared.standards.branch_code import BranchCode
from shared.standards.division_code import DivisionCode
from shared.standards.mobile import MobileNumber
from tests.standards.invalid_values import assert_refused

CARDS = ["6200000000000005", "6200000000000000018", "6200000000000012344"]
DIVISIONS = [
    "110109",
    "110113",
    "110118",
    "110228",
    "110119",
    "110229",
    "152501",
    "152502",
    "152522",
    "152526",
    "152571",
]


@pytest.mark.parametrize("text", CARDS)
def test_the_handbooks_cards_are_accepted_typed_and_imported(text: str) -> None:
    assert BankCardNumber.parse(text) == BankCardNumber.parse_imported(text) == text


def test_a_card_whose_check_digit_fails_is_refused_typed_and_only_told_on_import() -> None:
    assert_refused(BankCardNumber.parse, "6200000000000006", "bank_card.check_digit")

    imported = BankCardNumber.parse_imported("6200000000000006")

    assert not imported.check_digit_holds


def test_a_card_is_shown_by_its_last_four_digits() -> None:
    assert BankCardNumber("6200000000000012344").last_four == "2344"


@pytest.mark.parametrize(
    "text", ["6200 0000 0000 0005", "6200-0000-0000-0005", "　６２００00000000０００５　"]
)
def test_groups_and_full_width_digits_of_a_card_are_put_right(text: str) -> None:
    assert BankCardNumber.parse(text) == "6200000000000005"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "form"),
        ("620000000000005", "form"),
        ("62000000000000000018", "form"),
        ("620000000000000A", "form"),
        ("6.2E+18", "precision_lost"),
        ("6200000000000005.0", "precision_lost"),
        ("6212345678901230000", "precision_lost"),
    ],
)
def test_what_is_no_card_is_refused_typed_and_imported(text: str, reason: str) -> None:
    assert_refused(BankCardNumber.parse, text, f"bank_card.{reason}")
    assert_refused(BankCardNumber.parse_imported, text, f"bank_card.{reason}")


def test_a_card_of_sixteen_digits_may_end_with_zero() -> None:
    assert BankCardNumber.parse("6200000000000070") == "6200000000000070"
    assert BankCardNumber.parse_imported("6200000000000010") == "6200000000000010"


@pytest.mark.parametrize(
    "text",
    ["13912345678", "+8613912345678", "+86 139-1234-5678", " 139 1234 5678 ", "＋86　１３９１２３４５６７８"],
)
def test_a_mobile_number_is_freed_of_country_code_spaces_and_hyphens(text: str) -> None:
    assert MobileNumber.parse(text) == "13912345678"


@pytest.mark.parametrize(
    "text", ["", "12912345678", "1391234567", "139123456789", "010-69842345", "1.39E+10"]
)
def test_what_is_no_mobile_number_is_refused(text: str) -> None:
    assert_refused(MobileNumber.parse, text, "mobile.form")


def test_a_branch_code_has_twelve_digits() -> None:
    assert BranchCode.parse(" 102100000000") == "102100000000"
    assert_refused(BranchCode.parse, "10210000000", "branch_code.form")


@pytest.mark.parametrize("text", DIVISIONS)
def test_the_handbooks_divisions_are_accepted_abolished_and_statistical_ones_too(text: str) -> None:
    assert DivisionCode.parse(text) == text


@pytest.mark.parametrize("text", ["", "11010", "1101090", "010109", "11010A"])
def test_what_is_no_division_code_is_refused(text: str) -> None:
    assert_refused(DivisionCode.parse, text, "division_code.form")
