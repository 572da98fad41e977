"""Who has a passport is registered, listed until somebody else has seen it, and then no longer."""

from typing import Any

import pytest

from demo.district import COURIERS, organisations, parameters
from demo.typed import typed
from shared.runtime.calls import RefusedCall
from shared.runtime.house import House
from shared.runtime.together import Together
from tests.runtime.suite import calling, folder_of, person_given

TYPED = {
    "organisation_id": COURIERS,
    "name": "Anna Schmidt",
    "birth_date": "1990年1月31日",
    "sex": "female",
    "passport_number": "e 1234 5678",
}


@pytest.fixture(scope="module")
def registered(caller: Any) -> dict[str, Any]:
    """What registering Anna was answered."""
    caller.membership.set_parameter_many(rows=[typed(each) for each in parameters()])
    caller.membership.found_organisation_many(rows=[typed(each) for each in organisations()])
    answer: dict[str, Any] = caller.membership.register_person_by_hand(**TYPED)
    return answer


def place(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: answer[name] for name in ("source", "epoch", "position")}


def person_of(answer: dict[str, Any]) -> str:
    (stream,) = (each for each in answer["streams"] if each.startswith("person/"))
    return str(stream.partition("/")[2])


def test_who_was_registered_by_hand_is_listed_until_the_document_was_seen(
    bus_url: str, suite: Together, caller: Any, registered: dict[str, Any]
) -> None:
    person_id = person_of(registered)
    listed = caller.membership.persons_to_check(at_least=place(registered))["answer"]
    assert listed == [
        {
            "person_id": person_id,
            "organisation_id": COURIERS,
            "document_type": "passport",
            "registered_by": "wang",
        }
    ]
    with pytest.raises(RefusedCall) as refused:
        caller.membership.confirm_document(person_id=person_id)
    assert refused.value.code == "person.same_person"
    folder = folder_of(suite)

    with calling(bus_url, folder, "reviewer", person_id="zhao", scope=COURIERS) as reviewer:
        confirmed = reviewer.membership.confirm_document(person_id=person_id)

    assert caller.membership.persons_to_check(at_least=place(confirmed))["answer"] == []


def test_the_same_passport_is_registered_once_however_it_is_typed(
    caller: Any, registered: dict[str, Any]
) -> None:
    with pytest.raises(RefusedCall) as refused:
        caller.membership.register_person_by_hand(**TYPED | {"passport_number": "E12345678"})

    assert refused.value.code == "person.already_registered"


def test_nothing_that_the_passport_shows_stands_in_the_clear(
    suite: Together, registered: dict[str, Any]
) -> None:
    houses: list[House] = list(suite.houses.values())
    texts = [
        each.public + each.sealed for house in houses for each in house.log.read(0, house.log.head().position)
    ]

    assert any(person_of(registered) in each for each in texts)
    assert not any(shown in each for each in texts for shown in ("E12345678", "Schmidt", "1990-01-31"))


def test_a_card_is_registered_as_before_and_never_listed(caller: Any, registered: dict[str, Any]) -> None:
    answer = caller.membership.register_person(**person_given(7))

    listed = caller.membership.persons_to_check(at_least=place(answer))["answer"]
    assert person_of(answer) not in [each["person_id"] for each in listed]
