"""The district's year: lived through all four services, by the roles whose steps they are, and counted."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo import relief, roster
from demo.calling import Unexpected
from demo.money import Treasury
from demo.office import Office
from demo.plan import Plan
from demo.population import FEDERATION, Household, Population
from shared.runtime.calls import RefusedCall

FIGURES_SECONDS_MAX = 120
"""How long the demonstration waits for reporting on a machine that is busy with other things."""
Step = Callable[[str, str], None]
"""Tells in Chinese and English what was done."""


@dataclass
class Year:
    """One year of the plan.

    Args:
        step: tells what was done; ``progress``: shows how far the present step is.
    """

    plan: Plan
    folder: Path
    step: Step
    progress: Callable[[str, int], Any]

    def __post_init__(self) -> None:
        self.population = Population(self.plan)

    def take_members_in(self, office: Office) -> None:
        """The tree and the roster come in from spreadsheets, rehearsed first, and twice without effect."""
        tree, members = self.folder / "organisations.xlsx", self.folder / "roster.csv"
        roster.write_organisations(tree, self.population)
        roster.write_roster(members, self.population)
        clerk = office.clerk.membership
        counted = roster.take_in("organisations", tree, clerk.import_organisations, lambda _: None)
        self.step(
            f"导入工会组织 {counted['new']} 个（xlsx）",
            f"{counted['new']} organisations imported from a workbook",
        )
        size = self.plan.members.earlier + self.plan.members.joined
        started = time.perf_counter()
        with self.progress("导入会员名册", size) as advance:
            counted = roster.take_in("members", members, clerk.import_members, advance)
        rate = size / (time.perf_counter() - started)
        if counted["new"] != size:
            raise Unexpected(f"{counted} of {size} rows")
        self.step(
            f"导入会员名册 {size:,} 行（csv，GB18030）：新增 {counted['new']:,} 人，每秒 {rate:,.0f} 行",
            f"{size:,} members imported from a csv, {rate:,.0f} rows a second",
        )

    def put_on_file(self, office: Office) -> tuple[list[Household], dict[str, str]]:
        """Households in hardship from the application to the approved file."""
        households = list(self.population.households())
        persons = relief.identify(office, households)
        with self.progress("困难职工家庭建档", 8) as advance:
            relief.put_on_file(office, households, persons, lambda _: advance(1))
        self.step(
            f"建档 {len(households):,} 户：申请、初审、入户、核对、公示五个工作日、另一人审批",
            f"{len(households):,} households went from application to file, approved by another person",
        )
        return households, persons

    def help_households(
        self, office: Office, households: list[Household], persons: dict[str, str]
    ) -> Treasury:
        """Campaigns, student aid and goods; paid through the bank, what came back is paid again."""
        relief.allocate_and_open(office, self.population)
        treasury = Treasury(office, self.folder)
        grants: list[str] = []
        with self.progress("救助与助学", 4) as advance:
            for campaign in self.plan.campaigns:
                proposals = [
                    each | {"person_id": persons[household.applicant.somebody.identity_number]}
                    for each, household in zip(relief.helped(campaign, households), households, strict=False)
                ]
                grants += relief.propose_and_approve(office, proposals, "2015-01-26", "2015-01-28")
                advance(1)
            students = relief.propose_and_approve(
                office, self.student_proposals(households, persons), "2015-08-25", "2015-08-28"
            )
            advance(1)
        self.step(
            f"送温暖等救助 {len(grants):,} 人次、金秋助学 {len(students):,} 人，一人申报、另一人批准",
            f"{len(grants):,} reliefs and {len(students):,} students' aid, approved by another person",
        )
        self.pay_all(treasury, grants, "2015-02-10", "2015-02-16")
        self.pay_all(treasury, students, "2015-09-05", "2015-09-15")
        packages = relief.hand_out_goods(office, self.population, households, persons)
        self.step(
            f"发放{self.plan.goods.name} {packages} {self.plan.goods.unit}，逐户签领",
            f"{packages} packages of goods issued against signature",
        )
        return treasury

    def student_proposals(self, households: list[Household], persons: dict[str, str]) -> list[dict[str, Any]]:
        return [
            {
                "grant_id": f"{self.plan.student_aid.id}-{each.number:04}",
                "campaign_id": self.plan.student_aid.id,
                "person_id": persons[each.child.identity_number],
                **relief.of_file(each),
            }
            for each in households
            if each.child is not None
        ]

    def pay_all(self, treasury: Treasury, grants: list[str], on: str, again_on: str) -> None:
        """Pay grants; those whose lines the bank turned back once more."""
        first = treasury.pay(grants, on, fails_one_in=self.plan.bank.fails_one_in)
        self.step(
            f"支付批次 {first.lines:,} 笔 {first.amount_fen / 100:,.2f} 元：制单、审核、审批、放行各由一人；"
            f"银行退回 {len(first.failed)} 笔",
            f"a batch of {first.lines:,} lines, by four persons; the bank turned {len(first.failed)} back",
        )
        if first.failed:
            second = treasury.pay(list(first.failed), again_on, attempt=2)
            self.step(
                f"退回的 {second.lines} 笔另行制单重付，不改原笔",
                f"the {second.lines} lines that came back were paid by new ones",
            )

    def take_one_back(
        self, office: Office, treasury: Treasury, households: list[Household], persons: dict[str, str]
    ) -> None:
        """One household too many was helped: its payment is reversed and counts nowhere."""
        campaign = self.plan.campaigns[1]
        household = households[campaign.households]
        proposal = {
            "grant_id": "to-be-reversed",
            "campaign_id": campaign.id,
            "person_id": persons[household.applicant.somebody.identity_number],
            **relief.of_file(household),
        }
        office.approver.assistance.allocate_budget(
            budget_id=campaign.id,
            organisation_id=FEDERATION,
            fund_source="union_funds",
            programme=campaign.programme,
            year=2015,
            document_no="门工财〔2015〕追加1号",
            amount_fen=campaign.amount_yuan * relief.FEN_A_YUAN,
            allocated_on="2015-03-01",
        )
        grants = relief.propose_and_approve(office, [proposal], "2015-03-02", "2015-03-03")
        treasury.pay(grants, "2015-03-04")
        treasury.take_back(
            grants[0], household.town_id, campaign.amount_yuan * relief.FEN_A_YUAN, "2015-03-10"
        )
        self.step(
            "一笔错发已冲销，冲销由另一人批准",
            "one payment made in error was reversed, approved by another person",
        )

    def compare(self, office: Office, position: int) -> list[tuple[str, str, str, bool]]:
        """Published beside counted, once reporting knows all that was recorded; and whether they agree."""
        known = figures_of(office, {"source": "assistance", "epoch": 1, "position": position})
        counted = {each["code"]: each["value"] for each in known["answer"]}
        return [
            (
                each.zh,
                shown(each.value, each.money),
                shown(counted[each.figure], each.money),
                each.agrees(counted[each.figure]),
            )
            for each in self.plan.published
        ]


def figures_of(office: Office, at_least: dict[str, Any]) -> dict[str, Any]:
    """The year's figures, once reporting knows what was recorded. Raises what the query refuses with."""
    deadline = time.monotonic() + FIGURES_SECONDS_MAX
    while True:
        try:
            answer: dict[str, Any] = office.statistician.reporting.figures(
                from_on="2015-01-01", to_on="2015-12-31", at_least=at_least
            )
        except RefusedCall as refused:
            if refused.code != "query.not_yet" or time.monotonic() > deadline:
                raise
        else:
            return answer


def shown(value: int | None, money: bool) -> str:  # noqa: FBT001
    if value is None:
        return "—"
    return f"{value / 100:,.2f}" if money else f"{value:,}"
