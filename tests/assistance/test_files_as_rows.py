"""The read model of hardship files stands where their rules stand, whatever happens to a file."""

from typing import Any

from services.assistance.aggregates.hardship_file import hardship_file
from services.assistance.events.file import FileReopened
from services.assistance.projections.hardship_files import hardship_files
from tests.projections.told import Told
from tests.rules.assistance.history import BY_ZHAO, HISTORY
from tests.rules.assistance.households import account_recorded
from tests.rules.rules import fold

SHOWN = (
    "organisation_id",
    "person_id",
    "status",
    "hardship_class",
    "hardship_cause",
    "approved_on",
    "version",
    "changed_at",
)
OF_FILES = [each for each in HISTORY if type(each) in hardship_file.event_types()]
ONCE_MORE: list[Any] = [
    FileReopened(file_id="c", person_id="c", **BY_ZHAO),
    account_recorded("c", **BY_ZHAO, person_id="c", version=2),
]
"""A file that was closed comes back, with another account."""


def test_after_every_event_a_file_s_row_says_what_the_file_s_rules_go_by() -> None:
    assert {type(each) for each in OF_FILES} == set(hardship_file.event_types())
    told = Told("assistance")
    rows: dict[str, dict[str, Any]] = {}
    happened: dict[str, list[Any]] = {}
    for event in [*OF_FILES, *ONCE_MORE]:
        name, file_id = type(event).__name__, event.file_id
        told.tell(event, stream=hardship_file.stream_of(event))
        row = rows.setdefault(file_id, hardship_files.fresh((file_id,)))
        if (handled := hardship_files.handled.get(name)) is not None:
            row |= handled.apply(row, event, told.events[-1]) or {}
        happened.setdefault(file_id, []).append(event)
        file = fold(hardship_file, happened[file_id])

        assert {each: row[each] for each in SHOWN} == {each: getattr(file, each) for each in SHOWN}, name
        assert row["account_version"] == (file.account and file.account.version), name
