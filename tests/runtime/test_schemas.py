"""What a caller sends becomes a message, or a refusal that tells everything wrong and repeats nothing."""

import json
import traceback
from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError

from shared.rules.message import message
from shared.rules.personal import Personal
from shared.rules.refusal import Refused
from shared.runtime.refusals import PROBLEMS_TOLD_MAX, RefusedInput
from shared.runtime.schemas import json_schema_of, load, schema_of
from shared.standards.bank_card import BankCardNumber
from shared.standards.branch_code import BranchCode
from shared.standards.credit_code import CreditCode
from shared.standards.division_code import DivisionCode
from shared.standards.identity_number import IdentityNumber
from shared.standards.mobile import MobileNumber
from shared.standards.person_name import PersonName
from shared.standards.text import LongText, Text


@message
class Child:
    """A child of the person."""

    child_id: str
    name: Personal[PersonName]
    born_on: date


@message
class RegisterFamily:
    """Enter a family with everything that a field can hold."""

    person_id: str
    name: Personal[PersonName]
    identity_number: Personal[IdentityNumber]
    mobile: Personal[MobileNumber] | None
    card: Personal[BankCardNumber] | None = None
    diagnosis: Personal[LongText] | None = None
    reason: Text
    minutes: LongText = LongText("无")
    remark: str = ""
    credit_code: CreditCode | None = None
    branch_code: BranchCode | None = None
    division_code: DivisionCode | None = None
    sex: Literal["female", "male"]
    level: Literal[1, 2] = 1
    amount_fen: int
    urgent: bool
    visited_on: date
    threshold: int | str = 0
    children: tuple[Child, ...] = ()
    eldest: Child | None = None
    by_school: Mapping[str, Child] | None = None
    days: tuple[date, ...] = ()
    shares_fen: Mapping[str, int] | None = None
    organisation_ids: tuple[str, ...] = ()


CHILD = {"child_id": "c-1", "name": "张小小", "born_on": "2012-02-29"}
VALID: dict[str, Any] = {
    "person_id": "0190a1b2-0000-7000-8000-000000000001",
    "name": "张小明",
    "identity_number": "11010519491231002X",
    "mobile": "19900000001",
    "card": "6200000000000005",
    "diagnosis": "一\n二",
    "reason": "家属患病",
    "minutes": "一\n\t二",
    "remark": "",
    "credit_code": "81110109MC0000004A",
    "branch_code": "102100000000",
    "division_code": "110109",
    "sex": "male",
    "level": 2,
    "amount_fen": -(2**53),
    "urgent": False,
    "visited_on": "2024-02-29",
    "threshold": "ge",
    "children": [CHILD, {**CHILD, "child_id": "c-2"}],
    "eldest": CHILD,
    "by_school": {"门头沟小学": CHILD},
    "days": ["2017-04-18"],
    "shares_fen": {"市": 1, "区": 2},
    "organisation_ids": ["o-1", "o-2"],
}
OPTIONAL = {
    "card", "diagnosis", "minutes", "remark", "credit_code", "branch_code", "division_code", "level",
    "threshold", "children", "eldest", "by_school", "days", "shares_fen", "organisation_ids",
}  # fmt: skip
every_field = st.sampled_from(sorted(VALID))

texts = st.text(st.characters(), max_size=30) | st.sampled_from(
    [
        "",
        " ",
        "\x00",
        "\ud800",
        "a" * 201,
        "张" * 3000,
        "../etc",
        "1e400",
        "2024-02-30",
        "１９９０００００００１",
    ]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)


def refused(data: Any, message_type: type[Any] = RegisterFamily) -> RefusedInput:
    with pytest.raises(RefusedInput) as caught:
        load(message_type, data)
    return caught.value


def problems_of(data: Any) -> list[tuple[str | None, str]]:
    """Field and code of each problem."""
    return [(problem["field"], problem["code"]) for problem in refused(data).problems]


def everything_said(refusal: RefusedInput) -> str:
    printed = "".join(traceback.format_exception_only(refusal))
    plain = json.dumps(refusal.as_plain(), ensure_ascii=False)
    return f"{refusal} {refusal!r} {refusal.args} {refusal.values} {plain} {printed}"


def opened(value: Any) -> Any:
    """A loaded value with the personal ones laid open, since any two of those are equal."""
    if isinstance(value, Personal):
        return ("personal", type(value.content), value.content)
    if isinstance(value, tuple):
        return [opened(each) for each in value]
    if isinstance(value, dict):
        return {key: opened(each) for key, each in value.items()}
    if hasattr(value, "__kind__"):
        return {name: opened(getattr(value, name)) for name in value.__dataclass_fields__}
    return (type(value), value)


def test_valid_input_becomes_the_message() -> None:
    family = load(RegisterFamily, VALID)

    assert family.visited_on == date(2024, 2, 29)
    assert family.identity_number.content == "11010519491231002X"
    assert isinstance(family.identity_number.content, IdentityNumber)
    assert isinstance(family.credit_code, CreditCode)
    assert isinstance(family.mobile, Personal)
    assert family.children[1].child_id == "c-2"
    assert family.children[1].name.content == "张小小"
    assert family.by_school == {"门头沟小学": load(Child, CHILD)}
    assert family.shares_fen == {"市": 1, "区": 2}
    assert family.organisation_ids == ("o-1", "o-2")


def test_what_has_a_default_may_be_left_out() -> None:
    family = load(RegisterFamily, {name: value for name, value in VALID.items() if name not in OPTIONAL})

    assert (family.card, family.minutes, family.children, family.level) == (None, "无", (), 1)


def test_what_may_be_null_without_a_default_must_still_be_said() -> None:
    assert load(RegisterFamily, {**VALID, "mobile": None}).mobile is None
    assert problems_of({name: value for name, value in VALID.items() if name != "mobile"}) == [
        ("mobile", "field.missing")
    ]


def test_a_standard_value_reaches_the_rules_in_its_one_form() -> None:
    family = load(
        RegisterFamily, {**VALID, "mobile": "+86 199-0000-0001", "identity_number": "11010519491231002x"}
    )

    assert family.mobile is not None
    assert family.mobile.content == "19900000001"
    assert family.identity_number.content == "11010519491231002X"


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("name", None, "field.null"),
        ("name", 1, "field.type"),
        ("name", "", "person_name.empty"),
        ("name", "张" * 51, "text.too_long"),
        ("name", "张" * 5_000, "field.too_long"),
        ("name", "张\x00", "text.control_character"),
        ("identity_number", "110105194912310021", "identity_number.check_digit"),
        ("identity_number", "11010519490231002X", "identity_number.date"),
        ("identity_number", "1101051949123100", "identity_number.length"),
        ("mobile", "12900000001", "mobile.form"),
        ("card", "6200000000000006", "bank_card.check_digit"),
        ("credit_code", "81110109MC0000004B", "credit_code.check_digit"),
        ("branch_code", "1", "branch_code.form"),
        ("division_code", "0", "division_code.form"),
        ("reason", " ", "text.empty"),
        ("reason", "一\n二", "text.control_character"),
        ("reason", "一\ud800", "text.lone_surrogate"),
        ("minutes", "一\x0b二", "text.control_character"),
        ("remark", "字" * 201, "field.too_long"),
        ("remark", "一\t二", "text.control_character"),
        ("remark", "\udfff", "text.lone_surrogate"),
        ("remark", 1.0, "field.type"),
        ("person_id", "", "field.identity"),
        ("person_id", "a/b", "field.identity"),
        ("person_id", "张", "field.identity"),
        ("person_id", "a\n", "field.identity"),
        ("person_id", "a" * 65, "field.too_long"),
        ("person_id", 7, "field.type"),
        ("sex", "other", "field.not_one_of"),
        ("sex", ["male"], "field.not_one_of"),
        ("level", True, "field.not_one_of"),
        ("level", 1.0, "field.not_one_of"),
        ("amount_fen", True, "field.type"),
        ("amount_fen", 1.0, "field.type"),
        ("amount_fen", "1", "field.type"),
        ("amount_fen", 2**53 + 1, "field.number_range"),
        ("amount_fen", -(2**53) - 1, "field.number_range"),
        ("urgent", 1, "field.type"),
        ("urgent", "true", "field.type"),
        ("visited_on", 20240229, "field.type"),
        ("visited_on", "2024-2-9", "date.form"),
        ("visited_on", "20240229", "date.form"),
        ("visited_on", "2024-W09-4", "date.form"),
        ("visited_on", "2024-02-29T00:00", "date.form"),
        ("visited_on", "2024-02-29\n", "date.form"),
        ("visited_on", "2023-02-29", "date.does_not_exist"),
        ("visited_on", "0000-01-01", "date.does_not_exist"),
        ("threshold", True, "field.type"),
        ("threshold", 2**60, "field.number_range"),
        ("children", {}, "field.type"),
        ("children", "c", "field.type"),
        ("children", [CHILD] * 1001, "field.too_many"),
        ("eldest", [], "field.type"),
        ("shares_fen", [], "field.type"),
        ("shares_fen", {str(number): number for number in range(1001)}, "field.too_many"),
    ],
)
def test_each_way_of_being_wrong_has_its_code(field: str, value: Any, code: str) -> None:
    assert problems_of({**VALID, field: value}) == [(field, code)]


@pytest.mark.parametrize("data", [None, [], "x", 1, [VALID]])
def test_input_that_is_no_object_is_refused_as_a_whole(data: Any) -> None:
    assert problems_of(data) == [(None, "field.type")]


def test_every_field_without_a_default_is_required() -> None:
    assert {field for field, _ in problems_of({})} == VALID.keys() - OPTIONAL


def test_everything_wrong_is_told_at_once_with_its_place() -> None:
    data = {
        **VALID,
        "amount_fen": "1",
        "children": [CHILD, {**CHILD, "born_on": "2023-02-29", "status": 1, "child_id": "/"}],
        "eldest": {**CHILD, "name": None},
        "by_school": {"门头沟小学": {**CHILD, "child_id": None}},
        "days": ["2017-04-18", "x"],
        "shares_fen": {"市": "1", "区\x00": 2},
        "organisation_ids": ["o-1", "a/b"],
        **dict.fromkeys(["status", "district_id", "approved_by", "locked", "action"], 1),
    }

    assert problems_of(data) == [
        ("amount_fen", "field.type"),
        ("children.1.child_id", "field.identity"),
        ("children.1.born_on", "date.does_not_exist"),
        ("eldest.name", "field.null"),
        ("by_school.0.child_id", "field.null"),
        ("days.1", "date.form"),
        ("shares_fen.0", "field.type"),
        ("shares_fen.1", "text.control_character"),
        ("organisation_ids.1", "field.identity"),
        ("action", "field.unknown"),
        ("approved_by", "field.unknown"),
        ("children.1.status", "field.unknown"),
        ("district_id", "field.unknown"),
        ("locked", "field.unknown"),
        ("status", "field.unknown"),
    ]


def test_a_refusal_says_the_limit_in_both_languages() -> None:
    refusal = refused({**VALID, "remark": "字" * 201, "amount_fen": 2**60, "sex": "x"})

    plain = refusal.as_plain()
    assert plain["code"] == refusal.code == "input.invalid"
    assert "3" in plain["zh"]
    assert "3" in plain["en"]
    by_field = {problem["field"]: problem for problem in plain["problems"]}
    assert by_field["remark"] == {
        "code": "field.too_long",
        "zh": "不能超过200个字",
        "en": "must not be longer than 200 characters",
        "field": "remark",
    }
    assert str(2**53) in by_field["amount_fen"]["zh"]
    assert "female, male" in by_field["sex"]["en"]
    assert isinstance(refusal, Refused)


def test_a_thousand_wrong_rows_make_a_short_answer_that_counts_them() -> None:
    refusal = refused({**VALID, "children": [{**CHILD, "born_on": "x"}] * 1000})

    assert len(refusal.as_plain()["problems"]) == PROBLEMS_TOLD_MAX
    assert "1000" in refusal.zh


def test_neither_an_unknown_name_nor_a_key_that_may_be_personal_is_repeated() -> None:
    refusal = refused(
        {**VALID, "11010519491231002X": 1, "张三": 2, "shares_fen": {"19900000001": "1"}, "_schema": 3}
    )

    assert [problem["field"] for problem in refusal.problems] == ["shares_fen.0", "?", "?", "?"]


@given(field=every_field, value=json_values)
def test_any_json_in_any_field_gives_a_message_or_the_refusal(field: str, value: Any) -> None:
    problems: list[dict[str, Any]] = []
    try:
        load(RegisterFamily, {**VALID, field: value})
    except RefusedInput as refusal:
        problems = refusal.problems

    assert all(each["field"].split(".")[0] == field for each in problems)
    assert all(each["zh"] and each["en"] and "{" not in each["zh"] + each["en"] for each in problems)


@given(
    changes=st.dictionaries(every_field | texts, json_values, max_size=4),
    left_out=st.sets(every_field, max_size=2),
)
def test_the_quick_way_and_marshmallow_agree(changes: dict[str, Any], left_out: set[str]) -> None:
    data = {name: value for name, value in (VALID | changes).items() if name not in left_out}
    schema: Schema = schema_of(RegisterFamily)()
    try:
        by_marshmallow = schema.load(data)
    except ValidationError:
        refused(data)
    else:
        assert opened(load(RegisterFamily, data)) == opened(by_marshmallow)


@given(field=every_field, text=texts)
def test_no_text_that_a_store_cannot_hold_gets_through(field: str, text: str) -> None:
    try:
        family = load(RegisterFamily, {**VALID, field: text})
    except RefusedInput:
        return
    value = getattr(family, field)
    stored = value.content if isinstance(value, Personal) else value
    if isinstance(stored, str):
        allowed = "\n\t" if isinstance(stored, LongText) else ""
        assert not [character for character in stored if ord(character) < 32 and character not in allowed]
        stored.encode()


CANARY = "CANARY-金丝雀-11010519491231002"
canaries = st.sampled_from(
    [
        CANARY,
        CANARY + "\x00",
        CANARY * 50,
        [CANARY],
        {CANARY: CANARY},
        {"child_id": CANARY},
        [{CANARY: CANARY}],
    ]
)


@given(field=every_field, value=canaries, named=st.booleans())
def test_what_was_given_stands_nowhere_in_the_refusal(field: str, value: Any, named: bool) -> None:
    refusal = refused({**VALID, field: value, "amount_fen": CANARY} | ({CANARY: 1} if named else {}))

    said = everything_said(refusal)
    assert "CANARY" not in said
    assert "金丝雀" not in said
    assert "11010519491231002" not in said
    assert refusal.__cause__ is None
    assert refusal.__context__ is None


def test_a_schema_is_derived_once_for_a_type() -> None:
    assert schema_of(RegisterFamily) is schema_of(RegisterFamily)
    assert isinstance(schema_of(Child)().load(CHILD), Child)


@pytest.mark.parametrize("hint", [float, list[str], tuple[int, int], int | date, bytes, dict[int, str]])
def test_a_field_that_cannot_come_from_outside_is_an_error_of_the_programmer(hint: Any) -> None:
    made: type[Any] = message(type("Odd", (), {"__annotations__": {"value": hint}}))

    with pytest.raises(TypeError, match="value"):
        schema_of(made)


def example_of(published: dict[str, Any]) -> Any:
    """Some value that a JSON Schema allows."""
    match published:
        case {"anyOf": [first, *_]}:
            return example_of(first)
        case {"enum": [*_, last]}:
            return last
        case {"examples": [example, *_]}:
            return example
        case {"type": "object", "properties": properties}:
            return {name: example_of(each) for name, each in properties.items()}
        case {"type": "object", "additionalProperties": entry}:
            return {"a": example_of(entry)}
        case {"type": "array", "items": entry}:
            return [example_of(entry)]
        case {"type": "string", "format": "date"}:
            return "2017-04-18"
        case {"type": "string", "maxLength": longest}:
            return "a" * longest
        case {"type": "integer", "maximum": most}:
            return most
        case {"type": "boolean"}:
            return True
    raise AssertionError(published)


def test_an_example_made_from_the_json_schema_loads() -> None:
    example = example_of(json_schema_of(RegisterFamily))

    assert example.keys() == VALID.keys()
    assert load(RegisterFamily, json.loads(json.dumps(example))).amount_fen == 2**53


def test_the_json_schema_says_what_is_required_limited_and_personal() -> None:
    published = json_schema_of(RegisterFamily)

    assert published["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert published["title"] == "RegisterFamily"
    assert published["description"] == "Enter a family with everything that a field can hold."
    assert published["additionalProperties"] is False
    assert set(published["required"]) == VALID.keys() - OPTIONAL
    fields = published["properties"]
    assert fields["sex"] == {"enum": ["female", "male"]}
    assert fields["remark"]["maxLength"] == 200
    assert fields["identity_number"]["pattern"] == IdentityNumber.pattern
    assert fields["children"]["maxItems"] == 1000
    assert fields["children"]["items"]["properties"]["name"]["x-personal"] is True
    assert {name for name, field in fields.items() if field.get("x-personal")} == {
        "name", "identity_number", "mobile", "card", "diagnosis",
    }  # fmt: skip
    json.dumps(published)
