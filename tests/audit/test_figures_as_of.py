"""Figures as of an earlier moment are those that reporting told then."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.reporting.service import COUNTED, ReportingService
from shared.cli.figures import moment_of
from shared.projections.as_of import as_of
from shared.runtime.calls import RefusedCall
from shared.runtime.local import Local, token_of_the_house
from shared.runtime.settings import embedded_settings
from tests.assistance.town import AMOUNT_FEN
from tests.audit.district import follow_all, opened
from tests.audit.remembered import CHOICES, SEED, Remembered, counted, remember, values
from tests.log.house import UNION

EARLIER = 30
"""`make bench` asks at a hundred."""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Remembered:
    return remember(tmp_path_factory.mktemp("earlier"))


def test_at_random_earlier_positions_all_figures_are_those_told_then(recorded: Remembered) -> None:
    earlier = random.Random(SEED).sample(recorded.by_position, EARLIER)
    with opened(recorded.folder, "reporting") as reporting:
        for known, told in earlier:
            up_to = [(each, reporting.feed(each.source), known[each.source]) for each in COUNTED]
            with as_of(reporting.store, up_to) as then:
                assert then.complete
                assert counted(then.connection) == told
    # The history must move the figures, and by each choice others, or equality tells nothing.
    assert len({tuple(told[0].values()) for _, told in earlier}) > 8
    last = [tuple(each.values()) for each in recorded.by_position[-1][1]]
    assert len(set(last)) == len(CHOICES)


@contextmanager
def asking(folder: Path) -> Iterator[Local]:
    """Reporting, asked by an auditor."""
    with opened(folder, "reporting") as reporting:
        follow_all(reporting)
        token = token_of_the_house(embedded_settings("staffing", folder), "auditor")
        yield Local(ReportingService, reporting, token)


def sent(moment: datetime) -> dict[str, str]:
    return {"from_on": "1900-01-01", "to_on": "2100-12-31", "moment": moment.isoformat()}


def test_as_of_a_moment_the_method_tells_what_was_told_then_and_how_far_it_knew(recorded: Remembered) -> None:
    with asking(recorded.folder) as reporting:
        for moment, told in recorded.by_moment:
            answer = reporting.call("figures_as_of", **sent(moment))
            assert values(answer["answer"]) == told
            assert answer["known"] == {
                source: max(known[source] for known, each in recorded.by_position if each[0] is told)
                for source in ("assistance", "membership")
            }


def test_before_the_first_event_there_is_nothing(recorded: Remembered) -> None:
    with asking(recorded.folder) as reporting:
        answer = reporting.call("figures_as_of", **sent(datetime(2001, 1, 1, tzinfo=UTC)))

    assert answer["known"] == {"assistance": 0, "membership": 0}
    assert not any(values(answer["answer"]).values())


def test_the_parts_of_a_figure_are_told_as_of_a_moment_too(recorded: Remembered) -> None:
    moment, told = recorded.by_moment[3]
    with asking(recorded.folder) as reporting:
        (part,) = reporting.call("figure_parts_as_of", code="member.stock", **sent(moment))["answer"]

    assert (part["organisation_id"], part["value"]) == (UNION, told["member.stock"])


def test_on_the_command_line_a_day_means_its_end_in_the_house() -> None:
    assert moment_of(datetime.fromisoformat("2026-06-30")) == "2026-06-30T23:59:59.999999+08:00"
    assert moment_of(datetime.fromisoformat("2026-06-30T18:00")) == "2026-06-30T18:00:00+08:00"
    assert moment_of(None) is None


def test_the_rows_behind_a_figure_are_told_as_of_a_moment_too(recorded: Remembered) -> None:
    first_paid = next(moment for moment, told in recorded.by_moment if told["relief.person_times"] == 3)
    with asking(recorded.folder) as reporting:
        of = {"code": "relief.amount", **sent(first_paid)}
        rows = reporting.call("figure_rows_as_of", **of)["answer"]
        rest = reporting.call("figure_rows_as_of", **of, after=rows[0]["position"])["answer"]

    # The third was reversed since.
    assert [(each["grant_id"], each["amount_fen"]) for each in rows] == [
        (grant_id, AMOUNT_FEN) for grant_id in ("grant-1", "grant-3", "grant-5")
    ]
    assert rest == rows[1:]


@pytest.mark.parametrize("moment", ["yesterday", "2026-06-30T18:00:00", ""])
def test_a_moment_without_its_offset_is_refused(recorded: Remembered, moment: str) -> None:
    given = sent(datetime.now(UTC)) | {"moment": moment}
    with asking(recorded.folder) as reporting, pytest.raises(RefusedCall) as refused:
        reporting.call("figures_as_of", **given)

    assert refused.value.code == "query.moment"
