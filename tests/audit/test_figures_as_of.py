"""Figures as of an earlier moment are those that reporting told then."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from services.reporting.indicators import figures
from services.reporting.service import COUNTED, ReportingService
from shared.bus.catch_up import page_after
from shared.bus.cloud_event import event_of_text
from shared.bus.replica import Replica
from shared.cli.figures import moment_of
from shared.log.entry import Answer
from shared.log.log import Log
from shared.projections.as_of import as_of
from shared.projections.following import ProjectionFollower
from shared.runtime.calls import RefusedCall
from shared.runtime.commands import Request
from shared.runtime.finding import service_class
from shared.runtime.house import House
from shared.runtime.local import Local, token_of_the_house
from shared.runtime.opening import prepare
from shared.runtime.scopes import EVERYTHING
from shared.runtime.settings import embedded_settings
from shared.runtime.worker import prepare_followers
from tests.audit.district import follow_all, founded, give_rice, opened, pay, reverse
from tests.log.house import CLERK, UNION, federation, join, joining_age, register, union

EVER: dict[str, Any] = {"from_on": date(1900, 1, 1), "to_on": date(9999, 12, 31)}
EARLIER = 100
SEED = 20151231
"""Chooses the positions; a failure is repeated under the same seed."""

Figures = dict[str, int | None]


@dataclass
class Recorded:
    """A history that is over, and what reporting told while it was made.

    Args:
        by_position: the figures, with the position of each source that reporting knew.
        by_moment: the figures, with a moment at which reporting knew all that had been recorded.
    """

    folder: Path
    by_position: list[tuple[dict[str, int], Figures]] = field(default_factory=list)
    by_moment: list[tuple[datetime, Figures]] = field(default_factory=list)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """Members join, and households are aided, while reporting follows by a few events at a time."""
    told = Recorded(tmp_path_factory.mktemp("earlier"))
    chance = random.Random(SEED)
    folder = told.folder
    with founded(folder) as town:
        prepare(embedded_settings("membership", folder), service_class("membership").language)
        with opened(folder, "membership") as membership, opened(folder, "reporting") as reporting:
            prepare_followers(ReportingService, reporting)
            logs = {"assistance": town.house.log, "membership": membership.log}

            def members(*commands: Any) -> None:
                outcomes = membership.handle_many([Request(each, CLERK) for each in commands])
                assert all(isinstance(each, Answer) for each in outcomes), outcomes

            first, second = tuple(range(1, 6)), tuple(range(6, 9))
            acts: list[Callable[[], Any]] = [
                lambda: members(joining_age(), federation(), union()),
                lambda: town.settle(first),
                lambda: town.grant(first),
                lambda: members(*(each for index in range(6) for each in (register(index), join(index)))),
                lambda: pay(town, "one", ("grant-1.1", "grant-3.1", "grant-5.1"), ("grant-2.1", "grant-4.1")),
                lambda: give_rice(town, 4),
                lambda: town.settle(second),
                lambda: town.grant(second),
                lambda: pay(town, "two", ("grant-2.2", "grant-4.2", "grant-6.1", "grant-8.1")),
                lambda: members(*(each for index in (6, 7) for each in (register(index), join(index)))),
                lambda: reverse(town, "grant-3"),
                lambda: pay(town, "three", ("grant-7.1",)),
                lambda: reverse(town, "grant-8"),
            ]
            for act in acts:
                act()
                for known in followed(reporting, logs, chance):
                    told.by_position.append((known, counted_now(reporting)))
                told.by_moment.append((datetime.now(UTC), told.by_position[-1][1]))
    return told


def followed(reporting: House, logs: dict[str, Log], chance: random.Random) -> Iterator[dict[str, int]]:
    """Reporting takes in what was recorded, at each step one to four events of a source chosen by chance."""
    replicas = {source: Replica(reporting.store, source) for source in logs}
    while True:
        known = positions(reporting, replicas)
        behind = [source for source, log in logs.items() if log.head().position > known[source]]
        if not behind:
            return
        source = chance.choice(behind)
        page = page_after(logs[source], known[source], chance.randint(1, 4))
        replicas[source].receive([event_of_text(public, sealed) for public, sealed in page["events"]])
        for projection in COUNTED:
            follower = ProjectionFollower(reporting.store, reporting.feed(projection.source), projection)
            while follower.step():
                pass
        yield positions(reporting, replicas)


def positions(reporting: House, replicas: dict[str, Replica]) -> dict[str, int]:
    with reporting.store.read() as connection:
        return {source: each.position(connection) for source, each in replicas.items()}


def counted_now(reporting: House) -> Figures:
    with reporting.store.read() as connection:
        return values(figures(connection, reach=EVERYTHING, **EVER))


def values(told: Sequence[dict[str, Any]]) -> Figures:
    return {each["code"]: each["value"] for each in told}


def test_at_a_hundred_random_earlier_positions_all_figures_are_those_told_then(recorded: Recorded) -> None:
    earlier = random.Random(SEED).sample(recorded.by_position, EARLIER)
    with opened(recorded.folder, "reporting") as reporting:
        for known, told in earlier:
            up_to = [(each, reporting.feed(each.source), known[each.source]) for each in COUNTED]
            with as_of(reporting.store, up_to) as then:
                assert then.complete
                assert values(figures(then.connection, reach=EVERYTHING, **EVER)) == told
    # The history must move the figures, or equality tells nothing.
    assert len({tuple(told.values()) for _, told in earlier}) > 12


@contextmanager
def asking(folder: Path) -> Iterator[Local]:
    """Reporting, asked by an auditor."""
    with opened(folder, "reporting") as reporting:
        follow_all(reporting)
        token = token_of_the_house(embedded_settings("staffing", folder), "auditor")
        yield Local(ReportingService, reporting, token)


def sent(moment: datetime) -> dict[str, str]:
    return {"from_on": "1900-01-01", "to_on": "9999-12-31", "moment": moment.isoformat()}


def test_as_of_a_moment_the_method_tells_what_was_told_then_and_how_far_it_knew(recorded: Recorded) -> None:
    with asking(recorded.folder) as reporting:
        for moment, told in recorded.by_moment:
            answer = reporting.call("figures_as_of", **sent(moment))
            assert values(answer["answer"]) == told
            assert answer["known"] == {
                source: max(known[source] for known, each in recorded.by_position if each is told)
                for source in ("assistance", "membership")
            }


def test_before_the_first_event_there_is_nothing(recorded: Recorded) -> None:
    with asking(recorded.folder) as reporting:
        answer = reporting.call("figures_as_of", **sent(datetime(2001, 1, 1, tzinfo=UTC)))

    assert answer["known"] == {"assistance": 0, "membership": 0}
    assert not any(values(answer["answer"]).values())


def test_the_parts_of_a_figure_are_told_as_of_a_moment_too(recorded: Recorded) -> None:
    moment, told = recorded.by_moment[3]
    with asking(recorded.folder) as reporting:
        (part,) = reporting.call("figure_parts_as_of", code="member.stock", **sent(moment))["answer"]

    assert (part["organisation_id"], part["value"]) == (UNION, told["member.stock"])


def test_on_the_command_line_a_day_means_its_end_in_the_house() -> None:
    assert moment_of(datetime.fromisoformat("2026-06-30")) == "2026-06-30T23:59:59.999999+08:00"
    assert moment_of(datetime.fromisoformat("2026-06-30T18:00")) == "2026-06-30T18:00:00+08:00"
    assert moment_of(None) is None


@pytest.mark.parametrize("moment", ["yesterday", "2026-06-30T18:00:00", ""])
def test_a_moment_without_its_offset_is_refused(recorded: Recorded, moment: str) -> None:
    given = sent(datetime.now(UTC)) | {"moment": moment}
    with asking(recorded.folder) as reporting, pytest.raises(RefusedCall) as refused:
        reporting.call("figures_as_of", **given)

    assert refused.value.code == "query.moment"
