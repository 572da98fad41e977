"""The district of the demonstration: its federation, its basic unions and who joins them, as commands."""

from datetime import date

from demo.people import MENTOUGOU, Person, person
from services.membership.aggregates.member import JoinMember
from services.membership.aggregates.organisation import FoundOrganisation
from services.membership.aggregates.person import RegisterPerson
from services.membership.events import EmploymentStatus, OccupationGroup
from services.membership.parameters import ALL
from shared.rules.personal import Personal
from shared.rules.policy_parameter import SetParameter
from shared.standards.credit_code import CreditCode, check_character, organisation_check_character
from shared.standards.text import Text

FEDERATION = "federation"
FEDERATION_NAME = "门头沟区总工会"
UNIONS = {
    "yongding-machinery": "永定机械厂工会",
    "longquan-hospital": "龙泉医院工会",
    "dayu-primary-school": "大峪小学工会",
    "tanzhe-tourism": "潭柘旅游公司工会",
    "junzhuang-quarry": "军庄建材公司工会",
    "chengzi-couriers": "城子快递行业联合工会",
}
COURIERS = "chengzi-couriers"
FOUNDED_ON = date(2002, 5, 1)
JOINED_ON = date(2024, 3, 1)


def parameters() -> list[SetParameter]:
    """Membership's policy parameters with the values that are shipped, samples as well as official ones."""
    return [
        SetParameter(
            key=parameter.key,
            value=dated.value,
            unit=parameter.unit,
            region=dated.region,
            effective_from=dated.effective_from,
            document_no=dated.document_no,
            sureness=dated.sureness,
        )
        for parameter in ALL
        for dated in parameter.shipped
    ]


def organisations() -> list[FoundOrganisation]:
    """The federation first, then the basic unions under it."""
    federation = FoundOrganisation(
        organisation_id=FEDERATION,
        name=Text(FEDERATION_NAME),
        kind="federation",
        level=4,
        founded_on=date(1985, 5, 1),
        basis=Text("京工组〔1985〕1号"),
        credit_code=credit_code(1),
    )
    unions = [
        FoundOrganisation(
            organisation_id=organisation_id,
            parent_id=FEDERATION,
            name=Text(name),
            kind="joint_basic_union" if organisation_id == COURIERS else "basic_union",
            level=7,
            founded_on=FOUNDED_ON,
            basis=Text(f"门工组〔2002〕{number}号"),
            credit_code=credit_code(number + 1),
        )
        for number, (organisation_id, name) in enumerate(UNIONS.items(), 1)
    ]
    return [federation, *unions]


def credit_code(number: int) -> CreditCode:
    """A valid code of a union (81) registered in the district; each number gives another."""
    organisation = f"MC{number:06}"
    first_17 = f"81{MENTOUGOU}{organisation}{organisation_check_character(organisation)}"
    return CreditCode(first_17 + check_character(first_17))


def union_of(index: int) -> str:
    """The union that the person of an index joins."""
    return list(UNIONS)[index % len(UNIONS)]


def register(index: int, person_id: str) -> RegisterPerson:
    somebody = person(index)
    return RegisterPerson(
        person_id=person_id,
        document_type="resident_identity_card",
        identity_number=Personal(somebody.identity_number),
        name=Personal(somebody.name),
        sex=somebody.sex,
        birth_year=somebody.born_on.year,
    )


def join(somebody: Person, person_id: str, member_id: str, organisation_id: str) -> JoinMember:
    status: EmploymentStatus = "on_post"
    occupation: OccupationGroup = "none"
    if organisation_id == COURIERS:
        status, occupation = "flexible", "courier"
    return JoinMember(
        member_id=member_id,
        person_id=person_id,
        organisation_id=organisation_id,
        name=Personal(somebody.name),
        identity_number=Personal(somebody.identity_number),
        mobile=Personal(somebody.mobile),
        sex=somebody.sex,
        birth_year=somebody.born_on.year,
        age_years=somebody.identity_number.age_on(JOINED_ON),
        employment_status=status,
        occupation_group=occupation,
        migrant_worker=False,
        consent_version="2024-1",
        joined_on=JOINED_ON,
    )
