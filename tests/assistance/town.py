"""A house of assistance on a store: any number of households on file, each with a relief to be paid.

Caseworker Wang, reviewer Zhao, visitor Zhou, approver Sun; batches go from Wu over Zheng and Qian to Feng.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from services.assistance.aggregates import language
from services.assistance.aggregates.batch.commands import (
    AddLines,
    ApproveBatch,
    CheckBatch,
    LockBatch,
    OpenBatch,
    RecordResults,
    ReleaseBatch,
    Result,
)
from services.assistance.aggregates.batch.lines import ORGANISATIONS_WITHIN
from services.assistance.aggregates.budget import AllocateBudget
from services.assistance.aggregates.file.commands import (
    ApproveFile,
    OpenFile,
    PostNotice,
    RecordEconomicCheck,
    RecordHomeVisit,
    RecordPayeeAccount,
    ReviewFile,
    SubmitFile,
)
from services.assistance.aggregates.grant.commands import ApproveGrant, ProposeGrant
from services.assistance.aggregates.payment_batch import payment_batch
from services.assistance.aggregates.relief_campaign import OpenCampaign
from services.assistance.aggregates.scope import ORGANISATIONS_ABOVE
from services.assistance.events.file import EducationStage, Proof
from services.assistance.parameters import ALL
from services.assistance.projections.ledger import ledger_balances, ledger_entries
from services.assistance.projections.payment_batches import not_payable, payment_batches
from shared.log.entry import Answer, Outcome
from shared.log.tables import events
from shared.projections.following import ProjectionFollower, prepare_projection
from shared.rules.context import Actor, Fact
from shared.rules.personal import Personal
from shared.rules.policy_parameter import SetParameter
from shared.runtime.commands import Request
from shared.standards.bank_card import BankCardNumber
from shared.standards.person_name import PersonName
from tests.log.house import House, found_house
from tests.rules.assistance.households import findings, member_of

DISTRICT, FACTORY = "district", "factory"
OPENED_ON, APPROVED_ON, PAID_ON = date(2024, 1, 8), date(2024, 2, 22), date(2024, 3, 4)
AMOUNT_FEN = 100_000
FACTS = {
    ORGANISATIONS_WITHIN: Fact([FACTORY], "membership", 1),
    ORGANISATIONS_ABOVE: Fact([DISTRICT], "membership", 1),
}
"""What is looked up: the factory's union is below the district."""
A_CALL = 1_000
CAMPAIGNS = ("winter", "frost", "snow")
PROJECTIONS = (payment_batches, not_payable, ledger_entries, ledger_balances)


def found_town(url: str) -> "Town":
    """Found assistance in a fresh store, with all its parameters, three campaigns and their budget."""
    town = Town(found_house(url, language))
    furnish(town)
    return town


def furnish(town: "Town") -> None:
    """Give a founded house all its parameters, three campaigns and their budget."""
    town.each(
        "administrator",
        (
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
            if dated.region in ("CN", "CN-11")
        ),
    )
    budget = AllocateBudget(
        budget_id="winter",
        organisation_id=DISTRICT,
        fund_source="union_funds",
        programme="winter_warmth",
        year=2024,
        document_no="1",
        amount_fen=10_000_000_000,
        allocated_on=date(2024, 1, 2),
    )
    town.each("sun", [budget, *(campaign(each) for each in CAMPAIGNS)])


@dataclass(frozen=True)
class Town:
    """What people do in it, by name."""

    house: House

    def send(self, by: str, *commands: Any) -> list[Outcome]:
        """Have commands handled; an outcome for each."""
        found: list[Outcome] = []
        for start in range(0, len(commands), A_CALL):
            page = [Request(each, Actor(by), facts=FACTS) for each in commands[start : start + A_CALL]]
            found += self.house.handler.handle_many(page)
        return found

    def each(self, by: str, commands: Iterable[Any]) -> None:
        """Have commands handled; all must be accepted."""
        for outcome in self.send(by, *commands):
            if not isinstance(outcome, Answer):
                raise outcome

    def settle(
        self,
        numbers: Sequence[int],
        *,
        without_account: Sequence[int] = (),
        stage: EducationStage | None = None,
    ) -> None:
        """Households with these numbers come on file, each a person with an account of their own.

        Args:
            stage: of education, in which all of them are.
        """
        of: dict[int, dict[str, Any]] = {
            number: {"file_id": f"file-{number}", "organisation_id": FACTORY} for number in numbers
        }
        persons = {number: f"person-{number}" for number in numbers}
        self.each(
            "wang",
            (
                OpenFile(
                    **of[number],
                    person_id=persons[number],
                    applicant_sex="female",
                    members=(member_of(persons[number], "self", education_stage=stage),),
                    single_parent=False,
                    migrant_worker=False,
                    hardship_cause="low_income",
                    opened_on=OPENED_ON,
                )
                for number in numbers
            ),
        )
        self.each("wang", (account(number) for number in numbers if number not in without_account))
        proofs: tuple[Proof, ...] = (
            "application_form",
            "identity_documents",
            "household_book",
            "income_proof",
        )
        self.each("wang", (SubmitFile(**of[each], proofs=proofs, submitted_on=OPENED_ON) for each in numbers))
        self.each("zhao", (ReviewFile(**of[each], reviewed_on=OPENED_ON) for each in numbers))
        self.each(
            "wang",
            (
                RecordHomeVisit(
                    **of[number],
                    visitor_ids=("wang", "zhou"),
                    authorisation_signed=True,
                    notice_consented=True,
                    authorised_until=date(2024, 12, 31),
                    visited_on=OPENED_ON,
                )
                for number in numbers
            ),
        )
        found = findings(household_size=1, annual_disposable_income_fen=2_000_000, rigid_expenditure_fen=0)
        self.each(
            "wang",
            (
                RecordEconomicCheck(**of[each], findings=found, document_no="1", checked_on=OPENED_ON)
                for each in numbers
            ),
        )
        self.each(
            "wang",
            (PostNotice(**of[each], medium="website", place="网站", posted_on=OPENED_ON) for each in numbers),
        )
        self.each("sun", (ApproveFile(**of[each], approved_on=APPROVED_ON) for each in numbers))

    def grant(self, numbers: Sequence[int], campaign_id: str = "winter") -> None:
        """Each of these households is granted the campaign's amount, under an id that ``grant_id`` tells."""
        self.each(
            "wang",
            (
                ProposeGrant(
                    grant_id=grant_id(number, campaign_id),
                    organisation_id=FACTORY,
                    campaign_id=campaign_id,
                    file_id=f"file-{number}",
                    person_id=f"person-{number}",
                    proposed_on=APPROVED_ON,
                )
                for number in numbers
            ),
        )
        self.each(
            "sun",
            (
                ApproveGrant(
                    grant_id=grant_id(number, campaign_id),
                    organisation_id=FACTORY,
                    approved_on=APPROVED_ON,
                )
                for number in numbers
            ),
        )

    def open_batch(self, batch_id: str, numbers: Sequence[int], campaign_id: str = "winter") -> None:
        """A batch is made of these households' grants."""
        of = {"batch_id": batch_id, "organisation_id": DISTRICT}
        self.each("wu", [OpenBatch(**of, opened_on=PAID_ON)])
        for start in range(0, len(numbers), A_CALL):
            grant_ids = tuple(grant_id(each, campaign_id) for each in numbers[start : start + A_CALL])
            self.each("wu", [AddLines(**of, grant_ids=grant_ids, prepared_on=PAID_ON)])

    def approve_batch(self, batch_id: str) -> None:
        """It is locked, checked and approved."""
        of = {"batch_id": batch_id, "organisation_id": DISTRICT}
        self.each("wu", [LockBatch(**of, locked_on=PAID_ON)])
        digest = self.digest(batch_id)
        self.each("zheng", [CheckBatch(**of, digest=digest, checked_on=PAID_ON)])
        approval = ApproveBatch(**of, digest=digest, approved_on=PAID_ON, minutes_no="2024-3")
        self.each("qian", [approval])

    def release_batch(self, batch_id: str, by: str = "feng") -> Outcome:
        command = ReleaseBatch(batch_id=batch_id, organisation_id=DISTRICT, released_on=PAID_ON)
        return self.send(by, command)[0]

    def record(self, batch_id: str, *results: Result) -> None:
        """What the bank says of a batch, in parts as they come over RPC."""
        for start in range(0, len(results), A_CALL):
            page = results[start : start + A_CALL]
            command = RecordResults(
                batch_id=batch_id,
                organisation_id=DISTRICT,
                results=page,
                file_digest="result",
                answered_on=PAID_ON,
            )
            self.each("feng", [command])

    def digest(self, batch_id: str) -> str:
        """That of a locked batch's lines."""
        stream = self.house.log.stream(f"{payment_batch.name}/{batch_id}")
        found: str = next(each.facts.data["digest"] for each in stream if each.type == "BatchLocked")
        return found

    def count(self, kind: str) -> int:
        """How many events of a type the log holds."""
        with self.house.store.read() as connection:
            return len(connection.execute(select(events.c.position).where(events.c.type == kind)).all())

    def follow(self) -> None:
        """Bring the read models level with the log."""
        with self.house.store.write() as connection:
            for projection in PROJECTIONS:
                prepare_projection(connection, projection)
        for projection in PROJECTIONS:
            follower = ProjectionFollower(self.house.store, self.house.log, projection)
            while follower.step():
                pass


def grant_id(number: int, campaign_id: str = "winter") -> str:
    return f"grant-{number}" if campaign_id == "winter" else f"grant-{number}-{campaign_id}"


def campaign(campaign_id: str) -> OpenCampaign:
    return OpenCampaign(
        campaign_id=campaign_id,
        organisation_id=DISTRICT,
        budget_id="winter",
        name=f"2024年两节送温暖（{campaign_id}）",
        programme="winter_warmth",
        season_year=2024,
        amount_fen=AMOUNT_FEN,
        opens_on=date(2024, 1, 2),
        closes_on=date(2024, 3, 31),
        decided_on=date(2024, 1, 2),
    )


def account(number: int, digits: int | None = None) -> RecordPayeeAccount:
    """The account of a household; another one where ``digits`` are given."""
    return RecordPayeeAccount(
        file_id=f"file-{number}",
        organisation_id=FACTORY,
        person_id=f"person-{number}",
        account_number=Personal(BankCardNumber(f"62{number if digits is None else digits:014}")),
        holder_name=Personal(PersonName("张小明")),
        recorded_on=APPROVED_ON,
    )
