"""A household that comes back tells its account anew, and gets it as long as no other household has it."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date

import pytest

from services.assistance.aggregates.file.commands import CloseFile, ReopenFile
from services.assistance.aggregates.file.refusals import ACCOUNT_OF_ANOTHER_HOUSEHOLD
from shared.log.entry import Answer
from shared.rules.refusal import Refused
from tests.assistance.town import FACTORY, Town, account

CLOSE = CloseFile(
    file_id="file-1",
    organisation_id=FACTORY,
    outcome="exited",
    cause="income_above_line",
    closed_on=date(2024, 6, 3),
)
REOPEN = ReopenFile(file_id="file-1", organisation_id=FACTORY, reopened_on=date(2024, 9, 2))


@pytest.fixture
def later(each_town: Town) -> Iterator[Town]:
    """A town with two households on file, of which the first was closed; as after a restart."""
    each_town.settle([1, 2])
    each_town.each("sun", [CLOSE])
    with closing(each_town.house.another()) as house:
        yield Town(house)


def is_given(town: Town, number: int) -> bool:
    """Whether a household is given the first one's account; if not, another household has it."""
    (outcome,) = town.send("wang", account(number, 1))
    if isinstance(outcome, Refused):
        assert outcome.refusal is ACCOUNT_OF_ANOTHER_HOUSEHOLD
    else:
        assert isinstance(outcome, Answer)
    return not isinstance(outcome, Refused)


def test_a_closed_file_that_had_an_account_is_opened_again_and_takes_its_account_up_again(
    later: Town,
) -> None:
    later.each("wang", [REOPEN])

    assert later.count("FileReopened") == 1
    assert is_given(later, 1)
    assert not is_given(later, 2)


def test_a_file_that_was_opened_again_does_not_get_an_account_that_another_household_has_by_then(
    later: Town,
) -> None:
    assert is_given(later, 2)
    later.each("wang", [REOPEN])
    assert not is_given(later, 1)

    later.each("wang", [account(2, 22)])
    assert is_given(later, 1)
