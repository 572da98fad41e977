"""Identity numbers after GB 11643; the vectors are those of the handbook, glossary 8.1."""

from datetime import date
from timeit import repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.people import identity_number, person
from shared.standards.identity_number import IdentityNumber, check_character
from shared.standards.invalid import Invalid
from tests.standards.invalid_values import assert_refused

HANDBOOK = [
    "11010519491231002X",
    "440524188001010014",
    "110109199001010016",
    "110109199001010024",
    "110109198802290017",
    "110109198506150036",
    "110109200306300044",
    "110109197203310050",
    "110109196402290027",
    "110113199001010010",
    "110113199508200067",
    "110118199001010012",
    "110228198001010016",
    "152501199001010016",
    "152502199001010012",
    "152522199001010018",
    "152526199001010013",
]


@pytest.mark.parametrize("text", HANDBOOK)
def test_the_handbooks_numbers_are_accepted(text: str) -> None:
    assert IdentityNumber.parse(text) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("110105194912310020", "check_digit"),
        ("110109196502290016", "date"),
        ("110109199013010016", "date"),
        ("010109199001010016", "characters"),
        ("11010919900101001", "length"),
        ("E12345678", "other_document"),
        ("USA110109900101", "other_document"),
    ],
)
def test_the_handbooks_false_numbers_are_refused_for_the_reason_it_gives(text: str, reason: str) -> None:
    assert_refused(IdentityNumber.parse, text, f"identity_number.{reason}")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "length"),
        ("1" * 100_000, "length"),
        ("11010919900101001X6", "length"),
        ("1101091990010100X6", "characters"),
        ("110109 19900101016", "characters"),
        ("١١٠١٠٩١٩٩٠٠١٠١٠٠١٦", "characters"),
        ("110109179001010016", "date"),
        ("110109199000010016", "date"),
        ("110109199004310016", "date"),
        ("110109900230001", "date"),
        ("\x00110109199001010016", "length"),
        ("\ud80010109199001010016"[:18], "characters"),
    ],
)
def test_what_is_no_number_is_refused(text: str, reason: str) -> None:
    assert_refused(IdentityNumber.parse, text, f"identity_number.{reason}")


def test_an_old_number_becomes_the_new_one_so_that_both_find_the_same_person() -> None:
    assert IdentityNumber.parse("110105491231002") == "11010519491231002X"


@pytest.mark.parametrize(
    "text", ["11010519491231002x", " 11010519491231002X\n", "　１１０１０５１９４９１２３１００２ｘ　"]
)
def test_small_x_full_width_digits_and_spaces_around_are_put_right(text: str) -> None:
    assert IdentityNumber.parse(text) == "11010519491231002X"


@pytest.mark.parametrize(
    "text",
    [
        "1.10109199001010E+17",
        "1.1010919900101e+17",
        "110109199001010016.0",
        "110109199001010000",
        "110109199506151000",
    ],
)
def test_a_number_that_lost_digits_in_a_spreadsheet_is_refused_with_its_own_hint(text: str) -> None:
    assert_refused(IdentityNumber.parse, text, "identity_number.precision_lost")


def test_birth_date_and_sex_come_from_the_number() -> None:
    woman, man = IdentityNumber("11010519491231002X"), IdentityNumber("440524188001010014")

    assert (woman.born_on, woman.sex) == (date(1949, 12, 31), "female")
    assert (man.born_on, man.sex) == (date(1880, 1, 1), "male")


def test_a_birth_date_after_today_is_refused_and_today_is_not() -> None:
    born_that_day = IdentityNumber("110109200306300044")

    born_that_day.check_on(date(2003, 6, 30))
    with pytest.raises(Invalid) as caught:
        born_that_day.check_on(date(2003, 6, 29))
    assert caught.value.code == "identity_number.future"


@pytest.mark.parametrize("sequence", ["996", "997", "998", "999"])
def test_the_old_number_of_a_centenarian_goes_to_manual_check(sequence: str) -> None:
    assert IdentityNumber.parse(f"110105011231{sequence}").needs_manual_check


def test_a_number_that_ends_with_three_zeros_and_still_checks_goes_to_manual_check() -> None:
    first_17 = next(
        f"110109199001{day:02}{hundred}00"
        for day in range(1, 29)
        for hundred in range(1, 10)
        if check_character(f"110109199001{day:02}{hundred}00") == "0"
    )

    assert IdentityNumber.parse(first_17 + "0").needs_manual_check


@pytest.mark.parametrize("text", [*HANDBOOK, "110105491231995", "110109200101019961", "110109188001019973"])
def test_an_ordinary_number_needs_no_manual_check(text: str) -> None:
    assert not IdentityNumber.parse(text).needs_manual_check


@given(st.integers(0, 999_999), st.integers(0, 17), st.sampled_from("0123456789X"))
def test_one_wrong_character_never_passes_as_a_number(index: int, place: int, character: str) -> None:
    right = person(index).identity_number
    wrong = right[:place] + character + right[place + 1 :]

    if wrong == right:
        assert IdentityNumber.parse(wrong) == right
    else:
        with pytest.raises(Invalid):
            IdentityNumber.parse(wrong)


@given(st.integers(0, 999_999), st.integers(0, 16))
def test_two_neighbouring_characters_exchanged_never_pass(index: int, place: int) -> None:
    right = person(index).identity_number
    wrong = right[:place] + right[place + 1] + right[place] + right[place + 2 :]

    if wrong != right:
        with pytest.raises(Invalid):
            IdentityNumber.parse(wrong)


@given(st.text(max_size=25))
def test_any_text_gives_a_number_or_a_refusal(text: str) -> None:
    try:
        number = IdentityNumber.parse(text)
    except Invalid:
        return
    assert IdentityNumber.parse(number) == number


def test_checking_a_number_is_cheap_enough_for_an_import_of_all_members() -> None:
    # Measured 1.5 microseconds; the bound leaves room for a busy machine.
    seconds = min(repeat(lambda: IdentityNumber.parse("110109199001010016"), number=2_000, repeat=5))

    assert seconds / 2_000 < 20e-6


@pytest.mark.parametrize(
    ("born_on", "day", "years"),
    [
        (date(2000, 5, 4), date(2016, 5, 3), 15),
        (date(2000, 5, 4), date(2016, 5, 4), 16),
        (date(2000, 2, 29), date(2016, 2, 28), 15),
        (date(2000, 2, 29), date(2015, 2, 28), 14),
        (date(2000, 2, 29), date(2015, 3, 1), 15),
    ],
)
def test_age_is_counted_in_full_years(born_on: date, day: date, years: int) -> None:
    assert identity_number(born_on, 110).age_on(day) == years
