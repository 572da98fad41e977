"""The rules of registering a person whose document's number proves nothing."""

from typing import Any

import pytest

from services.membership.aggregates.organisation import organisation
from services.membership.aggregates.person import (
    ALREADY_REGISTERED,
    ANOTHER_PERSON,
    NOT_REGISTERED,
    NOTHING_TO_SEE,
    ONE_NUMBER,
    ORGANISATION_UNKNOWN,
    SAME_PERSON,
    ConfirmDocument,
    RegisterPersonByHand,
    person,
)
from services.membership.events import DocumentSeen
from tests.rules.membership.people_and_unions import (
    FACTORY,
    OTHER,
    PASSPORT,
    TYPED_BY_HAND,
    person_registered,
    person_registered_by_hand,
)
from tests.rules.rules import Rules

UNION = {(organisation, "factory"): [FACTORY]}
persons = Rules(person, others=UNION)


def register(person_id: str = "anna", **numbers: Any) -> RegisterPersonByHand:
    return RegisterPersonByHand(
        person_id=person_id, **TYPED_BY_HAND | (numbers or {"passport_number": PASSPORT})
    )


OTHER_REGISTERED = person_registered_by_hand(
    document_type="other", passport_number=None, other_document_number=OTHER
)


def test_a_passport_is_registered_with_the_birth_date_that_it_shows() -> None:
    persons.given().when(register()).then(person_registered_by_hand()).then_carries(
        passport_number="E12345678", birth_date="1990-01-31"
    )


def test_another_document_is_registered_as_such() -> None:
    persons.given().when(register(other_document_number=OTHER)).then(OTHER_REGISTERED)


@pytest.mark.parametrize(
    "numbers", [{"sex": "female"}, {"passport_number": PASSPORT, "other_document_number": OTHER}]
)
def test_exactly_one_number_is_given(numbers: dict[str, Any]) -> None:
    persons.given().when(register(**numbers)).then_refused(ONE_NUMBER)


def test_a_passport_is_registered_once() -> None:
    registry = Rules(person, others={**UNION, (person, "li"): [person_registered_by_hand("li")]})

    registry.given().when(register()).then_refused(ALREADY_REGISTERED)


def test_the_same_number_on_a_document_of_another_kind_is_another_persons() -> None:
    registry = Rules(person, others={**UNION, (person, "li"): [person_registered_by_hand("li")]})

    registry.given().when(register(other_document_number=OTHER)).then(OTHER_REGISTERED)


def test_a_person_id_stands_for_one_person_only() -> None:
    persons.given(person_registered("anna")).when(register()).then_refused(ANOTHER_PERSON)


def test_the_registering_organisation_exists() -> None:
    nowhere = Rules(person, others={(organisation, "factory"): []})

    nowhere.given().when(register()).then_refused(ORGANISATION_UNKNOWN, field="organisation_id")


CONFIRM = ConfirmDocument(person_id="anna")


def test_another_person_confirms_the_document() -> None:
    persons.given(person_registered_by_hand()).when(CONFIRM, by="zhao").then(
        DocumentSeen(person_id="anna", seen_by="zhao")
    )


def test_a_document_is_confirmed_once() -> None:
    seen = DocumentSeen(person_id="anna", seen_by="zhao")

    persons.given(person_registered_by_hand(), seen).when(CONFIRM, by="zhao").then_nothing()


@pytest.mark.parametrize("by", ["wang", "anna"])
def test_neither_who_registered_nor_the_person_confirms_the_document(by: str) -> None:
    persons.given(person_registered_by_hand()).when(CONFIRM, by=by).then_refused(SAME_PERSON)


def test_a_number_with_a_check_digit_needs_no_check_by_hand() -> None:
    persons.given(person_registered("anna")).when(CONFIRM, by="zhao").then_refused(NOTHING_TO_SEE)


def test_nobody_unknown_is_confirmed() -> None:
    persons.given().when(CONFIRM, by="zhao").then_refused(NOT_REGISTERED)
