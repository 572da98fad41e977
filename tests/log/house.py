"""Founded logs for tests: one of funds, and one of membership with a district, a union and named people."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from demo.people import person
from services.membership.aggregates import language as membership_language
from services.membership.aggregates.member import JoinMember
from services.membership.aggregates.organisation import FoundOrganisation
from services.membership.aggregates.person import RegisterPerson
from services.membership.parameters import JOINING_AGE_YEARS
from shared.log.entry import Answer, Outcome
from shared.log.envelope import Envelope
from shared.log.log import Log, lock_head
from shared.log.migrations import migrate
from shared.log.sealing import Vault
from shared.log.store import Store
from shared.rules.context import Actor
from shared.rules.language import Language
from shared.rules.personal import Personal
from shared.rules.policy_parameter import SetParameter
from shared.runtime.commands import CommandHandler, Request
from shared.runtime.founding import found
from shared.standards.text import Text
from tests.log.fund import language as fund_language

MASTER_KEY = b"k" * 32
CLERK = Actor("clerk", roles=("registrar",), scope="federation")
OTHER_CLERK = Actor("other-clerk", roles=("registrar",), scope="federation")
FEDERATION, UNION = "federation-1", "union-1"
FOUNDED_ON = date(2001, 1, 1)
JOINED_ON = date(2020, 1, 1)


@dataclass(frozen=True, slots=True)
class House:
    """One opening of a store, as one process has it."""

    store: Store
    log: Log
    handler: CommandHandler

    def send(self, command: Any, command_id: str | None = None, actor: Actor = CLERK) -> Answer:
        """Have one command handled. Raises what the handler raises."""
        return self.handler.handle(Request(command, actor, command_id))

    def send_many(self, *commands: Any) -> list[Outcome]:
        return self.handler.handle_many([Request(command, CLERK) for command in commands])

    @property
    def url(self) -> str:
        return self.store.url.render_as_string(hide_password=False)

    def another(self) -> "House":
        """Another opening of the same store, as another process has it, or this one after a restart."""
        return open_house(self.url, self.log.language)

    def events(self) -> list[Envelope]:
        """Everything that the log holds."""
        return self.log.read(0, 1_000_000)

    def clear(self, value: Personal[Any]) -> Any:
        """A personal value as the vault opens it; ERASED once the person was forgotten."""
        with self.store.read() as connection:
            return self.log.vault.open(connection, value)

    def forget(self, person_id: str) -> None:
        """Destroy a person's key, under the head's lock as the vault asks for."""
        with self.store.write() as connection:
            lock_head(connection)
            self.log.vault.forget(connection, person_id)

    def close(self) -> None:
        self.store.close()


def open_house(url: str, language: Language = fund_language) -> House:
    """Open a store that has been migrated and founded: another process, or the same after a restart."""
    store = Store(url)
    log = Log(store, language, Vault(MASTER_KEY))
    return House(store, log, CommandHandler(log))


def found_house(url: str, language: Language = fund_language) -> House:
    """Migrate and found a fresh store."""
    house = open_house(url, language)
    migrate(house.store)
    found(house.log)
    return house


def found_membership(url: str) -> House:
    """A founded log of membership, with its parameters, a federation and a basic union in it."""
    house = found_house(url, membership_language)
    house.send(joining_age())
    house.send(federation())
    house.send(union())
    return house


def joining_age(years: int = 16) -> SetParameter:
    return SetParameter(
        key=JOINING_AGE_YEARS.key,
        value=years,
        unit=JOINING_AGE_YEARS.unit,
        region="CN",
        effective_from=date(1995, 1, 1),
        document_no="劳动法第十五条",
        sureness="sample",
    )


def federation() -> FoundOrganisation:
    return FoundOrganisation(
        organisation_id=FEDERATION,
        name=Text("门头沟区总工会"),
        kind="federation",
        level=4,
        founded_on=date(2000, 1, 1),
        basis=Text("批复1号"),
    )


def union(organisation_id: str = UNION, name: str = "永定机械厂工会") -> FoundOrganisation:
    return FoundOrganisation(
        organisation_id=organisation_id,
        parent_id=FEDERATION,
        name=Text(name),
        kind="basic_union",
        level=7,
        founded_on=FOUNDED_ON,
        basis=Text("批复2号"),
    )


def register(index: int) -> RegisterPerson:
    """The registration of the person with this index, as ``person-<index>``."""
    someone = person(index)
    return RegisterPerson(
        person_id=f"person-{index}",
        document_type="resident_identity_card",
        identity_number=Personal(someone.identity_number),
        name=Personal(someone.name),
        sex=someone.sex,
        birth_year=someone.born_on.year,
    )


def join(index: int, member_id: str | None = None) -> JoinMember:
    """The joining of the person with this index, as ``member-<index>`` unless another id is given."""
    someone = person(index)
    return JoinMember(
        member_id=member_id or f"member-{index}",
        person_id=f"person-{index}",
        organisation_id=UNION,
        name=Personal(someone.name),
        identity_number=Personal(someone.identity_number),
        mobile=Personal(someone.mobile),
        sex=someone.sex,
        birth_year=someone.born_on.year,
        age_years=JOINED_ON.year - someone.born_on.year - 1,
        employment_status="on_post",
        occupation_group="none",
        migrant_worker=False,
        consent_version="1",
        joined_on=JOINED_ON,
    )


def once(house: House, command_id: str, answer: Answer) -> bool:
    """Whether the log holds a command once, and tells of it what its caller was told."""
    events = [event for event in house.events() if event.facts.command_id == command_id]
    found = house.log.command(command_id)
    return (
        found is not None
        and [event.position for event in events] == list(range(found.first_position or 0, found.position + 1))
        and (found.first_position, found.position, found.streams)
        == (answer.first_position, answer.position, answer.streams)
    )
