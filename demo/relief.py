"""Households on file, campaigns, grants and goods: each step by the role whose step it is."""

from collections.abc import Callable
from typing import Any

from demo.calling import accepted
from demo.office import Office
from demo.plan import Campaign
from demo.population import FEDERATION, Household, Population

FEN_A_YUAN = 100

Show = Callable[[str], None]
"""Is told what is going on."""

INCOME_FEN = 1_500_000
RIGID_FEN = 300_000
"""A year's income and unavoidable expenditure of every household here: deep hardship in 2015."""

SUBMITTED = {
    "proofs": [
        "application_form",
        "identity_documents",
        "household_book",
        "income_proof",
        "unit_certificate",
        "diagnosis",
    ],
    "submitted_on": "2015-01-06",
}
VISITED = {
    "authorisation_signed": True,
    "notice_consented": True,
    "authorised_until": "2015-12-31",
    "visited_on": "2015-01-08",
}
POSTED = {"medium": "notice_board", "place": "单位公告栏", "posted_on": "2015-01-13"}


def identify(office: Office, households: list[Household]) -> dict[str, str]:
    """The persons of all households, by identity number."""
    numbers = {}
    for each in households:
        for somebody in (each.applicant.somebody, each.spouse, *([each.child] if each.child else ())):
            numbers[str(somebody.identity_number)] = str(somebody.name)
    persons: dict[str, str] = {}
    told = [{"identity_number": number, "name": name} for number, name in numbers.items()]
    for first in range(0, len(told), 1_000):
        page = told[first : first + 1_000]
        found = office.clerk.membership.identify_persons(persons=page)
        persons |= {row["identity_number"]: each["person_id"] for row, each in zip(page, found, strict=True)}
    return persons


def put_on_file(office: Office, households: list[Household], persons: dict[str, str], show: Show) -> None:
    """Take every household from the draft to the approved file, each step by who may take it."""
    clerk, reviewer, approver = (
        office.clerk.assistance,
        office.reviewer.assistance,
        office.approver.assistance,
    )
    visitors = [office.persons["clerk"], office.persons["cashier"]]
    steps: tuple[tuple[str, Any, Callable[[Household], dict[str, Any]]], ...] = (
        ("立户", clerk.open_file_many, lambda each: opening(each, persons)),
        ("登记账户", clerk.record_payee_account_many, lambda each: account(each, persons)),
        ("提交", clerk.submit_file_many, lambda _: SUBMITTED),
        ("初审", reviewer.review_file_many, lambda _: {"reviewed_on": "2015-01-07"}),
        ("入户", clerk.record_home_visit_many, lambda _: VISITED | {"visitor_ids": visitors}),
        ("核对", clerk.record_economic_check_many, check),
        ("公示", clerk.post_notice_many, lambda _: POSTED),
        ("审批", approver.approve_file_many, lambda _: {"approved_on": "2015-01-21"}),
    )
    for name, method, typed in steps:
        show(name)
        accepted(method, [of_file(each) | typed(each) for each in households])


def of_file(household: Household) -> dict[str, Any]:
    return {"file_id": household.file_id, "organisation_id": household.town_id}


def opening(household: Household, persons: dict[str, str]) -> dict[str, Any]:
    applicant = household.applicant.somebody
    members = [
        member(persons, applicant, "self"),
        member(persons, household.spouse, "spouse"),
    ]
    if household.child is not None:
        relation = "son" if int(household.child.identity_number[16]) % 2 else "daughter"
        members.append(
            member(persons, household.child, relation) | {"education_stage": household.child.stage}
        )
    return {
        "person_id": persons[applicant.identity_number],
        "applicant_sex": applicant.sex,
        "members": members,
        "single_parent": False,
        "migrant_worker": False,
        "hardship_cause": "own_illness" if household.number % 20 == 1 else "low_income",
        "opened_on": "2015-01-05",
    }


def member(persons: dict[str, str], somebody: Any, relation: str) -> dict[str, Any]:
    return {
        "person_id": persons[somebody.identity_number],
        "name": str(somebody.name),
        "relation": relation,
    }


def account(household: Household, persons: dict[str, str]) -> dict[str, Any]:
    applicant = household.applicant.somebody
    return {
        "person_id": persons[applicant.identity_number],
        "account_number": str(household.account),
        "holder_name": str(applicant.name),
        "recorded_on": "2015-01-05",
    }


def check(household: Household) -> dict[str, Any]:
    size = 2 if household.child is None else 3
    return {
        "findings": {
            "household_size": size,
            "annual_disposable_income_fen": INCOME_FEN,
            "rigid_expenditure_fen": RIGID_FEN,
        },
        "document_no": f"门民核〔2015〕{household.number}号",
        "checked_on": "2015-01-12",
    }


def allocate_and_open(office: Office, population: Population) -> None:
    """The year's budgets, a campaign for each, and the school year's aid."""
    plan, approver = population.plan, office.approver.assistance
    for each in plan.campaigns:
        allocate(approver, each.id, each.programme, each.amount_yuan * each.households)
        open_campaign(approver, each.id, each.name, each.programme, "2015-01-22", each.amount_yuan)
    allocate(approver, plan.student_aid.id, "autumn_student_aid", 2_000_000)
    open_campaign(approver, plan.student_aid.id, plan.student_aid.name, "autumn_student_aid", "2015-08-20")


def allocate(approver: Any, budget_id: str, programme: str, amount_yuan: int) -> None:
    approver.allocate_budget(
        budget_id=budget_id,
        organisation_id=FEDERATION,
        fund_source="union_funds",
        programme=programme,
        year=2015,
        document_no=f"门工财〔2015〕{budget_id}",
        amount_fen=amount_yuan * FEN_A_YUAN,
        allocated_on="2015-01-10",
    )


def open_campaign(
    approver: Any, campaign_id: str, name: str, programme: str, opens_on: str, amount_yuan: int | None = None
) -> None:
    given = {} if amount_yuan is None else {"amount_fen": amount_yuan * FEN_A_YUAN}
    approver.open_campaign(
        campaign_id=campaign_id,
        organisation_id=FEDERATION,
        budget_id=campaign_id,
        name=name,
        programme=programme,
        season_year=2015,
        opens_on=opens_on,
        closes_on="2015-12-31",
        decided_on="2015-01-12",
        **given,
    )


def helped(campaign: Campaign, households: list[Household]) -> list[dict[str, Any]]:
    """A proposal for each household that a campaign reaches."""
    return [
        {
            "grant_id": f"{campaign.id}-{each.number:04}",
            "campaign_id": campaign.id,
            **of_file(each),
        }
        for each in households[: campaign.households]
    ]


def propose_and_approve(
    office: Office, proposals: list[dict[str, Any]], proposed_on: str, approved_on: str
) -> list[str]:
    """Have a clerk propose grants and somebody else approve them; their ids."""
    accepted(
        office.clerk.assistance.propose_grant_many,
        [each | {"proposed_on": proposed_on} for each in proposals],
    )
    accepted(
        office.approver.assistance.approve_grant_many,
        [
            {
                "grant_id": each["grant_id"],
                "organisation_id": each["organisation_id"],
                "approved_on": approved_on,
            }
            for each in proposals
        ],
    )
    return [each["grant_id"] for each in proposals]


def hand_out_goods(
    office: Office, population: Population, households: list[Household], persons: dict[str, str]
) -> int:
    """Packages come in and are signed for; how many."""
    goods, clerk = population.plan.goods, office.clerk.assistance
    clerk.receive_goods(
        item_id="rice",
        organisation_id=FEDERATION,
        name=goods.name,
        unit=goods.unit,
        unit_value_fen=goods.value_yuan * FEN_A_YUAN,
        quantity=goods.received,
        source="purchase",
        document_no="门工物〔2015〕1号",
        received_on="2015-01-25",
    )
    chosen = households[: goods.households]
    accepted(
        clerk.issue_goods_many,
        [
            {
                "issue_id": f"rice-{each.number:04}",
                "organisation_id": FEDERATION,
                "item_id": "rice",
                "file_id": each.file_id,
                "person_id": persons[each.applicant.somebody.identity_number],
                "quantity": goods.each,
                "witness_id": office.persons["reviewer"],
                "signed_on": "2015-02-11",
            }
            for each in chosen
        ],
    )
    return goods.each * len(chosen)
