"""Members: a person's membership relation with a basic union, one at a time across the district."""

from collections.abc import Mapping
from datetime import date
from typing import Literal, assert_never

from services.membership.aggregates.organisation import Organisation, organisation
from services.membership.aggregates.person import person
from services.membership.events import EmploymentStatus, MemberJoined, OccupationGroup, Sex
from services.membership.parameters import JOINING_AGE_YEARS
from shared.rules.context import Context
from shared.rules.decider import Decider
from shared.rules.message import message
from shared.rules.personal import Personal
from shared.rules.refusal import Refusal
from shared.standards.identity_number import IdentityNumber
from shared.standards.mobile import MobileNumber
from shared.standards.person_name import PersonName

ALREADY_A_MEMBER = Refusal(
    "member.already_a_member",
    zh="此人已是会员，应办理会籍接转，不能重复入会",
    en="this person is a member already; membership is transferred, not taken up twice",
)
ALREADY_JOINED = Refusal(
    "member.already_joined", zh="该会员编号已使用", en="this member id has been used already"
)
PERSON_UNKNOWN = Refusal("member.person_unknown", zh="人员尚未登记", en="the person has not been registered")
ORGANISATION_UNKNOWN = Refusal(
    "member.organisation_unknown", zh="所属工会不存在", en="the organisation does not exist"
)
NO_MEMBERS_HERE = Refusal(
    "member.no_members_here",
    zh="只有基层工会、联合基层工会和组织员可以吸收会员",
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
    consent_version: str
    joined_on: date


@message
class Member:
    person_id: str = ""
    organisation_id: str = ""
    status: Literal["none", "active"] = "none"
    joined_on: date | None = None


def decide(command: JoinMember, member: Member, context: Context) -> list[MemberJoined]:
    """Source: 工会会员会籍管理办法 (2016) arts. 3 and 5; age: 劳动法 art. 15."""
    if member.status == "active":
        if (member.person_id, member.organisation_id) == (command.person_id, command.organisation_id):
            return []
        raise ALREADY_JOINED(field="member_id")
    if not context.state(person, command.person_id).registered:
        raise PERSON_UNKNOWN(field="person_id")
    check_organisation(command, context.state(organisation, command.organisation_id))
    if command.age_years < (years := context[JOINING_AGE_YEARS]):
        raise UNDER_AGE(field="identity_number", years=years)
    return [
        MemberJoined(
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
    ]


def check_organisation(command: JoinMember, union: Organisation) -> None:
    """Raises the refusal that the union joined calls for, if any."""
    if union.founding is None:
        raise ORGANISATION_UNKNOWN(field="organisation_id")
    if not union.holds_members:
        raise NO_MEMBERS_HERE(field="organisation_id")
    if command.joined_on < union.founding.effective_on:
        raise BEFORE_FOUNDING(field="joined_on")


def evolve(member: Member, event: MemberJoined) -> Member:
    match event:
        case MemberJoined():
            return Member(
                person_id=event.person_id,
                organisation_id=event.organisation_id,
                status="active",
                joined_on=event.effective_on,
            )
        case _:
            assert_never(event)


def unique_keys(member: Member) -> Mapping[str, Refusal]:
    return {f"membership/{member.person_id}": ALREADY_A_MEMBER} if member.status == "active" else {}


member = Decider("member", "member_id", JoinMember, MemberJoined, Member(), decide, evolve, unique_keys)
