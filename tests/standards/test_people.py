"""The synthetic people that other tests and the demonstration live on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.people import PEOPLE_MAX, person
from shared.standards.identity_number import IdentityNumber
from shared.standards.mobile import MobileNumber
from shared.standards.person_name import PersonName


@given(st.integers(0, PEOPLE_MAX - 1))
def test_every_person_meets_the_standards(index: int) -> None:
    somebody = person(index)

    number = IdentityNumber.parse(somebody.identity_number)
    assert number.startswith("110109")
    assert (number.born_on, number.sex) == (somebody.born_on, somebody.sex)
    assert not number.needs_manual_check
    assert PersonName.parse(somebody.name) == somebody.name
    assert MobileNumber.parse(somebody.mobile) == somebody.mobile


def test_people_of_a_whole_district_differ() -> None:
    people = [person(index) for index in range(50_000)]

    assert len({somebody.identity_number for somebody in people}) == 50_000
    assert len({somebody.mobile for somebody in people}) == 50_000
    assert len({somebody.name for somebody in people}) > 10_000


def test_an_index_always_means_the_same_person() -> None:
    assert person(0) == person(0)
    assert person(0).identity_number == "110109195801011115"


@pytest.mark.parametrize("index", [-1, PEOPLE_MAX])
def test_there_is_nobody_outside_the_range(index: int) -> None:
    with pytest.raises(ValueError, match="people"):
        person(index)
