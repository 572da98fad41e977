"""Wrongs that were planted straight in the database are found by the replay, each named by code and place.

Where it can be done the hashes were made to fit again: then ``gonghui log verify`` alone finds nothing.
"""

from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from services.assistance.aggregates.batch.lines import digest_of_lines
from services.assistance.events.batch import BatchLine
from shared.cli.main import app
from shared.log.tables import events
from shared.runtime import auditing
from tests.assistance.town import AMOUNT_FEN, PAID_ON
from tests.audit.planting import planting
from tests.audit.replayed import change, findings, gonghui, of_code, verified


def test_a_clean_history_has_no_findings(folder: Path) -> None:
    status, told = gonghui("audit", "replay")

    assert (status, told["findings"]) == (0, [])
    assert (told["witnesses"], told["figures_compared"]) == (["reporting"], True)
    assert told["totals"] == {
        "relief.person_times": 3,
        "relief.amount": 3 * AMOUNT_FEN,
        "student.amount": 0,
        "goods.packages": 2,
        "goods.value": 12_000,
    }


def test_a_long_log_is_verified_by_another_process_beside_the_replay(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditing, "ALONE_MOST", 0)
    with planting(folder) as planted:
        planted.change_event(at := 100, lambda public: public.update(actor_id="nobody"))

    assert of_code("event.leaf", findings()) == [f"event {at}: public, sealed or leaf"]


def test_where_there_is_no_store_the_replay_says_so_and_makes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GONGHUI_FOLDER", str(tmp_path / "nothing"))

    assert CliRunner().invoke(app, ["audit", "replay"]).exit_code == 2
    assert not (tmp_path / "nothing").exists()


def test_a_grant_that_its_proposer_approved(folder: Path) -> None:
    with planting(folder) as planted:
        at = planted.event("GrantApproved", grant_id="grant-1")
        number = planted.act_as(at, "wang")
        planted.change_event(at, lambda public: public["data"].update(approved_by="wang"))
        planted.seal_again()

    assert verified(folder)
    found = findings()
    assert of_code("law.two_persons", found) == [f"event {at} GrantApproved: grant grant-1"]
    refused = f"command {number} ApproveGrant, events {at}-{at + 1}: aid_grant.same_person"
    assert of_code("replay.refused", found) == [refused]
    # Nobody can make what another service remembers fit.
    assert [each.split(":")[0] for each in of_code("witness.other_root", found)] == ["reporting"]


def test_a_file_that_its_caseworker_approved(folder: Path) -> None:
    with planting(folder) as planted:
        at = planted.event("FileApproved", file_id="file-2")
        planted.act_as(at, "wang")
        planted.change_event(at, lambda public: public["data"].update(approver_id="wang"))
        planted.seal_again()

    assert verified(folder)
    assert ("law.two_persons", f"event {at} FileApproved: file file-2") in findings()


def test_a_batch_that_one_person_both_checked_and_released(folder: Path) -> None:
    with planting(folder) as planted:
        at = planted.event("BatchReleased", batch_id="first")
        planted.act_as(at, "zheng")
        planted.seal_again()

    assert verified(folder)
    assert ("law.four_persons", f"event {at} BatchReleased: batch first") in findings()


def test_a_household_that_was_aided_above_its_cap(folder: Path) -> None:
    with planting(folder) as planted:
        at = planted.event("HouseholdAided", grant_id="grant-4")
        number = planted.command_of(at)
        for kind in ("GrantProposed", "BudgetReserved", "HouseholdAided"):
            planted.change_event(
                planted.event(kind, grant_id="grant-4"),
                lambda public: public["data"].update(amount_fen=2_000_000),
            )
        planted.seal_again()

    assert verified(folder)
    found = findings()
    over = f"event {at} HouseholdAided: person person-4: 20,000.00 of 17,400.00 yuan in 2024"
    assert of_code("law.cap", found) == [over]
    assert ("replay.other_events", f"command {number} ProposeGrant, events {at - 2}-{at}") in found


def test_a_person_who_was_aided_above_the_cap_in_two_files(folder: Path) -> None:
    with planting(folder) as planted:
        first, at = (planted.event("HouseholdAided", grant_id=each) for each in ("grant-3", "grant-4"))
        for each in (first, at):
            planted.change_event(each, lambda public: public["data"].update(amount_fen=1_000_000))
        moved = planted.event("FileOpened", file_id="file-4")
        planted.change_event(
            moved,
            lambda public: public["data"]["members"].append(
                {"person_id": "person-3", "relation": "spouse", "education_stage": None}
            ),
        )
        planted.seal_again()

    assert verified(folder)
    over = f"event {at} HouseholdAided: person person-3: 20,000.00 of 17,400.00 yuan in 2024"
    assert of_code("law.cap", findings()) == [over]


def test_a_campaign_on_the_budget_of_another_organisation(folder: Path) -> None:
    with planting(folder) as planted:
        allocated = planted.event("BudgetAllocated", budget_id="winter")
        planted.change_event(allocated, lambda public: public["data"].update(organisation_id="other-town"))
        at = planted.event("CampaignOpened", campaign_id="winter")
        proposed = planted.event("GrantProposed", grant_id="grant-1")
        planted.seal_again()

    assert verified(folder)
    found = of_code("law.scope", findings())
    assert found[0] == f"event {at} CampaignOpened: district used what is of other-town"
    assert f"event {proposed} GrantProposed: factory used what is of other-town" in found


def test_a_grant_out_of_the_campaign_of_another_organisation(folder: Path) -> None:
    with planting(folder) as planted:
        at = planted.event("CampaignOpened", campaign_id="frost")
        number = planted.command_of(at)
        planted.change_event(at, lambda public: public["data"].update(organisation_id="other-town"))
        planted.change_command(number, lambda public: public["body"].update(organisation_id="other-town"))
        proposed = planted.event("GrantProposed", grant_id="grant-1-frost")
        proposing = planted.command_of(proposed)
        planted.seal_again()

    assert verified(folder)
    found = findings()
    at_the_grant = f"event {proposed} GrantProposed: factory used what is of other-town"
    assert at_the_grant in of_code("law.scope", found)
    refused = f"command {proposing} ProposeGrant, events {proposed}-{proposed + 2}"
    assert f"{refused}: aid_grant.campaign_out_of_scope" in of_code("replay.refused", found)


def test_goods_that_went_to_a_household_of_another_organisation(folder: Path) -> None:
    with planting(folder) as planted:
        at = planted.event("GoodsIssued", issue_id="rice-4")
        number = planted.command_of(at)
        planted.change_command(
            number, lambda public: public["context"]["facts"]["organisations_above"].__setitem__(2, [])
        )
        planted.seal_again()

    assert verified(folder)
    assert of_code("law.scope", findings()) == [f"event {at} GoodsIssued: factory used what is of district"]


def test_a_payment_that_was_confirmed_twice(folder: Path) -> None:
    with planting(folder) as planted:
        at = planted.repeat(planted.event("PaymentConfirmed", grant_id="grant-1"))
        number = planted.command_of(at)
        planted.seal_again()

    assert verified(folder)
    found = findings()
    assert of_code("law.paid_once", found) == [f"event {at} PaymentConfirmed: grant grant-1"]
    assert of_code("replay.other_events", found) == [f"command {number} RecordResults, events {at}"]


def test_a_line_that_left_though_an_earlier_one_had_been_paid(folder: Path) -> None:
    with planting(folder) as planted:
        planted.become(
            planted.event("PaymentFailed", grant_id="grant-2"), "OverpaymentFound", "code", "final"
        )
        at = [planted.event(kind, line_id="grant-2.2") for kind in ("PaymentPrepared", "PaymentReleased")]
        planted.seal_again()

    assert verified(folder)
    assert of_code("law.paid_once", findings()) == [
        f"event {at[0]} PaymentPrepared: grant grant-2",
        f"event {at[1]} PaymentReleased: grant grant-2",
    ]


def test_a_reversal_that_was_approved_by_who_had_asked_for_it(folder: Path) -> None:
    with planting(folder) as planted:
        at = planted.event("PaymentReversed", grant_id="grant-3")
        number = planted.act_as(at, "feng")
        planted.seal_again()

    assert verified(folder)
    found = findings()
    assert of_code("law.two_persons_settle", found) == [f"event {at} PaymentReversed: grant grant-3"]
    refused = [each for each in of_code("replay.refused", found) if each.startswith(f"command {number} ")]
    assert [each.rpartition(" ")[2] for each in refused] == ["payment.same_person"]


def test_a_line_in_doubt_that_was_settled_by_who_had_released_it(folder: Path) -> None:
    with planting(folder) as planted:
        at = planted.event("ContradictionSettled", grant_id="grant-4")
        planted.act_as(at, "feng")
        planted.seal_again()

    assert verified(folder)
    settled = f"event {at} ContradictionSettled: grant grant-4"
    assert of_code("law.two_persons_settle", findings()) == [settled]


def test_a_batch_that_was_approved_on_a_day_before_its_check(folder: Path) -> None:
    with planting(folder) as planted:
        at = planted.event("BatchApproved", batch_id="first")
        number = planted.command_of(at)
        planted.take_effect_on(at, "2001-01-01")
        planted.change_command(number, lambda public: public["body"].update(approved_on="2001-01-01"))
        planted.seal_again()

    assert verified(folder)
    found = findings()
    early = f"event {at} BatchApproved: batch first: 2001-01-01, after {PAID_ON}"
    assert of_code("law.days", found) == [early]
    assert any(each.endswith("payment_batch.before_last_step") for each in of_code("replay.refused", found))


def test_money_that_left_after_its_reversal(folder: Path) -> None:
    with planting(folder) as planted:
        at = planted.repeat(planted.event("PaymentConfirmed", grant_id="grant-3"))
        planted.seal_again()

    assert verified(folder)
    assert ("law.after_the_end", f"event {at} PaymentConfirmed: grant grant-3") in findings()


def test_a_payment_that_was_reversed_twice(folder: Path) -> None:
    with planting(folder) as planted:
        at = planted.repeat(planted.event("PaymentReversed", grant_id="grant-3"))
        planted.seal_again()

    assert verified(folder)
    assert ("law.after_the_end", f"event {at} PaymentReversed: grant grant-3") in findings()


def test_a_file_that_was_approved_before_its_notice_had_ended(folder: Path) -> None:
    with planting(folder) as planted:
        at = planted.event("FileApproved", file_id="file-3")
        posted = planted.event("NoticePosted", file_id="file-3")
        (last_on,) = planted.values(posted, "last_on")
        number = planted.command_of(at)
        planted.take_effect_on(at, last_on)
        planted.change_command(number, lambda public: public["body"].update(approved_on=last_on))
        planted.seal_again()

    assert verified(folder)
    found = findings()
    assert of_code("law.notice", found) == [f"event {at} FileApproved: file file-3"]
    refused = f"command {number} ApproveFile, events {at}: hardship_file.notice_runs"
    assert refused in of_code("replay.refused", found)


def test_money_that_was_released_before_the_notice_had_ended(folder: Path) -> None:
    with planting(folder) as planted:
        released = planted.event("BatchReleased", batch_id="second")
        (last_on,) = planted.values(planted.event("NoticePosted", file_id="file-2"), "last_on")
        number = planted.command_of(released)
        at = planted.event("PaymentReleased", line_id="grant-2.2")
        for each in (released, at):
            planted.take_effect_on(each, last_on)
        planted.change_command(number, lambda public: public["body"].update(released_on=last_on))
        planted.seal_again()

    assert verified(folder)
    found = findings()
    assert of_code("law.notice", found) == [f"event {at} PaymentReleased: file file-2"]
    assert [each.split(",")[0] for each in of_code("replay.refused", found)] == [
        f"command {number} ReleaseBatch"
    ]


def test_a_parameter_that_was_changed_in_place(folder: Path) -> None:
    with planting(folder) as planted:
        at = planted.event("ParameterSet", key="minimum_living_standard.month", value=145_000)
        number = planted.command_of(at)
        planted.change_event(at, lambda public: public["data"].update(value=150_000))
        planted.change_command(number, lambda public: public["body"].update(value=150_000))
        approved = planted.event("FileApproved", file_id="file-1")
        deciding = planted.command_of(approved)
        planted.seal_again()

    assert verified(folder)
    found = findings()
    where = f"command {deciding} ApproveFile, events {approved}"
    assert ("replay.other_parameters", where) in found
    assert ("replay.other_events", where) in found


def test_a_parameter_that_was_changed_without_the_hashes(folder: Path) -> None:
    with planting(folder) as planted:
        at = planted.event("ParameterSet", key="minimum_living_standard.month", value=145_000)
        planted.change_event(at, lambda public: public["data"].update(value=150_000))

    assert not verified(folder)
    found = findings()
    assert of_code("event.leaf", found) == [f"event {at}: public, sealed or leaf"]
    assert f"command {planted_number(at, found)} SetParameter, events {at}" in of_code(
        "replay.other_events", found
    )


def planted_number(at: int, found: list[tuple[str, str]]) -> str:
    """The command's number that a finding tells about an event."""
    place = next(place for _, place in found if place.endswith(f"events {at}"))
    return place.split()[1]


def test_a_command_that_was_removed(folder: Path) -> None:
    with planting(folder) as planted:
        at = planted.event("GrantApproved", grant_id="grant-2")
        number = planted.command_of(at)
        planted.connection.execute(text(f"DELETE FROM commands WHERE number = {number}"))

    found = findings()
    assert ("command.gap", f"command {number} is missing") in found
    assert of_code("replay.no_command", found) == [f"event {at}", f"event {at + 1}"]


def test_an_event_that_was_removed(folder: Path) -> None:
    with planting(folder) as planted:
        at = planted.event("PaymentFailed", grant_id="grant-2")
        planted.connection.execute(events.delete().where(events.c.position == at))

    found = findings()
    assert ("event.gap", f"event {at} is missing") in found
    assert of_code("replay.other_events", found)


def test_a_budget_that_was_overspent(folder: Path) -> None:
    with planting(folder) as planted:
        at = planted.event("BudgetAllocated", budget_id="winter")
        number = planted.command_of(at)
        planted.change_event(at, lambda public: public["data"].update(amount_fen=AMOUNT_FEN))
        planted.change_command(number, lambda public: public["body"].update(amount_fen=AMOUNT_FEN))
        second = planted.event("BudgetReserved", grant_id="grant-2")
        planted.seal_again()

    assert verified(folder)
    assert of_code("law.budget", findings())[0] == f"event {second} BudgetReserved: budget winter"


def test_a_bank_file_with_other_amounts_than_were_approved(folder: Path) -> None:
    with planting(folder) as planted:
        at = planted.event("BatchReleased", batch_id="first")
        planted.change_event(at, lambda public: public["data"].update(file_digest="0" * 64))
        planted.seal_again()

    assert verified(folder)
    assert of_code("law.as_approved", findings()) == [f"event {at} BatchReleased: batch first"]


def test_a_line_that_left_on_another_version_of_its_file_than_was_approved(folder: Path) -> None:
    with planting(folder) as planted:
        of = {"batch_id": "second"}
        steps = ("BatchLocked", "BatchChecked", "BatchApproved", "BatchReleased")
        making, *others = (planted.event(kind, **of) for kind in ("LinesAdded", *steps))
        (lines,) = planted.values(making, "lines")
        # The account came to the file after the version that the approval is now said to have seen.
        lines["grant-2.2"]["file_version"] -= 1
        seen = {"digest": digest_of_lines({each: BatchLine(**line) for each, line in lines.items()})}
        planted.change_event(making, lambda public: public["data"].update(lines=lines))
        for at in others:
            planted.change_event(at, lambda public: public["data"].update(seen))
        for at in others[1:3]:
            planted.change_command(planted.command_of(at), lambda public: public["body"].update(seen))
        released, releasing = others[3], planted.command_of(others[3])
        planted.seal_again()

    assert verified(folder)
    found = findings()
    assert of_code("law.as_approved", found) == [f"event {released} BatchReleased: line grant-2.2"]
    refused = (
        f"command {releasing} ReleaseBatch, events {released - 1}-{released}: payment_batch.line_changed"
    )
    assert of_code("replay.refused", found) == [refused]


def test_an_entry_of_the_ledger_that_was_changed(folder: Path) -> None:
    change(
        folder,
        "assistance",
        "UPDATE ledger_balances SET debit_fen = debit_fen + 1 WHERE account = 'bank'",
    )

    assert findings() == [("projection.differs", "ledger_balances: 1 rows")]
