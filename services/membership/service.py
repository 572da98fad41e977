"""Membership's interface: one line for each command and query, and what the edge takes from a number."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from services.membership.aggregates import language
from services.membership.aggregates.member import ChangeMember, JoinMember
from services.membership.aggregates.organisation import ChangeOrganisation, FoundOrganisation
from services.membership.aggregates.person import (
    ALREADY_REGISTERED,
    NOT_THEIR_NUMBER,
    ConfirmDocument,
    RegisterPerson,
    RegisterPersonByHand,
)
from services.membership.events import DocumentType, Sex
from services.membership.imports.members import import_members
from services.membership.imports.organisations import import_organisations
from services.membership.projections.access import access, organisation_tree
from services.membership.projections.documents_to_see import documents_to_see, persons_to_check
from services.membership.projections.organisation_names import organisation_names
from shared.log.entry import Answer
from shared.rules.message import message
from shared.rules.personal import Personal
from shared.rules.refusal import Refused
from shared.runtime.access import ANYWHERE
from shared.runtime.calls import Call, refused_call
from shared.runtime.commands import Request
from shared.runtime.identities import new_identity
from shared.runtime.methods import command, operation, query
from shared.runtime.scopes import SUBTREE, organisation_of
from shared.runtime.service import Service
from shared.runtime.tokens import SERVICE
from shared.standards.identity_document import BirthDate
from shared.standards.identity_number import IdentityNumber
from shared.standards.person_name import PersonName

parent_of_organisation = organisation_of(organisation_tree, "organisation_id", "parent_id")
organisation_of_person = organisation_of(documents_to_see, "person_id")


def year_of(birth_date: BirthDate) -> int:
    return int(birth_date[:4])


def sex(identity_number: IdentityNumber) -> Sex:
    return identity_number.sex


def birth_year(identity_number: IdentityNumber) -> int:
    return identity_number.born_on.year


def age_years(identity_number: IdentityNumber, joined_on: date) -> int:
    return identity_number.age_on(joined_on)


def persons_with(call: Call, rows: Sequence[Mapping[str, Any]]) -> list[str | Exception]:
    """The person of each row by identity number; who is not registered yet is registered.

    Args:
        rows: each with identity_number and name (Personal), and with document_type where it is not the
            resident identity card's.

    Returns:
        For each row the person_id, or what stood against registering.
    """
    numbers: list[IdentityNumber] = [row["identity_number"].content for row in rows]
    results: dict[str, str | Exception] = dict(_find(call, numbers))
    # Within one call a number may stand in several rows; the first of them registers.
    unknown = {
        number: row
        for number, row in zip(reversed(numbers), reversed(rows), strict=True)
        if number not in results
    }
    requests = [Request(_registration(number, row), call.actor) for number, row in unknown.items()]
    for number, outcome in zip(unknown, call.house.handle_many(requests), strict=True):
        match outcome:
            case Answer(streams=streams):
                results[number] = next(iter(streams)).partition("/")[2]
            case failed:
                results[number] = failed
    # Somebody may have been quicker: then this call, too, finds the person whom that one registered.
    overtaken = [
        number
        for number, result in results.items()
        if isinstance(result, Refused) and result.refusal is ALREADY_REGISTERED
    ]
    results |= _find(call, overtaken)
    return [results[number] for number in numbers]


def _find(call: Call, numbers: Sequence[str]) -> Mapping[str, str]:
    if not numbers:
        return {}
    with call.house.store.read() as connection:
        return call.house.log.vault.find_many(connection, "identity_number", numbers)


def persons_joining(call: Call, rows: Sequence[Mapping[str, Any]]) -> list[str | Exception]:
    """The person of each row: whom it names, and whose number it must be; else as of ``persons_with``."""
    theirs = _find(call, [row["identity_number"].content for row in rows if row["person_id"] is not None])
    unnamed = iter(persons_with(call, [row for row in rows if row["person_id"] is None]))
    return [
        next(unnamed)
        if row["person_id"] is None
        else row["person_id"]
        if theirs.get(row["identity_number"].content) == row["person_id"]
        else NOT_THEIR_NUMBER(field="identity_number")
        for row in rows
    ]


def _registration(number: IdentityNumber, row: Mapping[str, Any]) -> RegisterPerson:
    return RegisterPerson(
        person_id=new_identity(),
        document_type=row.get("document_type", "resident_identity_card"),
        # Values of its own: once recorded they hold only where they are sealed, and the row is still needed.
        identity_number=Personal(number),
        name=Personal(row["name"].content),
        sex=sex(number),
        birth_year=birth_year(number),
    )


def identify_person(
    call: Call, *, document_type: DocumentType, identity_number: IdentityNumber, name: PersonName
) -> dict[str, str]:
    """The district's identity of a human being, found by document number or registered now."""
    row = {
        "document_type": document_type,
        "identity_number": Personal(identity_number),
        "name": Personal(name),
    }
    (found,) = persons_with(call, [row])
    if isinstance(found, Exception):
        raise found
    return {"person_id": found}


@message
class HumanBeing:
    """Somebody as their document tells."""

    identity_number: IdentityNumber
    name: PersonName
    document_type: DocumentType = "resident_identity_card"


def identify_persons(call: Call, *, persons: tuple[HumanBeing, ...]) -> list[dict[str, Any]]:
    """As ``identify_person``, for up to 1,000 at once: for each ``{person_id}`` or ``{refused}``."""
    rows = [
        {
            "document_type": each.document_type,
            "identity_number": Personal(each.identity_number),
            "name": Personal(each.name),
        }
        for each in persons
    ]
    return [
        {"refused": refused_call("identify_persons", found, call).as_plain()}
        if isinstance(found, Exception)
        else {"person_id": found}
        for found in persons_with(call, rows)
    ]


class MembershipService(Service):
    """Persons, organisations and members."""

    name = "membership"
    language = language
    projections = (*access, organisation_names, documents_to_see)

    # Persons belong to the district and to no organisation: whoever admits members registers them.
    identify_person = operation(identify_person, role=("clerk", SERVICE), scope=ANYWHERE)
    identify_persons = operation(identify_persons, role=("clerk", SERVICE), scope=ANYWHERE)
    register_person = command(
        RegisterPerson,
        role="clerk",
        scope=ANYWHERE,
        derived={"sex": sex, "birth_year": birth_year},
        issued=("person_id",),
    )
    register_person_by_hand = command(
        RegisterPersonByHand,
        role="clerk",
        scope="organisation_id",
        derived={"birth_year": year_of},
        issued=("person_id",),
    )
    confirm_document = command(ConfirmDocument, role="reviewer", scope=organisation_of_person)
    persons_to_check = query(
        persons_to_check,
        role=("clerk", "reviewer", "auditor"),
        scope=SUBTREE,
        reads=(documents_to_see, organisation_tree),
    )
    found_organisation = command(
        FoundOrganisation, role="clerk", scope="parent_id", minted=("organisation_id",)
    )
    # Whoever approves a founding approves what becomes of it: the next higher union.
    change_organisation = command(ChangeOrganisation, role="clerk", scope=parent_of_organisation)
    join_member = command(
        JoinMember,
        role="clerk",
        scope="organisation_id",
        derived={"sex": sex, "birth_year": birth_year, "age_years": age_years},
        minted=("member_id",),
        found={"person_id": persons_joining},
    )
    change_member = command(ChangeMember, role="clerk", scope="organisation_id")
    # Each row is for an organisation of its own: whether the caller acts for it is asked row by row.
    import_members = operation(import_members, role="clerk", scope=ANYWHERE)
    import_organisations = operation(import_organisations, role="clerk", scope=ANYWHERE)
