"""Two people at once on one household, one child, the last of a budget, one batch: one effect each."""

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from typing import Any

import pytest

from services.assistance.aggregates.batch.commands import AddLines, OpenBatch, ReleaseBatch
from services.assistance.aggregates.budget import SHORT, AllocateBudget
from services.assistance.aggregates.file.commands import CloseFile, OpenFile, ReviewFile, ReviseFile
from services.assistance.aggregates.file.refusals import (
    ACCOUNT_OF_ANOTHER_HOUSEHOLD,
    AIDED_IN_ANOTHER_FILE,
    MEMBER_IN_ANOTHER_FILE,
    WRONG_STEP,
)
from services.assistance.aggregates.grant.commands import ApproveGrant, ProposeGrant
from services.assistance.aggregates.grant.refusals import (
    FILE_NOT_ON_FILE,
    HOUSEHOLD_AIDED,
    STUDENT_AIDED,
)
from services.assistance.aggregates.relief_campaign import OpenCampaign
from shared.log.entry import Answer, Outcome
from shared.rules.refusal import Refusal, Refused
from tests.assistance.town import (
    AMOUNT_FEN,
    APPROVED_ON,
    DISTRICT,
    FACTORY,
    PAID_ON,
    Town,
    account,
    found_town,
)
from tests.rules.assistance.households import member_of

ROUNDS = range(1, 5)
EFFECTS = ("GrantProposed", "BudgetReserved", "HouseholdAided")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def each_town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """One town on each kind of store; each test has households of its own in it."""
    server = database = None
    url = f"sqlite:///{tmp_path_factory.mktemp('races') / 'town.sqlite'}"
    if request.param == "postgresql":
        server = request.getfixturevalue("postgresql")
        database = server.create_database()
        url = database.owner_url
    made = found_town(url)
    with closing(made.house):
        yield made
    if server is not None:
        server.drop_database(database)


@pytest.fixture(scope="module")
def other(each_town: Town) -> Iterator[Town]:
    """The same town, as another process has it open."""
    with closing(each_town.house.another()) as house:
        yield Town(house)


def at_once(*sent: tuple[Town, str, Any]) -> list[Outcome]:
    """Have one command each sent by several people at the same time."""
    outcomes: list[Outcome] = [Exception("not answered")] * len(sent)
    start = threading.Barrier(len(sent))

    def send(number: int) -> None:
        town, by, command = sent[number]
        start.wait(10)
        outcomes[number] = town.send(by, command)[0]

    threads = [threading.Thread(target=send, args=(number,)) for number in range(len(sent))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return outcomes


def reasons(outcomes: list[Outcome]) -> list[Refusal | None]:
    """Why each was refused; None: it was accepted."""
    assert all(isinstance(each, Answer | Refused) for each in outcomes), outcomes
    return [each.refusal if isinstance(each, Refused) else None for each in outcomes]


def assert_one_effect(outcomes: list[Outcome], refusal: Refusal) -> None:
    found = reasons(outcomes)
    assert found.count(None) == 1
    assert found.count(refusal) == len(found) - 1


def opening(file_id: str, applicant: str, other_member: str) -> OpenFile:
    return OpenFile(
        file_id=file_id,
        organisation_id=FACTORY,
        person_id=applicant,
        applicant_sex="female",
        members=(member_of(applicant, "self"), member_of(other_member, "spouse")),
        single_parent=False,
        migrant_worker=False,
        hardship_cause="low_income",
        opened_on=APPROVED_ON,
    )


def proposal(grant_id: str, number: int, campaign_id: str = "winter", person_id: str = "") -> ProposeGrant:
    return ProposeGrant(
        grant_id=grant_id,
        organisation_id=FACTORY,
        campaign_id=campaign_id,
        file_id=f"file-{number}",
        person_id=person_id or f"person-{number}",
        proposed_on=APPROVED_ON,
    )


def confirmation(number: int) -> ReviewFile:
    return ReviewFile(file_id=f"file-{number}", organisation_id=FACTORY, reviewed_on=APPROVED_ON)


def with_child(number: int, child: str) -> ReviseFile:
    """A household on file gets a child at school."""
    person_id = f"person-{number}"
    return ReviseFile(
        file_id=f"file-{number}",
        organisation_id=FACTORY,
        person_id=person_id,
        members=(
            member_of(person_id, "self"),
            member_of(child, "daughter", education_stage="senior_secondary"),
        ),
        single_parent=False,
        migrant_worker=False,
        hardship_cause="low_income",
        revised_on=APPROVED_ON,
    )


def funded(name: str, budget_fen: int, **changes: Any) -> list[Any]:
    """A campaign with a budget of its own."""
    programme = changes.get("programme", "temporary_living_aid")
    allocation = AllocateBudget(
        budget_id=name,
        organisation_id=DISTRICT,
        fund_source="donation",
        programme=programme,
        year=2024,
        document_no="2",
        amount_fen=budget_fen,
        allocated_on=APPROVED_ON,
    )
    fields: dict[str, Any] = {"programme": programme, "amount_fen": AMOUNT_FEN, "budget_id": name} | changes
    campaign = OpenCampaign(
        campaign_id=name,
        organisation_id=DISTRICT,
        name=name,
        season_year=2024,
        opens_on=APPROVED_ON,
        closes_on=date(2024, 12, 31),
        decided_on=APPROVED_ON,
        **fields,
    )
    return [allocation, campaign]


def test_two_clerks_who_open_a_file_for_one_household_make_one_file(each_town: Town, other: Town) -> None:
    before = each_town.count("FileOpened")
    for n in ROUNDS:
        husband, wife = f"husband-{n}", f"wife-{n}"
        outcomes = at_once(
            (each_town, "wang", opening(f"left-{n}", husband, wife)),
            (other, "li", opening(f"right-{n}", wife, husband)),
        )
        assert_one_effect(outcomes, MEMBER_IN_ANOTHER_FILE)

    assert each_town.count("FileOpened") == before + len(ROUNDS)


def test_two_clerks_aid_one_household_once_and_one_child_once(each_town: Town, other: Town) -> None:
    numbers = range(10, 14)
    each_town.settle(numbers)
    each_town.each("sun", funded("autumn", 10_000_000, programme="autumn_student_aid", amount_fen=None))
    each_town.each("wang", (with_child(n, f"child-{n}") for n in numbers))
    each_town.each("zhao", (confirmation(n) for n in numbers))
    before = {kind: each_town.count(kind) for kind in EFFECTS}
    for n in numbers:
        household = at_once(
            (each_town, "wang", proposal(f"left-{n}", n)), (other, "li", proposal(f"right-{n}", n))
        )
        child = at_once(
            (each_town, "wang", proposal(f"child-left-{n}", n, "autumn", f"child-{n}")),
            (other, "li", proposal(f"child-right-{n}", n, "autumn", f"child-{n}")),
        )
        assert_one_effect(household, HOUSEHOLD_AIDED)
        assert_one_effect(child, STUDENT_AIDED)

    assert {kind: each_town.count(kind) - before[kind] for kind in EFFECTS} == dict.fromkeys(
        EFFECTS, 2 * len(numbers)
    )


def test_two_clerks_get_the_last_of_a_budget_once(each_town: Town, other: Town) -> None:
    first, second, third = 20, 21, 22
    each_town.settle([first, second, third])
    each_town.each("sun", funded("small", 3 * AMOUNT_FEN - 1))
    each_town.each("wang", [proposal("first", first, "small")])
    before = each_town.count("BudgetReserved")

    outcomes = at_once(
        (each_town, "wang", proposal("second", second, "small")),
        (other, "li", proposal("third", third, "small")),
    )

    assert_one_effect(outcomes, SHORT)
    assert each_town.count("BudgetReserved") == before + 1


def test_a_file_that_is_closed_while_a_grant_is_decided_ends_one_way(each_town: Town, other: Town) -> None:
    numbers = range(30, 34)
    each_town.settle(numbers)
    each_town.each("wang", (proposal(f"grant-{n}", n) for n in numbers))
    for n in numbers:
        closing_it = CloseFile(
            file_id=f"file-{n}",
            organisation_id=FACTORY,
            outcome="closed",
            cause="moved",
            closed_on=APPROVED_ON,
        )
        approval = ApproveGrant(grant_id=f"grant-{n}", organisation_id=FACTORY, approved_on=APPROVED_ON)
        closed, approved = at_once((each_town, "wang", closing_it), (other, "sun", approval))

        assert isinstance(closed, Answer)
        if isinstance(approved, Answer):
            assert approved.position < closed.position
        else:
            assert reasons([approved]) == [FILE_NOT_ON_FILE]

    assert each_town.count("GrantApproved") == each_town.count("BudgetCommitted")


def test_a_file_that_another_clerk_closed_is_aided_no_more(each_town: Town, other: Town) -> None:
    each_town.settle([40])
    each_town.each("wang", [proposal("grant-40", 40)])
    close = CloseFile(
        file_id="file-40", organisation_id=FACTORY, outcome="closed", cause="moved", closed_on=APPROVED_ON
    )
    other.each("li", [close])

    approval = ApproveGrant(grant_id="grant-40", organisation_id=FACTORY, approved_on=APPROVED_ON)
    assert reasons(each_town.send("sun", approval)) == [FILE_NOT_ON_FILE]
    assert reasons(each_town.send("wang", proposal("grant-41", 40))) == [FILE_NOT_ON_FILE]
    assert reasons(each_town.send("wang", with_child(40, "child"))) == [WRONG_STEP]


def test_who_was_aided_in_a_file_that_is_closed_is_not_aided_in_another_in_the_same_year(
    each_town: Town,
) -> None:
    each_town.settle([45, 46])
    each_town.each("wang", [proposal("grant-45", 45)])
    close = CloseFile(
        file_id="file-45", organisation_id=FACTORY, outcome="closed", cause="moved", closed_on=APPROVED_ON
    )
    each_town.each("wang", [close, with_child(46, "person-45")])
    each_town.each("zhao", [confirmation(46)])

    assert reasons(each_town.send("wang", proposal("grant-46", 46, "frost"))) == [AIDED_IN_ANOTHER_FILE]


def test_two_households_that_name_one_account_at_once_get_it_once(each_town: Town, other: Town) -> None:
    numbers = range(50, 58)
    each_town.settle(numbers, without_account=numbers)
    before = each_town.count("PayeeAccountRecorded")
    for left, right in zip(numbers[::2], numbers[1::2], strict=True):
        outcomes = at_once((each_town, "wang", account(left, left)), (other, "li", account(right, left)))
        assert_one_effect(outcomes, ACCOUNT_OF_ANOTHER_HOUSEHOLD)

    assert each_town.count("PayeeAccountRecorded") == before + len(numbers) // 2


def test_two_cashiers_who_release_one_batch_at_once_release_each_line_once(
    each_town: Town, other: Town
) -> None:
    for number in range(60, 68, 2):
        pair, batch_id = (number, number + 1), f"batch-{number}"
        each_town.settle(pair)
        each_town.grant(pair)
        each_town.open_batch(batch_id, pair)
        each_town.approve_batch(batch_id)
        wish = ReleaseBatch(batch_id=batch_id, organisation_id=DISTRICT, released_on=PAID_ON)
        before = each_town.count("BatchReleased"), each_town.count("PaymentReleased")
        outcomes = at_once((each_town, "feng", wish), (other, "hou", wish))

        assert reasons(outcomes) == [None, None]
        after = each_town.count("BatchReleased"), each_town.count("PaymentReleased")
        assert after == (before[0] + 1, before[1] + len(pair))


def test_two_clerks_who_put_one_grant_into_two_batches_at_once_make_one_line(
    each_town: Town, other: Town
) -> None:
    for number in range(70, 74):
        each_town.settle([number])
        each_town.grant([number])
        before = each_town.count("PaymentPrepared")
        wishes = []
        for batch_id in (f"left-{number}", f"right-{number}"):
            of = {"batch_id": batch_id, "organisation_id": DISTRICT}
            each_town.each("wu", [OpenBatch(**of, opened_on=PAID_ON)])
            wishes.append(AddLines(**of, grant_ids=(f"grant-{number}",), prepared_on=PAID_ON))
        outcomes = at_once((each_town, "wu", wishes[0]), (other, "li", wishes[1]))

        assert reasons(outcomes) == [None, None]
        assert each_town.count("PaymentPrepared") == before + 1
