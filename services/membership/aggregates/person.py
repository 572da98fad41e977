"""Persons: the district's one registry of human beings; all services share the random identity of each."""

from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from services.membership.aggregates.organisation import organisation
from services.membership.events import (
    DocumentSeen,
    DocumentType,
    PersonRegistered,
    PersonRegisteredByHand,
    Sex,
    UncheckedDocumentType,
)
from shared.rules.context import Context
from shared.rules.decider import Decider, PersonalKey
from shared.rules.message import message
from shared.rules.personal import Personal
from shared.rules.refusal import Refusal
from shared.standards.identity_document import BirthDate, OtherDocumentNumber, PassportNumber
from shared.standards.identity_number import IdentityNumber
from shared.standards.person_name import PersonName

ALREADY_REGISTERED = Refusal(
    "person.already_registered",
    zh="该证件号码已登记",
    en="this identity number is registered already",
)
ANOTHER_PERSON = Refusal(
    "person.another",
    zh="该人员编号已用于登记他人",
    en="this person id stands for a person registered before",
)
NOT_THEIR_NUMBER = Refusal(
    "person.not_their_number",
    zh="该证件号码不是此人登记的号码，请核对人员编号和证件",
    en="this is not the identity number under which the person is registered",
)
ONE_NUMBER = Refusal(
    "person.one_number",
    zh="请填写且只填写一个证件号码：护照号码或其他证件号码",
    en="give one number: the passport's or the other document's",
)
ORGANISATION_UNKNOWN = Refusal(
    "person.organisation_unknown", zh="登记的工会组织不存在", en="the organisation does not exist"
)
NOT_REGISTERED = Refusal("person.not_registered", zh="此人尚未登记", en="this person is not registered")
NOTHING_TO_SEE = Refusal(
    "person.nothing_to_see",
    zh="此人的证件号码有校验位，无须人工核验",
    en="this person's number has a check digit and needs no check by hand",
)
SAME_PERSON = Refusal(
    "person.same_person",
    zh="核验人不能是登记人，也不能是本人",
    en="who registered a person, or is that person, does not check the document",
)


@message
class RegisterPerson:
    """The identity that the registry issues stands in the answer: ``person/<person_id>`` among its streams.

    Sex and year of birth stand beside the number in the clear; the edge takes them from the number.
    """

    person_id: str
    document_type: DocumentType
    identity_number: Personal[IdentityNumber]
    name: Personal[PersonName]
    sex: Sex
    birth_year: int


@message
class RegisterPersonByHand:
    """Of a document whose number tells nothing: the kind follows from which number is given.

    Until a reviewer has seen the document the person stands in the list of those to be checked.
    """

    person_id: str
    organisation_id: str
    name: Personal[PersonName]
    birth_date: Personal[BirthDate]
    sex: Sex
    birth_year: int
    passport_number: Personal[PassportNumber] | None = None
    other_document_number: Personal[OtherDocumentNumber] | None = None


@message
class ConfirmDocument:
    """Says that one has compared with the document what was registered by hand."""

    person_id: str


Command = RegisterPerson | RegisterPersonByHand | ConfirmDocument
Event = PersonRegistered | PersonRegisteredByHand | DocumentSeen


@message
class Person:
    """``registered_by``: only of who was registered by hand."""

    person_id: str = ""
    document_type: DocumentType | UncheckedDocumentType | None = None
    identity_number: Personal[IdentityNumber] | None = None
    passport_number: Personal[PassportNumber] | None = None
    other_document_number: Personal[OtherDocumentNumber] | None = None
    registered_by: str = ""
    document_seen: bool = False

    @property
    def registered(self) -> bool:
        return self.person_id != ""


def decide(command: Command, person: Person, context: Context) -> list[Event]:
    match command:
        case RegisterPerson():
            return register(command, person)
        case RegisterPersonByHand():
            return register_by_hand(command, person, context)
        case ConfirmDocument():
            return confirm(person, context)
        case _:
            assert_never(command)


def register(command: RegisterPerson, person: Person) -> list[Event]:
    """Source: identity by document number, never by name (glossary, 1)."""
    if person.registered:
        raise ANOTHER_PERSON(field="person_id")
    return [
        PersonRegistered(
            person_id=command.person_id,
            document_type=command.document_type,
            identity_number=command.identity_number,
            name=command.name,
            sex=command.sex,
            birth_year=command.birth_year,
        )
    ]


def register_by_hand(command: RegisterPersonByHand, person: Person, context: Context) -> list[Event]:
    """Source: identity documents (glossary, 7); check digit for the resident card only (handbook, 5)."""
    if person.registered:
        raise ANOTHER_PERSON(field="person_id")
    if (command.passport_number is None) == (command.other_document_number is None):
        raise ONE_NUMBER(field="passport_number")
    if context.state(organisation, command.organisation_id).founding is None:
        raise ORGANISATION_UNKNOWN(field="organisation_id")
    return [
        PersonRegisteredByHand(
            person_id=command.person_id,
            organisation_id=command.organisation_id,
            document_type="other" if command.passport_number is None else "passport",
            passport_number=command.passport_number,
            other_document_number=command.other_document_number,
            name=command.name,
            birth_date=command.birth_date,
            sex=command.sex,
            birth_year=command.birth_year,
            registered_by=context.actor_id,
        )
    ]


def confirm(person: Person, context: Context) -> list[Event]:
    """Source: review and approval are different people's (glossary, 1)."""
    if not person.registered:
        raise NOT_REGISTERED(field="person_id")
    if not person.registered_by:
        raise NOTHING_TO_SEE(field="person_id")
    if context.actor_id in (person.registered_by, person.person_id):
        raise SAME_PERSON()
    if person.document_seen:
        return []
    return [DocumentSeen(person_id=person.person_id, seen_by=context.actor_id)]


def evolve(person: Person, event: Event) -> Person:
    match event:
        case PersonRegistered():
            return Person(
                person_id=event.person_id,
                document_type=event.document_type,
                identity_number=event.identity_number,
            )
        case PersonRegisteredByHand():
            return Person(
                person_id=event.person_id,
                document_type=event.document_type,
                passport_number=event.passport_number,
                other_document_number=event.other_document_number,
                registered_by=event.registered_by,
            )
        case DocumentSeen():
            return replace(person, document_seen=True)
        case _:
            assert_never(event)


NUMBERS = ("identity_number", "passport_number", "other_document_number")


def unique_keys(person: Person) -> Mapping[str, PersonalKey]:
    """One number of each kind of document stands for one person only."""
    given = {name: getattr(person, name) for name in NUMBERS}
    return {
        name: PersonalKey(number, ALREADY_REGISTERED) for name, number in given.items() if number is not None
    }


person = Decider("person", "person_id", Command, Event, Person(), decide, evolve, unique_keys)
