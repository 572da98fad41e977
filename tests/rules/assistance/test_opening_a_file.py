"""The rules of opening a hardship file, revising it, and naming the account that is paid."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.assistance.aggregates.file.commands import (
    CloseFile,
    OpenFile,
    RecordPayeeAccount,
    ReopenFile,
    ReturnFile,
    ReviewFile,
    ReviseFile,
    SubmitFile,
)
from services.assistance.aggregates.file.refusals import (
    ACCOUNT_OF_ANOTHER_HOUSEHOLD,
    ALREADY_OPENED,
    ANOTHER_ORGANISATION,
    APPLICANT_CHANGES,
    APPLICANT_HAS_FILE,
    APPLICANT_MISSING,
    BEFORE_LAST_STEP,
    HOLDER_NOT_OF_HOUSEHOLD,
    MEMBER_IN_ANOTHER_FILE,
    MEMBER_TWICE,
    OWN_HOUSEHOLD,
    PROOFS_MISSING,
    REVIEWER_IS_CASEWORKER,
    UNKNOWN,
    WRONG_STEP,
)
from services.assistance.aggregates.hardship_file import hardship_file
from services.assistance.events.file import (
    FileClosed,
    FileOpened,
    FileReopened,
    FileRevised,
    FileSubmitted,
    RevisionConfirmed,
)
from shared.rules.personal import Personal
from shared.runtime.commands import EFFECTIVE_LATER
from shared.standards.bank_card import BankCardNumber
from shared.standards.person_name import PersonName
from tests.rules.assistance.households import (
    ACCOUNT,
    FACTORY,
    ON_FILE,
    OPENED_ON,
    OTHER_ACCOUNT,
    POSTED,
    SON,
    SUBMITTED,
    WIFE,
    ZHANG,
    account_recorded,
    file_opened,
    file_revised,
    file_submitted,
    member_of,
)
from tests.rules.rules import Rules

files = Rules(hardship_file)
LATER = date(2024, 9, 3)
CONFIRMING = ReviewFile(file_id="1", organisation_id=FACTORY, reviewed_on=LATER)
DRAFT = file_opened()
CLOSED = FileClosed(
    file_id="2",
    organisation_id=FACTORY,
    person_id="zhang",
    outcome="exited",
    cause="income_above_line",
    hardship_cause="own_illness",
    effective_on=date(2024, 6, 3),
)


def opening(event: FileOpened, **changes: Any) -> OpenFile:
    command = OpenFile(
        file_id=event.file_id,
        organisation_id=event.organisation_id,
        person_id=event.person_id,
        applicant_sex=event.applicant_sex,
        members=event.members,
        single_parent=event.single_parent,
        migrant_worker=event.migrant_worker,
        hardship_cause=event.hardship_cause,
        diagnosis=event.diagnosis,
        opened_on=event.effective_on,
    )
    return replace(command, **changes)


def revision(**changes: Any) -> ReviseFile:
    command = ReviseFile(
        file_id="1",
        organisation_id=FACTORY,
        person_id="zhang",
        members=(ZHANG, WIFE),
        single_parent=False,
        migrant_worker=False,
        hardship_cause="own_illness",
        revised_on=date(2024, 1, 9),
    )
    return replace(command, **changes)


def completion() -> ReviseFile:
    """Says what the file on file says already."""
    return revision(members=(ZHANG, WIFE, SON), revised_on=date(2024, 9, 2))


def account(number: str = ACCOUNT, **changes: Any) -> RecordPayeeAccount:
    command = RecordPayeeAccount(
        file_id="1",
        organisation_id=FACTORY,
        person_id="zhang",
        account_number=Personal(BankCardNumber(number)),
        holder_name=Personal(PersonName("张小明")),
        recorded_on=OPENED_ON,
    )
    return replace(command, **changes)


def submission(**changes: Any) -> SubmitFile:
    command = SubmitFile(
        file_id="1",
        organisation_id=FACTORY,
        proofs=file_submitted().proofs,
        submitted_on=date(2024, 1, 10),
    )
    return replace(command, **changes)


def test_a_clerk_opens_a_draft_for_a_household() -> None:
    files.given().when(opening(DRAFT)).then(DRAFT)


def test_opening_the_same_file_again_changes_nothing() -> None:
    files.given(DRAFT).when(opening(DRAFT)).then_nothing()


@pytest.mark.parametrize(
    "changes",
    [
        {"members": (ZHANG,)},
        {"members": (ZHANG, WIFE, member_of("son", "son", education_stage="senior_secondary"))},
        {"applicant_sex": "female"},
        {"single_parent": True},
        {"migrant_worker": True},
        {"hardship_cause": "disability"},
        {"further_causes": ("schooling",)},
        {"opened_on": date(2024, 1, 9)},
    ],
)
def test_a_file_id_stands_for_one_household_and_what_was_said_of_it_only(changes: dict[str, Any]) -> None:
    other = opening(DRAFT, **changes)

    files.given(DRAFT).when(other).then_refused(ALREADY_OPENED, field="file_id")


def test_an_opening_that_arrives_once_more_changes_nothing_though_the_draft_was_revised_since() -> None:
    revised = file_revised(members=(ZHANG, WIFE), single_parent=True, hardship_cause="disability")

    files.given(DRAFT, revised).when(opening(DRAFT)).then_nothing()


def test_the_applicant_is_one_of_the_household() -> None:
    files.given().when(opening(DRAFT, members=(WIFE, SON))).then_refused(APPLICANT_MISSING, field="members")


def test_a_household_has_one_applicant_only() -> None:
    two = (ZHANG, member_of("wife", "self"))

    files.given().when(opening(DRAFT, members=two)).then_refused(APPLICANT_MISSING, field="members")


def test_nobody_stands_twice_in_a_household() -> None:
    twice = (ZHANG, SON, SON)

    files.given().when(opening(DRAFT, members=twice)).then_refused(MEMBER_TWICE, field="members")


def test_nobody_opens_a_file_of_their_own_household() -> None:
    files.given().when(opening(DRAFT), by="wife").then_refused(OWN_HOUSEHOLD)


def test_nobody_takes_a_step_on_a_file_of_their_own_household() -> None:
    files.given(DRAFT).when(submission(), by="wife").then_refused(OWN_HOUSEHOLD)


def test_a_file_is_not_opened_in_advance() -> None:
    files.given().when(opening(DRAFT), on=date(2024, 1, 7)).then_refused(EFFECTIVE_LATER)


def test_nobody_stands_in_two_open_files() -> None:
    other = file_opened("2", person_id="wife", members=(member_of("wife", "self"), SON))
    held = Rules(hardship_file, others={(hardship_file, "2"): [other]})

    held.given().when(opening(DRAFT)).then_refused(MEMBER_IN_ANOTHER_FILE)


def test_a_child_whose_household_left_hardship_may_stand_in_another_file() -> None:
    other = file_opened("2", person_id="wang5", members=(member_of("wang5", "self"), SON))
    held = Rules(hardship_file, others={(hardship_file, "2"): [other, replace(CLOSED, person_id="wang5")]})

    held.given().when(opening(DRAFT)).then(DRAFT)


def test_a_worker_who_comes_back_keeps_the_old_file() -> None:
    held = Rules(hardship_file, others={(hardship_file, "2"): [file_opened("2"), CLOSED]})

    held.given().when(opening(DRAFT)).then_refused(APPLICANT_HAS_FILE)


def test_a_closed_file_is_opened_again_as_a_draft() -> None:
    reopening = ReopenFile(file_id="1", organisation_id=FACTORY, reopened_on=date(2025, 1, 6))
    reopened = FileReopened(
        file_id="1",
        organisation_id=FACTORY,
        person_id="zhang",
        caseworker_id="li",
        effective_on=date(2025, 1, 6),
    )
    given = files.given(*ON_FILE, replace(CLOSED, file_id="1"))

    given.when(reopening, by="li").then(reopened)
    assert files.given(*given.events, reopened).state.status == "draft"
    assert files.given(*given.events, reopened).state.caseworkers == {"wang", "li"}


def test_a_file_that_is_opened_again_has_no_account_until_one_is_told_anew() -> None:
    reopening = ReopenFile(file_id="1", organisation_id=FACTORY, reopened_on=date(2025, 1, 6))
    closed = files.given(*ON_FILE, account_recorded(), replace(CLOSED, file_id="1"))

    reopened = files.given(*closed.events, *closed.when(reopening, by="li").events)

    assert reopened.state.account is None
    (recorded,) = reopened.when(replace(account(), recorded_on=date(2025, 1, 6)), by="li").events
    assert recorded.version == 2


def test_who_first_wrote_in_a_file_does_not_review_it_when_it_comes_back() -> None:
    reopening = ReopenFile(file_id="1", organisation_id=FACTORY, reopened_on=date(2025, 1, 6))
    closed = files.given(*ON_FILE, replace(CLOSED, file_id="1"))
    draft = files.given(*closed.events, *closed.when(reopening, by="li").events)
    submitted = draft.when(replace(submission(), submitted_on=date(2025, 1, 6)), by="li").events
    review = ReviewFile(file_id="1", organisation_id=FACTORY, reviewed_on=date(2025, 1, 7))

    for caseworker in ("wang", "li"):
        files.given(*draft.events, *submitted).when(review, by=caseworker).then_refused(
            REVIEWER_IS_CASEWORKER
        )
    assert files.given(*draft.events, *submitted).when(review, by="zhao").events


def test_a_file_on_file_is_not_opened_again() -> None:
    reopening = ReopenFile(file_id="1", organisation_id=FACTORY, reopened_on=date(2025, 1, 6))

    files.given(*ON_FILE).when(reopening).then_refused(WRONG_STEP)


def test_a_step_needs_a_file() -> None:
    files.given().when(submission()).then_refused(UNKNOWN, field="file_id")


def test_a_file_is_kept_by_its_own_organisation() -> None:
    elsewhere = submission(organisation_id="mill")

    files.given(DRAFT).when(elsewhere).then_refused(ANOTHER_ORGANISATION, field="organisation_id")


def test_a_draft_is_submitted_with_all_proofs() -> None:
    files.given(DRAFT).when(submission()).then(file_submitted())


def test_submitting_again_changes_nothing() -> None:
    files.given(*SUBMITTED).when(submission()).then_nothing()


def test_who_submits_a_submitted_file_with_other_proofs_hears_that_it_is_submitted() -> None:
    more = (*file_submitted().proofs, "medical_bills")
    for other in (submission(proofs=more), submission(submitted_on=date(2024, 1, 11))):
        files.given(*SUBMITTED).when(other).then_refused(WRONG_STEP, field="file_id")


def test_missing_proofs_are_named() -> None:
    decision = files.given(DRAFT).when(submission(proofs=("application_form", "identity_documents")))

    decision.then_refused(PROOFS_MISSING, field="proofs")
    assert decision.refused is not None
    assert decision.refused.zh == "还缺证明材料：户口簿、收入证明、诊断证明"


def test_a_household_poor_for_other_causes_needs_no_diagnosis() -> None:
    proofs = ("application_form", "identity_documents", "household_book", "income_proof")
    draft = file_opened(hardship_cause="low_income")

    assert files.given(draft).when(submission(proofs=proofs)).refused is None


def test_no_step_lies_before_the_last_one() -> None:
    early = submission(submitted_on=date(2024, 1, 7))

    files.given(DRAFT).when(early).then_refused(BEFORE_LAST_STEP, field="submitted_on")


def test_a_draft_is_revised_freely() -> None:
    revised = files.given(DRAFT).when(revision())

    assert [type(each) for each in revised.events] == [FileRevised]
    assert len(files.given(DRAFT, *revised.events).state.members) == 2


def test_a_file_on_file_is_completed_by_a_clerk_as_long_as_the_household_is_the_same() -> None:
    completed = replace(completion(), hardship_cause="family_illness")

    files.given(*ON_FILE).when(completed).then(file_revised(hardship_cause="family_illness"))
    assert files.given(*ON_FILE, file_revised()).state.status == "on_file"


@pytest.mark.parametrize(
    "changes",
    [
        {"members": (ZHANG, WIFE, SON, member_of("daughter", "daughter", education_stage="bachelor"))},
        {"members": (ZHANG, SON)},
        {"members": (ZHANG, WIFE, member_of("son", "son", education_stage="senior_secondary"))},
        {"single_parent": True},
    ],
)
def test_a_changed_household_is_confirmed_by_somebody_else_before_it_is_aided(changes: Any) -> None:
    revised = files.given(*ON_FILE).when(replace(completion(), **changes)).events
    waiting = files.given(*ON_FILE, *revised)
    confirmed = RevisionConfirmed(
        file_id="1", organisation_id=FACTORY, reviewer_id="zhao", effective_on=date(2024, 9, 3)
    )

    assert waiting.state.status == "revised"
    assert not waiting.state.is_on_file(date(2024, 9, 3))
    waiting.when(CONFIRMING, by="wang").then_refused(REVIEWER_IS_CASEWORKER)
    waiting.when(CONFIRMING, by="zhao").then(confirmed)
    after = files.given(*waiting.events, confirmed)
    assert after.state.is_on_file(date(2024, 9, 3))
    after.when(CONFIRMING, by="zhao").then_nothing()


def test_a_revision_that_waits_is_not_confirmed_by_another_one() -> None:
    waiting = files.given(*ON_FILE, file_revised(single_parent=True, to_be_confirmed=True))

    waiting.when(replace(completion(), single_parent=True)).then(
        file_revised(single_parent=True, to_be_confirmed=True)
    )


def test_who_does_not_believe_a_revision_returns_the_file_and_it_may_be_closed_too() -> None:
    waiting = files.given(*ON_FILE, file_revised(to_be_confirmed=True))
    of_file = {"file_id": "1", "organisation_id": FACTORY}
    returning = ReturnFile(
        **of_file, person_id="zhang", step="public_notice", reason=Personal("未见户口簿"), returned_on=LATER
    )

    assert files.given(*waiting.events, *waiting.when(returning).events).state.status == "public_notice"
    assert waiting.when(CloseFile(**of_file, outcome="closed", cause="died", closed_on=LATER)).events


def test_between_draft_and_approval_a_file_is_returned_before_it_is_revised() -> None:
    files.given(*SUBMITTED).when(revision(revised_on=date(2024, 1, 11))).then_refused(WRONG_STEP)


def test_a_revision_keeps_the_applicant() -> None:
    files.given(DRAFT).when(revision(person_id="wife")).then_refused(APPLICANT_CHANGES, field="person_id")


def test_who_revised_a_file_is_a_caseworker_of_it() -> None:
    events = files.given(DRAFT).when(revision(), by="li").events

    assert files.given(DRAFT, *events).state.caseworkers == {"wang", "li"}


def test_the_account_that_is_paid_belongs_to_the_household() -> None:
    decision = files.given(DRAFT).when(account())

    decision.then(account_recorded()).then_carries(account_number=ACCOUNT)


def test_another_account_is_another_version() -> None:
    given = files.given(*ON_FILE, account_recorded())

    given.when(account(OTHER_ACCOUNT)).then(account_recorded(version=2))


def test_an_account_of_a_stranger_is_not_paid() -> None:
    stranger = account(person_id="neighbour")

    files.given(DRAFT).when(stranger).then_refused(HOLDER_NOT_OF_HOUSEHOLD, field="person_id")


def test_two_households_do_not_share_an_account() -> None:
    other = [file_opened("2", person_id="li", members=(member_of("li", "self"),)), account_recorded("2")]
    held = Rules(hardship_file, others={(hardship_file, "2"): other})

    held.given(DRAFT).when(account()).then_refused(ACCOUNT_OF_ANOTHER_HOUSEHOLD)
    assert held.given(DRAFT).when(account(OTHER_ACCOUNT)).refused is None


def test_a_revision_never_brings_in_somebody_of_another_open_file() -> None:
    other = file_opened("2", person_id="li", members=(member_of("li", "self"),))
    held = Rules(hardship_file, others={(hardship_file, "2"): [other]})
    with_li = revision(members=(ZHANG, member_of("li", "sibling")))

    held.given(DRAFT).when(with_li).then_refused(MEMBER_IN_ANOTHER_FILE)


def test_submitted_files_tell_which_proofs_came() -> None:
    (event,) = files.given(DRAFT).when(submission()).events

    assert isinstance(event, FileSubmitted)
    assert "diagnosis" in event.proofs
    assert files.given(*POSTED).state.status == "public_notice"
