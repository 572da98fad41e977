"""Messages become plain JSON data and come back the same; what a log cannot keep is refused at once."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.log.envelope import canonical
from shared.rules.message import message
from shared.rules.personal import Personal
from shared.rules.plain import UnknownShape, from_plain, personal_fields, plan_of, to_plain
from shared.standards.credit_code import CreditCode
from shared.standards.person_name import PersonName
from tests.rules.any_message import AnyMessage


@message
class Relative:
    person_id: str
    name: Personal[PersonName]
    age_years: int


@message
class Household:
    head: Relative
    others: tuple[Relative, ...]
    moved_in_on: date | None


@message
class Everything:
    person_id: str
    text: str
    number: int
    flag: bool
    choice: Literal["first", "second"]
    either: int | str
    maybe: str | None
    day: date
    maybe_day: date | None
    code: CreditCode
    maybe_code: CreditCode | None
    numbers: tuple[int, ...]
    days: tuple[date, ...]
    days_of_days: tuple[tuple[date, ...], ...]
    choices: frozenset[Literal["first", "second"]]
    codes: frozenset[CreditCode]
    amounts: Mapping[str, int]
    days_by_name: dict[str, date]
    name: Personal[PersonName]
    maybe_name: Personal[PersonName] | None
    relative: Relative
    maybe_relative: Relative | None
    relatives: tuple[Relative, ...]
    relatives_by_name: Mapping[str, Relative]
    household: Household
    households: tuple[Household, ...] | None


SECRET = "金丝雀"
personal_values = st.builds(Personal, st.integers().map(lambda number: f"{SECRET}{number}"))
everything = AnyMessage(personal=personal_values).of(Everything)


def by_path(made: Any) -> dict[str, tuple[str, Personal[Any]]]:
    return {path: (person_id, value) for path, person_id, value in personal_fields(made)}


@settings(deadline=None)
@given(made=everything)
def test_a_message_comes_back_from_its_stored_text_with_its_personal_values_in_their_places(
    made: Everything,
) -> None:
    stored = canonical(to_plain(made))
    personal = {path: value for path, (_, value) in by_path(made).items()}

    back = from_plain(Everything, json.loads(stored), personal)

    assert back == made
    assert type(back.code) is CreditCode
    assert {path: (person, value.content) for path, (person, value) in by_path(back).items()} == {
        path: (person, value.content) for path, (person, value) in by_path(made).items()
    }


@settings(deadline=None)
@given(made=everything)
def test_no_personal_value_stands_in_the_plain_data(made: Everything) -> None:
    assert SECRET not in canonical(to_plain(made)).decode()


@settings(deadline=None)
@given(made=everything)
def test_each_personal_value_is_that_of_the_person_named_beside_it(made: Everything) -> None:
    told = by_path(made)

    assert told["name"] == (made.person_id, made.name)
    assert ("maybe_name" in told) == (made.maybe_name is not None)
    assert told["relative.name"][0] == made.relative.person_id
    assert told["household.head.name"][0] == made.household.head.person_id
    for number, relative in enumerate(made.relatives):
        assert told[f"relatives.{number}.name"][0] == relative.person_id
    for key, relative in made.relatives_by_name.items():
        assert told[f"relatives_by_name.{key}.name"][0] == relative.person_id


def test_the_stored_text_of_a_set_does_not_hang_on_its_order() -> None:
    @message
    class Chosen:
        names: frozenset[str]

    assert to_plain(Chosen(names=frozenset("cab"))) == {"names": ["a", "b", "c"]}


RELATIVE = {"person_id": "li", "age_years": 7}


def test_an_unknown_field_is_loud() -> None:
    with pytest.raises(UnknownShape, match="nickname"):
        from_plain(Relative, RELATIVE | {"nickname": "x"}, {})


def test_a_missing_field_is_loud() -> None:
    with pytest.raises(UnknownShape, match="age_years"):
        from_plain(Relative, {"person_id": "li"}, {})


@pytest.mark.parametrize("change", [{"nickname": "x"}, {"age_years": None}], ids=["unknown", "missing"])
@pytest.mark.parametrize("place", ["head", "others"])
def test_a_nested_record_of_another_shape_is_loud(place: str, change: dict[str, Any]) -> None:
    strange = {name: value for name, value in (RELATIVE | change).items() if value is not None}
    household = {"head": RELATIVE, "others": [RELATIVE], "moved_in_on": None}
    household[place] = strange if place == "head" else [strange]

    with pytest.raises(UnknownShape):
        from_plain(Household, household, {})


def test_a_missing_field_with_a_default_has_its_default() -> None:
    @message
    class Later:
        text: str
        added: int = 0

    assert from_plain(Later, {"text": "a"}, {}) == Later(text="a", added=0)


def test_a_personal_field_without_a_stored_value_is_empty() -> None:
    made = from_plain(Relative, RELATIVE, {})

    assert made.name is None
    assert list(personal_fields(replace(made, name=Personal("a")))) == [("name", "li", Personal("a"))]


@pytest.mark.parametrize(
    "hint",
    [
        float,
        Decimal,
        bytes,
        datetime,
        object,
        Any,
        list[int],
        set[str],
        dict[int, str],
        tuple[int, str],
        tuple[float, ...],
        frozenset[Relative],
        tuple[Relative | None, ...],
        int | date,
        tuple[Personal[str], ...],
        Mapping[str, Personal[str]],
        float | None,
    ],
    ids=str,
)
def test_a_type_that_a_log_cannot_keep_is_refused_at_declaration(hint: Any) -> None:
    with pytest.raises(TypeError):
        plan_of(with_field(hint))


@pytest.mark.parametrize(
    "hint",
    [tuple[Relative, int], tuple[int, Relative], dict[int, Relative], Relative | Household],
    ids=str,
)
def test_a_mixture_of_records_and_other_things_is_refused_at_declaration(hint: Any) -> None:
    with pytest.raises(TypeError):
        plan_of(with_field(hint))


def test_an_empty_place_in_a_row_of_days_is_refused_at_declaration_or_kept() -> None:
    made = with_field(tuple[date | None, ...])
    try:
        plan_of(made)
    except TypeError:
        return

    row = made(person_id="li", value=(None, date(2024, 1, 1)))
    assert from_plain(made, json.loads(canonical(to_plain(row))), {}) == row


def with_field(hint: Any) -> type[Any]:
    """A message type with one field of that type."""
    return message(type("Sample", (), {"__annotations__": {"person_id": str, "value": hint}}))


def test_personal_fields_without_a_person_beside_them_are_refused_at_declaration() -> None:
    made: Any = message(type("Sample", (), {"__annotations__": {"name": Personal[PersonName]}}))

    with pytest.raises(TypeError, match="person_id"):
        plan_of(made)


def test_a_stored_personal_value_that_no_field_takes_is_loud() -> None:
    with pytest.raises(UnknownShape):
        from_plain(Relative, RELATIVE, {"nickname": Personal("x")})
