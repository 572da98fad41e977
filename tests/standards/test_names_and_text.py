"""Person names and free text; handbook, glossary 8.5, masking after assistance 1.5."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.standards.invalid import Invalid
from shared.standards.person_name import PersonName
from shared.standards.text import LongText, Text, check_text
from tests.standards.invalid_values import assert_refused


@pytest.mark.parametrize(
    "text", ["张", "张三", "欧阳明珠", "阿依古丽·买买提", "\U00020bb7田", "John Smith", "明" * 50]
)
def test_names_of_one_to_fifty_characters_are_accepted_rare_ones_too(text: str) -> None:
    assert PersonName.parse(text) == text


@pytest.mark.parametrize("dot", ["·", "•", "・", "．"])
def test_every_middle_dot_becomes_the_one_of_the_standard(dot: str) -> None:
    assert PersonName.parse(f"阿依古丽{dot}买买提") == "阿依古丽\u00b7买买提"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("　张三　", "张三"),
        (" 张三\n", "张三"),
        ("Ｊｏｈｎ２", "John2"),
        ("Jose\u0301", "José"),
        ("\uf9dc", "\uf9dc"),
        ("（张三）", "（张三）"),
    ],
)
def test_only_spaces_around_digits_and_latin_are_put_right(text: str, name: str) -> None:
    assert PersonName.parse(text) == name


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "person_name.empty"),
        ("　 ", "person_name.empty"),
        ("·", "person_name.empty"),
        ("张\u200b三", "person_name.invisible_character"),
        ("\ufeff张三", "person_name.invisible_character"),
        ("明" * 51, "text.too_long"),
        ("张\x00三", "text.control_character"),
        ("张\n三", "text.control_character"),
        ("张\u202e三", "text.control_character"),
        ("张\ud842", "text.lone_surrogate"),
    ],
)
def test_what_is_no_name_is_refused(text: str, code: str) -> None:
    assert_refused(PersonName.parse, text, code)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("张明", "张*"),
        ("张小明", "张*明"),
        ("欧阳明珠", "欧*珠"),
        ("阿依古丽·买买提", "阿依古丽*"),
        ("张", "*"),
        ("\U00020bb7田", "\U00020bb7*"),
        ("葛\U000e0100小明", "葛\U000e0100*明"),
        ("葛\U000e0100明", "葛\U000e0100*"),
    ],
)
def test_a_public_notice_shows_the_name_masked(name: str, shown: str) -> None:
    assert PersonName.parse(name).mask() == shown


@given(st.text(min_size=1, max_size=50))
def test_a_masked_name_is_never_the_whole_name(text: str) -> None:
    try:
        name = PersonName.parse(text)
    except Invalid:
        return
    assert PersonName.parse(name) == name
    assert "*" in name.mask()


@pytest.mark.parametrize("text", ["“金秋助学”启动", "２０１７年", "家庭👨\u200d👩\u200d👧", "=SUM(A1)"])
def test_free_text_is_kept_verbatim(text: str) -> None:
    assert Text.parse(text) == text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "text.empty"),
        ("　\n", "text.empty"),
        ("字" * 201, "text.too_long"),
        ("一\x00二", "text.control_character"),
        ("一\x1b二", "text.control_character"),
        ("一\x85二", "text.control_character"),
        ("一\ufffe二", "text.control_character"),
        ("一\n二", "text.control_character"),
        ("一\ud800二", "text.lone_surrogate"),
        ("一" + chr(0xDFFF), "text.lone_surrogate"),
    ],
)
def test_text_that_a_store_or_spreadsheet_cannot_hold_is_refused(text: str, code: str) -> None:
    assert_refused(Text.parse, text, code)


def test_the_longest_text_passes_and_the_refusal_of_a_longer_one_states_the_limit() -> None:
    assert check_text("字" * 7, 7) == "字" * 7
    with pytest.raises(Invalid) as caught:
        check_text("字" * 8, 7)
    assert "7" in caught.value.zh
    assert "7" in caught.value.en


def test_long_text_has_lines_written_in_one_way() -> None:
    assert LongText.parse("一\r\n二\t三\n") == "一\n二\t三"
    assert_refused(LongText.parse, "一\r二", "text.control_character")
    assert_refused(LongText.parse, "字" * 2001, "text.too_long")


@given(st.text(alphabet=st.characters(codec=None), max_size=30))
def test_accepted_text_can_be_encoded_and_holds_no_nul(text: str) -> None:
    try:
        accepted = LongText.parse(text)
    except Invalid:
        return
    assert b"\x00" not in accepted.encode()
