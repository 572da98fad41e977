"""Who checks, approves or pays sees what it is about: files, grants that are due, the lines of a batch."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from services.assistance.aggregates.batch.commands import RemoveLines
from services.assistance.service import AssistanceService
from shared.runtime.access_feeds import organisation_parents_table
from shared.runtime.calls import RefusedCall
from shared.runtime.house import House
from shared.runtime.local import Local
from tests.assistance.town import AMOUNT_FEN, DISTRICT, FACTORY, PAID_ON, account
from tests.audit.district import follow_all, founded, opened, pay
from tests.runtime.suite import token_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six households with a grant each.

    The first is paid; the second's line failed; the third's stands in a draft, and its account was
    changed since; the fourth was taken out again; the fifth has no account; the sixth is as the third was.
    """
    folder = tmp_path_factory.mktemp("seeing")
    with founded(folder) as town:
        town.settle([1, 2, 3, 4, 5, 6], without_account=[5])
        town.grant([1, 2, 3, 4, 5, 6])
        pay(town, "first", paid=("grant-1.1",), failed=("grant-2.1",))
        town.open_batch("second", [3, 4, 6])
        of = {"batch_id": "second", "organisation_id": DISTRICT}
        town.each(
            "wu",
            [RemoveLines(**of, grant_ids=("grant-4",), reason="not_now", removed_on=PAID_ON)],
        )
        town.each("wang", [account(3, 33)])
    with opened(folder, "assistance") as house:
        follow_all(house)
        with house.store.write() as connection:
            for organisation_id, parent_id in ((DISTRICT, None), (FACTORY, DISTRICT), ("other", DISTRICT)):
                row = {"organisation_id": organisation_id, "parent_id": parent_id}
                connection.execute(organisation_parents_table.insert().values(row))
    return folder


@contextmanager
def asking(folder: Path, role: str, scope: str | None = None) -> Iterator[tuple[Local, House]]:
    with opened(folder, "assistance") as house:
        yield Local(AssistanceService, house, token_of(folder, role, scope=scope, person_id="zheng")), house


def answered(folder: Path, role: str, method: str, scope: str | None = None, **arguments: Any) -> Any:
    with asking(folder, role, scope) as (assistance, _):
        return assistance.call(method, **arguments)["answer"]


def looks(house: House, folder: Path) -> list[tuple[str, str, str]]:
    """Who looked at whom by which method, oldest first."""
    told = Local(AssistanceService, house, token_of(folder, "auditor")).call("access_log")["answer"]
    return [(each["method"], each["person_id"], each["about_id"]) for each in told if each["about_id"]]


def test_grants_that_are_due_are_those_approved_that_no_batch_holds_with_what_hinders_them(
    folder: Path,
) -> None:
    due = answered(folder, "clerk", "grants_due")

    assert {each["grant_id"]: each["hindrance"] for each in due} == {
        "grant-2": None,
        "grant-4": None,
        "grant-5": "account_missing",
    }


def test_grants_that_are_due_come_in_pages_and_for_a_subtree(folder: Path) -> None:
    first = answered(folder, "clerk", "grants_due", limit=2)
    rest = answered(folder, "clerk", "grants_due", after=first[-1]["position"])
    below = answered(folder, "clerk", "grants_due", scope=DISTRICT, organisation_id=FACTORY)

    assert [each["grant_id"] for each in first + rest] == ["grant-2", "grant-4", "grant-5"]
    assert below == first + rest
    assert answered(folder, "clerk", "grants_due", scope="other") == []
    with pytest.raises(RefusedCall, match=r"access\.scope"):
        answered(folder, "clerk", "grants_due", scope="other", organisation_id=FACTORY)


def test_a_grant_tells_each_attempt_to_pay_it(folder: Path) -> None:
    of = {"organisation_id": FACTORY}
    failed = answered(folder, "approver", "grant", grant_id="grant-2", **of)
    taken_out = answered(folder, "approver", "grant", grant_id="grant-4", **of)

    assert (failed["status"], failed["amount_fen"], failed["approved_by"]) == ("approved", AMOUNT_FEN, "sun")
    assert [(each["line_id"], each["status"]) for each in failed["lines"]] == [("grant-2.1", "failed")]
    assert (taken_out["lines"], taken_out["version"]) == ([], 2)
    assert answered(folder, "approver", "grant", grant_id="grant-2", organisation_id=DISTRICT) is None


def test_who_checks_a_batch_sees_each_line_with_the_account_and_it_is_on_record(folder: Path) -> None:
    with asking(folder, "reviewer") as (assistance, house):
        told = assistance.call("batch_lines", batch_id="second", organisation_id=DISTRICT)
        seen = looks(house, folder)

    third, sixth = told["answer"]
    assert (third["grant_id"], third["person_id"], third["amount_fen"]) == (
        "grant-3",
        "person-3",
        AMOUNT_FEN,
    )
    assert (sixth["holder_name"], sixth["account_last_four"], sixth["holder_id"]) == (
        "张小明",
        "0006",
        "person-6",
    )
    assert "62000000000006" not in str(told)
    # What the line names, and what holds now: its account was changed, which moved its file.
    assert (third["account_version"], third["account_version_now"]) == (1, 2)
    assert (third["grant_version"], third["grant_version_now"]) == (2, 2)
    # Aid counted is no change; the account that came after it is.
    assert (third["file_version"], third["file_version_now"]) == (8, 10)
    assert (sixth["file_version"], sixth["file_version_now"]) == (8, 8)
    assert told["complete"]
    assert told["known"]["assistance"] > 0
    assert seen == [("batch_lines", "zheng", "person-3"), ("batch_lines", "zheng", "person-6")]


def test_lines_come_in_pages_and_to_the_batch_s_own_organisation_only(folder: Path) -> None:
    of = {"batch_id": "second", "organisation_id": DISTRICT}
    (first,) = answered(folder, "reviewer", "batch_lines", limit=1, **of)
    (second,) = answered(folder, "reviewer", "batch_lines", after=first["line_id"], **of)

    assert (first["line_id"], second["line_id"]) == ("grant-3.1", "grant-6.1")
    assert answered(folder, "reviewer", "batch_lines", batch_id="second", organisation_id=FACTORY) == []
    with pytest.raises(RefusedCall, match=r"access\.role"):
        answered(folder, "statistician", "batch_lines", **of)


def test_what_became_of_the_lines_is_told_with_them(folder: Path) -> None:
    lines = answered(folder, "reconciler", "batch_lines", batch_id="first", organisation_id=DISTRICT)

    assert [(each["line_id"], each["status"]) for each in lines] == [
        ("grant-1.1", "confirmed"),
        ("grant-2.1", "failed"),
    ]


def test_a_file_tells_its_steps_class_account_and_what_the_household_was_aided_with(folder: Path) -> None:
    with asking(folder, "approver", FACTORY) as (assistance, house):
        file = assistance.call("file_as_it_stands", file_id="file-3", organisation_id=FACTORY)
        seen = looks(house, folder)

    assert (file["status"], file["hardship_class"], file["person_id"]) == ("on_file", "relative", "person-3")
    assert file["aided_fen"] == {"living_aid/2024/person-3": AMOUNT_FEN}
    assert file["account"] == {
        "version": 2,
        "holder_id": "person-3",
        "holder_name": "张小明",
        "account_last_four": "0033",
    }
    assert [(each["event"], each["actor_id"]) for each in file["steps"]] == [
        ("FileOpened", "wang"),
        ("PayeeAccountRecorded", "wang"),
        ("FileSubmitted", "wang"),
        ("FileReviewed", "zhao"),
        ("HomeVisited", "wang"),
        ("EconomicChecked", "wang"),
        ("NoticePosted", "wang"),
        ("FileApproved", "sun"),
        ("HouseholdAided", "wang"),
        ("PayeeAccountRecorded", "wang"),
    ]
    assert file["version"] == len(file["steps"])
    assert seen[-1] == ("file_as_it_stands", "zheng", "person-3")


def test_a_file_without_account_is_shown_and_one_of_another_organisation_is_not(folder: Path) -> None:
    with asking(folder, "clerk") as (assistance, _):
        fifth = assistance.call("file_as_it_stands", file_id="file-5", organisation_id=FACTORY)
        elsewhere = assistance.call("file_as_it_stands", file_id="file-5", organisation_id=DISTRICT)
        unknown = assistance.call("file_as_it_stands", file_id="nobody", organisation_id=FACTORY)

    assert (fifth["status"], fifth["account"]) == ("on_file", None)
    assert (elsewhere, unknown) == (None, None)


def test_files_are_listed_by_where_they_stand(folder: Path) -> None:
    on_file = answered(folder, "clerk", "files", status="on_file")

    assert [each["file_id"] for each in on_file] == [f"file-{number}" for number in range(1, 7)]
    assert {each["file_id"]: each["account_version"] for each in on_file if each["account_version"] != 1} == {
        "file-3": 2,
        "file-5": None,
    }
    assert answered(folder, "clerk", "files", status="draft") == []
    assert answered(folder, "clerk", "files", scope="other") == []
