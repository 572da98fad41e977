"""``gonghui audit explain`` tells one payment's story in sentences, from the application to the bank."""

import json
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest
from typer.testing import CliRunner, Result

from services.assistance.aggregates import language
from services.assistance.aggregates.file.state import CLOSING_CAUSE_ZH
from services.assistance.events.batch import UnlockReason
from services.assistance.events.file import ClosingCause, RevisionConfirmed
from services.assistance.events.payment import ReturnCode, ReversalRefusingCause, WithdrawalReason
from services.assistance.projections.payment_story import (
    REFUSING_CAUSES,
    RETURN_CODES_ZH,
    SENTENCES,
    UNLOCK_REASONS_ZH,
    WITHDRAWAL_REASONS_ZH,
)
from shared.cli.main import app
from tests.rules.assistance.history import HISTORY
from tests.rules.assistance.households import FACTORY, file_revised

A_BUDGET_S = "its grant's or payment's own event tells it"
LINE_BY_LINE = "each of its lines is told by the payment's own event"
NO_MONEY = "goods are handed out without a payment"
A_CAMPAIGN_S = "a campaign is no step of one payment"
OF_THE_SERVICE = "it is about the service and no payment"
NOT_TOLD = {
    "BudgetAllocated": "a budget is no step of one payment",
    "BudgetCommitted": A_BUDGET_S,
    "BudgetReleased": A_BUDGET_S,
    "BudgetReserved": A_BUDGET_S,
    "BudgetRestored": A_BUDGET_S,
    "BudgetSpent": A_BUDGET_S,
    "CampaignClosed": A_CAMPAIGN_S,
    "CampaignOpened": A_CAMPAIGN_S,
    "EpochBegan": OF_THE_SERVICE,
    "GoodsIssued": NO_MONEY,
    "GoodsReceived": NO_MONEY,
    "GoodsReturned": NO_MONEY,
    "HouseholdAided": A_BUDGET_S,
    "HouseholdAidReleased": A_BUDGET_S,
    "LinesAdded": LINE_BY_LINE,
    "LinesRemoved": LINE_BY_LINE,
    "ParameterSet": OF_THE_SERVICE,
    "ReactionSkipped": OF_THE_SERVICE,
    "ResultsRecorded": LINE_BY_LINE,
    "StockPutBack": NO_MONEY,
    "StockTaken": NO_MONEY,
}
"""The types of event of which no story tells, each with the reason."""


def test_every_type_of_event_is_told_or_left_out_for_a_reason() -> None:
    told = {each.__name__ for each in SENTENCES}

    assert told | NOT_TOLD.keys() == set(language.events)
    assert not told & NOT_TOLD.keys()


@pytest.mark.parametrize("event_type", SENTENCES, ids=lambda each: each.__name__)
def test_each_is_told_in_whole_sentences_of_both_languages(event_type: type[Any]) -> None:
    for event in (each for each in HISTORY if type(each) is event_type):
        zh, en = SENTENCES[event_type](event, "wang")

        assert re.search("[\u4e00-\u9fff]", zh)
        assert re.search("[a-z] [a-z]", en)
        assert not re.search("[{}]|None|Personal|\\(\\)", zh + en)
        assert not re.search("[a-z]_[a-z]", zh)


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        (CLOSING_CAUSE_ZH, ClosingCause),
        (WITHDRAWAL_REASONS_ZH, WithdrawalReason),
        (UNLOCK_REASONS_ZH, UnlockReason),
        (RETURN_CODES_ZH, ReturnCode),
        (REFUSING_CAUSES, ReversalRefusingCause),
    ],
)
def test_every_code_that_a_story_tells_has_words(words: Mapping[str, Any], codes: Any) -> None:
    assert set(words) == set(get_args(codes))


def explained(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["--lang", "en", "audit", "explain", *arguments])


def story(grant_id: str) -> list[str]:
    """A payment's story, sentence by sentence."""
    told = json.loads(explained(grant_id, "--json").stdout)
    assert told["payment"] == grant_id
    positions = [each["position"] for each in told["story"]]
    assert positions == sorted(set(positions))
    assert all(each["zh"] for each in told["story"])
    return [each["en"] for each in told["story"]]


HOUSEHOLD = [
    "wang opened a file for the household",
    "wang recorded the payee's account, the household's no. 1",
    "wang submitted it with its proofs",
    "zhao passed it at the first review",
    "wang, zhou visited the household, which signed the authorisation",
    "wang typed in the economic check: 20,000.00 yuan a year for 1 persons",
    "a public notice of 5 working days, until 2024-01-15",
    "sun approved the file: 1,666.67 yuan a head against 1,450.00",
    "wang proposed 1,000.00 yuan out of winter",
    "sun approved 1,000.00 yuan",
]


def first_batch(line_id: str) -> list[str]:
    """What happened to each line of the first batch until the bank had it, without the file's digest."""
    return [
        "wu opened batch first",
        f"wu put it into batch first as line {line_id}",
        "wu locked batch first with 4 lines",
        "zheng checked batch first",
        "qian approved batch first",
        f"line {line_id} went to the bank",
        "feng released batch first",
    ]


def without_digests(told: list[str]) -> list[str]:
    return [each.partition(", the bank file's digest")[0] for each in told]


def test_the_story_of_a_grant_that_was_paid(folder: Path) -> None:
    assert without_digests(story("grant-1")) == [
        *HOUSEHOLD,
        *first_batch("grant-1.1"),
        "the bank has paid 1,000.00 yuan",
    ]


def test_the_story_of_a_grant_that_came_back_and_was_issued_again(folder: Path) -> None:
    assert without_digests(story("grant-2")) == [
        *HOUSEHOLD,
        *first_batch("grant-2.1"),
        "the bank did not pay: account_closed",
        "wang recorded the payee's account, the household's no. 2",
        "wu opened batch second",
        "wu put it into batch second as line grant-2.2, again after it came back",
        "wu locked batch second with 1 lines",
        "zheng checked batch second",
        "qian approved batch second",
        "line grant-2.2 went to the bank",
        "feng released batch second",
        "the bank has paid 1,000.00 yuan",
    ]


def test_the_story_of_a_payment_that_was_reversed(folder: Path) -> None:
    assert without_digests(story("grant-3"))[-3:] == [
        "the bank has paid 1,000.00 yuan",
        "feng asked for 1,000.00 yuan to be reversed",
        "sun approved the reversal of 1,000.00 yuan",
    ]


def test_a_story_tells_each_day_and_position_in_the_terminal(folder: Path) -> None:
    told = explained("grant-1")

    assert told.exit_code == 0
    assert "2024-02-22" in told.stdout
    assert "the bank has paid 1,000.00 yuan" in told.stdout


def test_there_is_no_story_of_an_unknown_grant(folder: Path) -> None:
    told = explained("nothing")

    assert (told.exit_code, told.stdout) == (2, "")
    assert "there is no such grant" in told.stderr


def test_a_story_tells_that_a_household_changed_and_who_confirmed_it() -> None:
    confirmed = RevisionConfirmed(
        file_id="1", organisation_id=FACTORY, reviewer_id="zhao", effective_on=date(2024, 9, 3)
    )

    assert sentence(file_revised()) == "wang revised the file"
    changed = sentence(file_revised(to_be_confirmed=True))
    assert changed == "wang revised the file, a changed household to be confirmed"
    assert sentence(confirmed, "zhao") == "zhao confirmed the changed household"


def sentence(event: Any, who: str = "wang") -> str:
    return SENTENCES[type(event)](event, who)[1]
