"""Persons: the district's one registry of human beings; all services share the random identity of each."""

from collections.abc import Mapping
from typing import assert_never

from services.membership.events import DocumentType, PersonRegistered, Sex
from shared.rules.context import Context
from shared.rules.decider import Decider, PersonalKey
from shared.rules.message import message
from shared.rules.personal import Personal
from shared.rules.refusal import Refusal
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
class Person:
    person_id: str = ""
    document_type: DocumentType | None = None
    identity_number: Personal[IdentityNumber] | None = None

    @property
    def registered(self) -> bool:
        return self.person_id != ""


def decide(command: RegisterPerson, person: Person, context: Context) -> list[PersonRegistered]:
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


def evolve(person: Person, event: PersonRegistered) -> Person:
    match event:
        case PersonRegistered():
            return Person(
                person_id=event.person_id,
                document_type=event.document_type,
                identity_number=event.identity_number,
            )
        case _:
            assert_never(event)


def unique_keys(person: Person) -> Mapping[str, PersonalKey]:
    if person.identity_number is None:
        return {}
    return {"identity_number": PersonalKey(person.identity_number, ALREADY_REGISTERED)}


person = Decider(
    "person", "person_id", RegisterPerson, PersonRegistered, Person(), decide, evolve, unique_keys
)
