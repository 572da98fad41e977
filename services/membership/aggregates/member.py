"""Members: a person's membership relation with a basic union, one at a time across the district."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Literal, assert_never

from services.membership.aggregates.organisation import Organisation, organisation
from services.membership.aggregates.person import person
from services.membership.events import (
    DocumentType,
    EmploymentStatus,
    MemberChanged,
    MemberJoined,
    OccupationGroup,
    PersonRegistered,
    Sex,
)
from services.membership.parameters import JOINING_AGE_YEARS
from shared.rules.context import Context
from shared.rules.decider import Decider
from shared.rules.message import message
from shared.rules.personal import Personal, PublicText
from shared.rules.refusal import Refusal
from shared.standards.identity_number import IdentityNumber
from shared.standards.mobile import MobileNumber
from shared.standards.person_name import PersonName

ALREADY_A_MEMBER = Refusal(
    "member.already_a_member",
    zh="此人已是会员，不能重复入会，应办理会籍接转（本系统暂不支持，请联系区总工会）",
    en="this person is a member already; membership is transferred, not taken up twice",
)
ALREADY_JOINED = Refusal(
    "member.already_joined",
    zh="该会员编号已使用，登记内容不同",
    en="this member id has been used already, with other particulars",
)
APPLICANT = Refusal("member.applicant", zh="不能办理本人的入会", en="nobody admits themselves")
ALREADY_REGISTERED = Refusal(
    "member.person_registered",
    zh="该人员已登记，不能在入会时再次登记",
    en="this person is registered already and is not registered again at joining",
)
NOT_A_MEMBER = Refusal("member.not_a_member", zh="此人不是在会会员", en="this is not an active member")
TRANSFER_NEEDED = Refusal(
    "member.transfer_needed",
    zh="此人是另一工会的会员，变更所属工会应办理会籍接转（本系统暂不支持，请联系区总工会）",
    en="this person is a member of another union; membership moves by a transfer only",
)
CHANGED_BEFORE_JOINING = Refusal(
    "member.changed_before_joining",
    zh="变更日期不能早于入会日期",
    en="nothing about a membership changes before it began",
)
CHANGED_SINCE = Refusal(
    "member.changed_since",
    zh="该会员在此日期之后已有变更",
    en="this member has been changed as of a later day",
)
RETIRED = Refusal(
    "member.retired",
    zh="此人已于{retired_on}退休，会籍予以保留，不再恢复为在会；登记有误的，变更日期须填退休当日",
    en="this person retired on {retired_on} and stays retained; an error is corrected as of that very day",
)
PERSON_UNKNOWN = Refusal("member.person_unknown", zh="人员尚未登记", en="the person has not been registered")
ORGANISATION_UNKNOWN = Refusal(
    "member.organisation_unknown", zh="所属工会不存在", en="the organisation does not exist"
)
NO_MEMBERS_HERE = Refusal(
    "member.no_members_here",
    zh="只有基层工会、联合基层工会和组织员可以发展会员",
    en="only a basic union, a joint basic union or an organiser admits members",
)
UNDER_AGE = Refusal(
    "member.under_age", zh="入会时须年满{years}周岁", en="a member must be {years} years old at joining"
)
BEFORE_FOUNDING = Refusal(
    "member.before_founding",
    zh="入会日期不能早于工会的建会日期",
    en="nobody joins a union before it was founded",
)

CHANGEABLE = ("name", "mobile", "employment_status", "occupation_group", "migrant_worker", "consent_version")


@message
class JoinMember:
    """The edge takes sex, year of birth and the age in full years on the day of joining from the number."""

    member_id: str
    person_id: str
    organisation_id: str
    name: Personal[PersonName]
    identity_number: Personal[IdentityNumber]
    mobile: Personal[MobileNumber]
    sex: Sex
    birth_year: int
    age_years: int
    employment_status: EmploymentStatus
    occupation_group: OccupationGroup
    migrant_worker: bool
    consent_version: PublicText
    joined_on: date


@message
class AdmitMember(JoinMember):
    """Joining of somebody who is not registered yet: both are recorded, or neither."""

    document_type: DocumentType


@message
class ChangeMember:
    """What is None stays as it is; of personal values the edge sends only those that differ."""

    member_id: str
    person_id: str
    organisation_id: str
    changed_on: date
    name: Personal[PersonName] | None = None
    mobile: Personal[MobileNumber] | None = None
    employment_status: EmploymentStatus | None = None
    occupation_group: OccupationGroup | None = None
    migrant_worker: bool | None = None
    consent_version: PublicText | None = None


Command = JoinMember | AdmitMember | ChangeMember
Event = MemberJoined | MemberChanged


@message
class Member:
    person_id: str = ""
    organisation_id: str = ""
    status: Literal["none", "active"] = "none"
    joining: MemberJoined | None = None
    joined_on: date | None = None
    retired_on: date | None = None
    changed_on: date | None = None
    name: Personal[PersonName] | None = None
    mobile: Personal[MobileNumber] | None = None
    employment_status: EmploymentStatus | None = None
    occupation_group: OccupationGroup | None = None
    migrant_worker: bool | None = None
    consent_version: str | None = None


def decide(command: Command, member: Member, context: Context) -> list[Event | PersonRegistered]:
    match command:
        case AdmitMember():
            return admit(command, member, context)
        case JoinMember():
            return join(command, member, context)
        case ChangeMember():
            return change(command, member)
        case _:
            assert_never(command)


def join(command: JoinMember, member: Member, context: Context) -> list[Event | PersonRegistered]:
    """Source: 工会会员会籍管理办法 (2016) arts. 3 and 5; age: 劳动法 art. 15."""
    if has_joined(command, member):
        return []
    if not context.state(person, command.person_id).registered:
        raise PERSON_UNKNOWN(field="person_id")
    return [joined(command, context)]


def admit(command: AdmitMember, member: Member, context: Context) -> list[Event | PersonRegistered]:
    """Source: as for joining; identity by document number (glossary, 1)."""
    if has_joined(command, member):
        return []
    if context.state(person, command.person_id).registered:
        raise ALREADY_REGISTERED(field="person_id")
    registered = PersonRegistered(
        person_id=command.person_id,
        document_type=command.document_type,
        identity_number=command.identity_number,
        name=command.name,
        sex=command.sex,
        birth_year=command.birth_year,
    )
    return [registered, joined(command, context)]


def has_joined(command: JoinMember, member: Member) -> bool:
    """Whether this very joining is recorded under this id. Raises ALREADY_JOINED."""
    if member.joining is None:
        return False
    if member.joining != wished(command):
        raise ALREADY_JOINED(field="member_id")
    return True


def joined(command: JoinMember, context: Context) -> MemberJoined:
    """The event of joining. Raises the refusal that actor, union or age call for, if any.

    Source: handbook, membership 2.3: the applicant does not approve; the age is that of the day of joining.
    """
    if context.actor_id == command.person_id:
        raise APPLICANT(field="person_id")
    check_organisation(command, context.state(organisation, command.organisation_id))
    if command.age_years < (years := context.parameter(JOINING_AGE_YEARS, command.joined_on)):
        raise UNDER_AGE(field="identity_number", years=years)
    return wished(command)


def wished(command: JoinMember) -> MemberJoined:
    """The joining that a command speaks of."""
    return MemberJoined(
        member_id=command.member_id,
        person_id=command.person_id,
        organisation_id=command.organisation_id,
        name=command.name,
        identity_number=command.identity_number,
        mobile=command.mobile,
        sex=command.sex,
        birth_year=command.birth_year,
        age_years=command.age_years,
        employment_status=command.employment_status,
        occupation_group=command.occupation_group,
        migrant_worker=command.migrant_worker,
        consent_version=command.consent_version,
        effective_on=command.joined_on,
    )


def check_organisation(command: JoinMember, union: Organisation) -> None:
    """Raises the refusal that the union joined calls for, if any."""
    if union.founding is None:
        raise ORGANISATION_UNKNOWN(field="organisation_id")
    if not union.holds_members:
        raise NO_MEMBERS_HERE(field="organisation_id")
    if command.joined_on < union.founding.effective_on:
        raise BEFORE_FOUNDING(field="joined_on")


def change(command: ChangeMember, member: Member) -> list[Event | PersonRegistered]:
    """Source: handbook, membership 5 (real-name fields); a move between unions is a transfer (2.5).

    Who is retained for retirement never becomes active again (2.2).
    """
    if member.status != "active" or member.person_id != command.person_id:
        raise NOT_A_MEMBER(field="member_id")
    if member.organisation_id != command.organisation_id:
        raise TRANSFER_NEEDED(field="organisation_id")
    if member.joined_on is not None and command.changed_on < member.joined_on:
        raise CHANGED_BEFORE_JOINING(field="changed_on")
    if member.changed_on is not None and command.changed_on < member.changed_on:
        raise CHANGED_SINCE(field="changed_on")
    told = {
        name: value
        for name in CHANGEABLE
        if (value := getattr(command, name)) is not None
        # Two personal values always compare equal.
        and (isinstance(value, Personal) or value != getattr(member, name))
    }
    if member.retired_on not in (None, command.changed_on) and "employment_status" in told:
        raise RETIRED(field="employment_status", retired_on=member.retired_on)
    if not told:
        return []
    values: dict[str, Any] = dict.fromkeys(CHANGEABLE) | told
    return [
        MemberChanged(
            member_id=command.member_id,
            person_id=command.person_id,
            organisation_id=command.organisation_id,
            effective_on=command.changed_on,
            **values,
        )
    ]


def evolve(member: Member, event: Event) -> Member:
    match event:
        case MemberJoined():
            return Member(
                person_id=event.person_id,
                organisation_id=event.organisation_id,
                status="active",
                joining=event,
                joined_on=event.effective_on,
                retired_on=retired_on(event, None),
                name=event.name,
                mobile=event.mobile,
                employment_status=event.employment_status,
                occupation_group=event.occupation_group,
                migrant_worker=event.migrant_worker,
                consent_version=event.consent_version,
            )
        case MemberChanged():
            told = {name: value for name in CHANGEABLE if (value := getattr(event, name)) is not None}
            return replace(
                member, changed_on=event.effective_on, retired_on=retired_on(event, member.retired_on), **told
            )
        case _:
            assert_never(event)


def retired_on(event: Event, known_on: date | None) -> date | None:
    """Since when a member is retired after an event; ``known_on``: since when before it."""
    if event.employment_status is None:
        return known_on
    return event.effective_on if event.employment_status == "retired" else None


def unique_keys(member: Member) -> Mapping[str, Refusal]:
    return {f"membership/{member.person_id}": ALREADY_A_MEMBER} if member.status == "active" else {}


member = Decider("member", "member_id", Command, Event, Member(), decide, evolve, unique_keys)
