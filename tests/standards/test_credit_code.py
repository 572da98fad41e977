"""Unified social credit codes after GB 32100; the vectors are those of the handbook, glossary 8.2."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.standards.credit_code import CreditCode, check_character, organisation_check_character
from shared.standards.invalid import Invalid
from tests.standards.invalid_values import assert_refused

HANDBOOK = [
    "91350100M000100Y43",
    "81110109MC0000004A",
    "81110113MC00000043",
    "81110118MC0000004B",
    "81152500MC00000046",
    "81110109MC00000718",
    "81110109MC00001431",
    "81110109MC00000200",
]


@pytest.mark.parametrize("text", HANDBOOK)
def test_the_handbooks_codes_are_accepted_and_both_check_digits_hold(text: str) -> None:
    code = CreditCode.parse(text)

    assert code == text
    assert code.organisation_check_holds


def test_a_remainder_of_zero_gives_the_check_digit_zero() -> None:
    assert check_character("81110109MC0000020") == "0"


def test_the_organisation_codes_check_digit_may_be_x_or_zero() -> None:
    found = {organisation_check_character(f"MC0000{number:02}") for number in range(40)}

    assert found == set("0123456789X")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("91350100M000100Y4Z", "characters"),
        ("91350100M000100Y44", "check_digit"),
        ("91350100M000100Y4", "length"),
        ("", "length"),
        ("91350100I000100Y43", "characters"),
        ("9135010AM000100Y43", "characters"),
        ("91350100M000100YY3", "characters"),
        ("1" * 100_000, "length"),
    ],
)
def test_what_is_no_code_is_refused(text: str, reason: str) -> None:
    assert_refused(CreditCode.parse, text, f"credit_code.{reason}")


@pytest.mark.parametrize("text", ["91350100m000100y43", "　９１３５０１００Ｍ０００１００Ｙ４３ "])
def test_small_letters_full_width_and_spaces_around_are_put_right(text: str) -> None:
    assert CreditCode.parse(text) == "91350100M000100Y43"


def test_a_wrong_inner_check_digit_is_only_told_so_that_the_office_can_warn() -> None:
    first_17 = "81110109MC0000005"

    code = CreditCode.parse(first_17 + check_character(first_17))

    assert code.organisation_code == "MC0000005"
    assert not code.organisation_check_holds


@given(st.sampled_from(HANDBOOK), st.integers(0, 17), st.sampled_from("0123456789ABCDEFGHJKLMNPQRTUWXY"))
def test_one_wrong_character_never_passes_as_a_code(right: str, place: int, character: str) -> None:
    wrong = right[:place] + character + right[place + 1 :]

    if wrong != right:
        with pytest.raises(Invalid):
            CreditCode.parse(wrong)
