"""The rules of registering a person."""

from typing import Any

from services.membership.aggregates.person import ALREADY_REGISTERED, ANOTHER_PERSON, RegisterPerson, person
from shared.rules.personal import ERASED, Personal
from shared.standards.identity_number import IdentityNumber
from shared.standards.person_name import PersonName
from tests.rules.membership.people_and_unions import NAME, NUMBER, person_registered
from tests.rules.rules import Rules

persons = Rules(person)
ANOTHER_NUMBER = "110109199001011231"


def register(person_id: str = "zhang", **changes: Any) -> RegisterPerson:
    fields: dict[str, Any] = {
        "document_type": "resident_identity_card",
        "identity_number": Personal(IdentityNumber(NUMBER)),
        "name": Personal(PersonName(NAME)),
        "sex": "female",
        "birth_year": 1949,
    }
    return RegisterPerson(person_id=person_id, **fields | changes)


def test_a_person_is_registered_with_number_and_name() -> None:
    decision = persons.given().when(register())

    decision.then(person_registered("zhang")).then_carries(identity_number=NUMBER, name=NAME)


def test_a_person_with_another_document_is_registered_too() -> None:
    decision = persons.given().when(register(document_type="taiwan_residence_permit"))

    decision.then(person_registered("zhang", document_type="taiwan_residence_permit"))


def test_a_person_id_stands_for_one_person_only() -> None:
    persons.given(person_registered("zhang")).when(register()).then_refused(ANOTHER_PERSON, field="person_id")


def test_a_person_whose_data_was_erased_keeps_the_id() -> None:
    erased = person_registered("zhang", identity_number=Personal(ERASED), name=Personal(ERASED))

    persons.given(erased).when(register()).then_refused(ANOTHER_PERSON)


def test_an_identity_number_is_registered_once() -> None:
    registry = Rules(person, others={(person, "li"): [person_registered("li")]})

    registry.given().when(register()).then_refused(ALREADY_REGISTERED)


def test_namesakes_with_different_numbers_are_two_persons() -> None:
    li = person_registered("li", identity_number=Personal(IdentityNumber(ANOTHER_NUMBER)))
    registry = Rules(person, others={(person, "li"): [li]})

    registry.given().when(register()).then(person_registered("zhang"))
