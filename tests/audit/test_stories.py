"""``gonghui audit explain`` tells one payment's story in sentences, from the application to the bank."""

import json
from pathlib import Path

from typer.testing import CliRunner, Result

from shared.cli.main import app


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
