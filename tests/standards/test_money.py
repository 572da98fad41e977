"""Money in whole fen; units of glossary 6, capital numerals by the examples of 银发〔1997〕393号."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.standards.invalid import Invalid
from shared.standards.money import FEN_MAX, format_yuan, in_words, parse_yuan, plain_yuan
from tests.standards.invalid_values import assert_refused


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("1", 100),
        ("1,234.50", 123_450),
        ("1234.5", 123_450),
        ("0.01", 1),
        ("0", 0),
        ("12.3400", 1_234),
        ("-8", -800),
        ("￥1，000", 100_000),
        ("¥ 5".replace(" ", ""), 500),
        (" １０００．５元　", 100_050),
        ("999,999,999,999.99", FEN_MAX),
    ],
)
def test_yuan_are_read_as_fen(text: str, fen: int) -> None:
    assert parse_yuan(text) == fen


@pytest.mark.parametrize(
    ("text", "fen"), [("1", 1_000_000), ("117.29", 117_290_000), ("32万元", 32_000_000), ("0.000001", 1)]
)
def test_ten_thousand_yuan_are_read_as_fen(text: str, fen: int) -> None:
    assert parse_yuan(text, "ten_thousand_yuan") == fen


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "form"),
        ("1,23", "form"),
        ("1.2.3", "form"),
        ("1e5", "form"),
        (".5", "form"),
        ("--1", "form"),
        ("五元", "form"),
        ("١٢", "form"),
        ("nan", "form"),
        ("1" * 100_000, "form"),
        ("3万元", "unit"),
        ("0.005", "below_fen"),
        ("0.30000000000000004", "below_fen"),
        ("5,000,000,000,000", "too_large"),
    ],
)
def test_what_is_no_amount_is_refused(text: str, reason: str) -> None:
    assert_refused(parse_yuan, text, f"money.{reason}")


def test_an_amount_in_another_unit_than_the_columns_is_refused() -> None:
    assert_refused(lambda text: parse_yuan(text, "ten_thousand_yuan"), "300元", "money.unit")


@pytest.mark.parametrize(
    ("fen", "text"), [(0, "0.00"), (5, "0.05"), (123_450, "1,234.50"), (-1, "-0.01"), (-100_000, "-1,000.00")]
)
def test_fen_are_printed_as_yuan_with_two_decimals(fen: int, text: str) -> None:
    assert format_yuan(fen) == text
    assert plain_yuan(fen) == text.replace(",", "")


@given(st.integers(-FEN_MAX, FEN_MAX))
def test_what_is_printed_is_read_back_to_the_fen(fen: int) -> None:
    assert parse_yuan(format_yuan(fen)) == parse_yuan(plain_yuan(fen)) == fen


@pytest.mark.parametrize(
    ("yuan", "words"),
    [
        ("1,409.50", "壹仟肆佰零玖元伍角"),
        ("6,007.14", "陆仟零柒元壹角肆分"),
        ("1,680.32", "壹仟陆佰捌拾元零叁角贰分"),
        ("107,000.53", "壹拾万柒仟元零伍角叁分"),
        ("16,409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("325.04", "叁佰贰拾伍元零肆分"),
    ],
)
def test_the_rules_own_examples_are_written_out_as_there(yuan: str, words: str) -> None:
    assert in_words(parse_yuan(yuan)) == words


@pytest.mark.parametrize(
    ("yuan", "words"),
    [
        ("0", "零元整"),
        ("0.05", "伍分"),
        ("0.50", "伍角"),
        ("0.55", "伍角伍分"),
        ("10", "壹拾元整"),
        ("1,000", "壹仟元整"),
        ("1,005", "壹仟零伍元整"),
        ("1,050", "壹仟零伍拾元整"),
        ("10,005", "壹万零伍元整"),
        ("100,500", "壹拾万零伍佰元整"),
        ("1,000,000", "壹佰万元整"),
        ("10,010,001", "壹仟零壹万零壹元整"),
        ("100,000,001", "壹亿零壹元整"),
        ("100,005,000", "壹亿零伍仟元整"),
        ("100,010,000", "壹亿零壹万元整"),
        ("1,172,900", "壹佰壹拾柒万贰仟玖佰元整"),
        (
            "999,999,999,999.99",
            "玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分",
        ),
    ],
)
def test_amounts_are_written_out_in_capital_numerals(yuan: str, words: str) -> None:
    assert in_words(parse_yuan(yuan)) == words


@pytest.mark.parametrize(("fen", "reason"), [(-1, "negative"), (FEN_MAX + 1, "too_large")])
def test_an_amount_that_cannot_be_written_out_is_refused(fen: int, reason: str) -> None:
    with pytest.raises(Invalid) as caught:
        in_words(fen)
    assert caught.value.code == f"money.{reason}"


def fen_of(words: str) -> int:
    """Reads capital numerals back, by another road than they are written."""
    total = section = digit = 0
    for sign in words.rstrip("整"):
        match sign:
            case "元":
                total, section, digit = (total + section + digit) * 100, 0, 0
            case "角" | "分":
                total, digit = total + digit * (10 if sign == "角" else 1), 0
            case "亿" | "万":
                total, section, digit = total + (section + digit) * (10**8 if sign == "亿" else 10**4), 0, 0
            case "仟" | "佰" | "拾":
                section, digit = section + digit * {"仟": 1000, "佰": 100, "拾": 10}[sign], 0
            case _:
                digit = "零壹贰叁肆伍陆柒捌玖".index(sign)
    return total


@given(
    st.one_of(st.integers(0, 20_000), st.integers(0, FEN_MAX), st.integers(0, 10**6).map(lambda n: n * 10**7))
)
def test_capital_numerals_read_back_as_the_same_amount_and_never_double_a_zero(fen: int) -> None:
    words = in_words(fen)

    assert fen_of(words) == fen
    assert "零零" not in words
    assert ("元整" in words) == (fen % 100 == 0)
