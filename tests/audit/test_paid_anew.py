"""A payment of a wrong amount is reversed, its grant withdrawn, and the household granted aid anew."""

from pathlib import Path
from typing import Any

import pytest

from services.assistance.aggregates.batch.commands import AddLines, OpenBatch, Result
from services.assistance.aggregates.grant.commands import ApproveGrant, ProposeGrant, WithdrawGrant
from services.assistance.aggregates.grant.refusals import HOUSEHOLD_AIDED
from services.assistance.aggregates.payment import ApproveReversal, RequestReversal
from shared.log.entry import Answer
from shared.rules.personal import Personal
from shared.rules.refusal import Refused
from tests.assistance.town import AMOUNT_FEN, DISTRICT, FACTORY, PAID_ON, Town
from tests.audit.district import follow, founded, pay
from tests.audit.replayed import gonghui

FIRST: dict[str, Any] = {"grant_id": "grant-1", "organisation_id": FACTORY}
AGAIN: dict[str, Any] = {"grant_id": "again", "organisation_id": FACTORY}
BATCH: dict[str, Any] = {"batch_id": "again", "organisation_id": DISTRICT}
PROPOSED_AGAIN = ProposeGrant(
    **AGAIN, campaign_id="winter", file_id="file-1", person_id="person-1", proposed_on=PAID_ON
)


def take_back(town: Town) -> None:
    """All that was paid is reversed."""
    asked = RequestReversal(**FIRST, reversed_fen=AMOUNT_FEN, reason="amount_wrong", requested_on=PAID_ON)
    town.each("feng", [asked])
    town.each("sun", [ApproveReversal(**FIRST, approved_on=PAID_ON)])


def pay_again(town: Town) -> None:
    """The second grant goes through a batch of its own."""
    town.each("sun", [ApproveGrant(**AGAIN, approved_on=PAID_ON)])
    added = AddLines(**BATCH, grant_ids=("grant-1", "again"), prepared_on=PAID_ON)
    town.each("wu", [OpenBatch(**BATCH, opened_on=PAID_ON), added])
    town.approve_batch("again")
    assert isinstance(town.release_batch("again"), Answer)
    town.record("again", Result(line_id="again.1", outcome="paid", amount_fen=AMOUNT_FEN))


def test_a_household_whose_payment_was_reversed_is_paid_in_the_same_campaign_and_the_books_agree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GONGHUI_FOLDER", str(tmp_path))
    with founded(tmp_path) as town:
        town.settle([1])
        town.grant([1])
        pay(town, "first", paid=("grant-1.1",))
        take_back(town)
        (too_early,) = town.send("wang", PROPOSED_AGAIN)
        withdrawal = WithdrawGrant(
            **FIRST, person_id="person-1", reason=Personal("金额有误"), withdrawn_on=PAID_ON
        )
        town.each("wang", [withdrawal, PROPOSED_AGAIN])
        pay_again(town)
        follow(tmp_path, town.house.log)

    assert isinstance(too_early, Refused)
    assert too_early.refusal is HOUSEHOLD_AIDED
    status, told = gonghui("audit", "replay")
    assert (status, told["findings"]) == (0, [])
    assert told["totals"]["relief.amount"] == AMOUNT_FEN
