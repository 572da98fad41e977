"""The edge completes a command: what follows from the number, identities that callers leave out, persons."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from demo.people import person
from shared.runtime.calls import RefusedCall
from shared.runtime.identities import derived_identity, new_identity
from shared.runtime.methods import Declared
from shared.runtime.schemas import json_schema_of
from shared.runtime.service import Service
from shared.standards.identity_number import IdentityNumber, check_character
from tests.runtime.suite import person_given

CARD = {"document_type": "resident_identity_card"}


def number_of_one_born(born_on: date) -> IdentityNumber:
    first_17 = f"110109{born_on:%Y%m%d}110"
    return IdentityNumber(first_17 + check_character(first_17))


def test_a_derived_identity_is_the_same_each_time_and_keeps_the_commands_moment() -> None:
    command_id = new_identity()

    minted = derived_identity(command_id, "member_id")

    assert minted == derived_identity(command_id, "member_id")
    assert minted != derived_identity(command_id, "person_id")
    assert minted != derived_identity(new_identity(), "member_id")
    assert UUID(minted).version == 7
    assert minted[:13] == command_id[:13]
    assert UUID(derived_identity("a caller's own", "member_id")).version == 7


def test_a_member_joins_by_number_alone_and_the_person_is_found_or_registered(caller: Any) -> None:
    found_unions(caller)

    first = caller.membership.join_member(**joining(1), command_id="joining-1")
    again = caller.membership.join_member(**joining(1), command_id="joining-1")
    known = caller.membership.identify_person(
        document_type="resident_identity_card",
        identity_number=str(person(1).identity_number),
        name=str(person(1).name),
    )

    assert again == first | {"repeated": True}
    (recorded,) = caller.membership.events_after(position=first["position"] - 1, limit=1)["events"]
    assert known["person_id"] in recorded[0]


def test_nobody_joins_under_another_persons_number(caller: Any) -> None:
    found_unions(caller)
    li, wang = (caller.membership.identify_person(**person_given(index))["person_id"] for index in (20, 21))

    with pytest.raises(RefusedCall) as refused:
        caller.membership.join_member(**joining(20), person_id=wang)
    rows = [
        joining(20) | {"person_id": wang},
        joining(22) | {"person_id": wang},
        joining(20) | {"person_id": li},
    ]
    answers = caller.membership.join_member_many(rows=rows)

    assert (refused.value.code, refused.value.field) == ("person.not_their_number", "identity_number")
    assert [answer.get("refused", {}).get("code") for answer in answers] == [
        "person.not_their_number",
        "person.not_their_number",
        None,
    ]


@pytest.mark.parametrize("method", ["register_person", "identify_person", "join_member"])
def test_nobody_is_known_who_is_not_born_yet(caller: Any, method: str) -> None:
    number = str(number_of_one_born(date(2099, 1, 1)))
    named = {"identity_number": number, "name": "王芳"}
    given = joining(1) | named if method == "join_member" else CARD | named

    with pytest.raises(RefusedCall) as refused:
        getattr(caller.membership, method)(**given)

    assert [(each["code"], each["field"]) for each in refused.value.problems] == [
        ("identity_number.future", "identity_number")
    ]


def test_of_many_who_are_identified_one_who_is_not_born_yet_is_told_by_their_place(caller: Any) -> None:
    number = str(number_of_one_born(date(2099, 1, 1)))

    with pytest.raises(RefusedCall) as refused:
        caller.membership.identify_persons(persons=[{"identity_number": number, "name": "王芳"}])

    assert refused.value.problems[0]["field"] == "persons.0.identity_number"


def test_of_many_who_join_each_person_is_registered_once(caller: Any) -> None:
    found_unions(caller)

    rows = [joining(10), joining(11) | {"joined_on": "2016-13-01"}, joining(10), joining(12)]
    answers = caller.membership.join_member_many(rows=rows)

    assert [answer.get("refused", {}).get("code") for answer in answers] == [
        None,
        "input.invalid",
        "member.already_a_member",
        None,
    ]


def test_a_method_says_what_it_accepts_and_who_may_call_it() -> None:
    declared: Declared = vars(Service)["set_parameter"].declared

    assert (declared.kind, declared.role) == ("command", "administrator")
    assert "command_id" in json_schema_of(declared.accepts)["properties"]


def joining(index: int) -> dict[str, Any]:
    someone = person(index)
    return {
        "organisation_id": "union-1",
        "identity_number": str(someone.identity_number),
        "name": str(someone.name),
        "mobile": str(someone.mobile),
        "employment_status": "on_post",
        "occupation_group": "none",
        "migrant_worker": False,
        "consent_version": "1",
        "joined_on": "2020-01-01",
    }


def found_unions(caller: Any) -> None:
    """The parameter, the federation and the union that joining needs; harmless when repeated."""
    membership = caller.membership
    membership.set_parameter(
        key="member.joining_age_years",
        value=16,
        unit="years",
        region="CN",
        effective_from="1995-01-01",
        document_no="劳动法第十五条",
        sureness="sample",
    )
    membership.found_organisation(
        organisation_id="federation-1",
        name="门头沟区总工会",
        kind="federation",
        level=4,
        founded_on="2000-01-01",
        basis="批复1号",
    )
    membership.found_organisation(
        organisation_id="union-1",
        parent_id="federation-1",
        name="永定机械厂工会",
        kind="basic_union",
        level=7,
        founded_on="2001-01-01",
        basis="批复2号",
    )


@pytest.mark.parametrize("blank", ["", "   ", "\u3000"])
def test_no_organisation_is_founded_without_a_name_or_a_basis(caller: Any, blank: str) -> None:
    given = {"kind": "federation", "level": 4, "founded_on": "2000-01-01"}

    with pytest.raises(RefusedCall) as refused:
        caller.membership.found_organisation(name=blank, basis=blank, **given)

    assert [(each["field"], each["code"]) for each in refused.value.problems] == [
        ("name", "text.empty"),
        ("basis", "text.empty"),
    ]


def test_blanks_around_a_name_make_no_other_name(caller: Any) -> None:
    found_unions(caller)

    with pytest.raises(RefusedCall, match=r"organisation\.name_taken"):
        caller.membership.found_organisation(
            parent_id="federation-1",
            name=" 永定机械厂工会 ",
            kind="basic_union",
            level=7,
            founded_on="2001-01-01",
            basis="批复3号",
        )


def test_many_persons_are_identified_at_once_each_with_an_outcome_of_its_own(caller: Any) -> None:
    told = [
        {"identity_number": str(person(n).identity_number), "name": str(person(n).name)} for n in (70, 71)
    ]

    first, second = caller.membership.identify_persons(persons=told)
    again = caller.membership.identify_persons(persons=[told[1], told[0], told[1]])
    one = caller.membership.identify_person(document_type="resident_identity_card", **told[0])

    assert again == [second, first, second]
    assert one == first != second
    with pytest.raises(RefusedCall, match=r"input\.invalid"):
        caller.membership.identify_persons(persons=told[:1] * 1_001)
    with pytest.raises(RefusedCall, match=r"input\.invalid"):
        caller.membership.identify_persons(persons=[told[0], told[1] | {"identity_number": "110109"}])
