"""A history that is over, and what reporting told while it was made: for figures as of earlier moments."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from services.assistance.aggregates.batch.commands import RecordResults, Result
from services.assistance.aggregates.relief_campaign import OpenCampaign
from services.reporting.indicators import figures
from services.reporting.service import COUNTED, ReportingService
from shared.bus.catch_up import page_after
from shared.bus.cloud_event import event_of_text
from shared.bus.replica import Replica
from shared.log.entry import Answer
from shared.log.log import Log
from shared.projections.following import ProjectionFollower
from shared.runtime.commands import Request
from shared.runtime.finding import service_class
from shared.runtime.house import House
from shared.runtime.opening import prepare
from shared.runtime.scopes import EVERYTHING, Reach
from shared.runtime.settings import embedded_settings
from shared.runtime.worker import prepare_followers
from tests.assistance.town import AMOUNT_FEN, DISTRICT, FACTORY, Town, campaign, grant_id
from tests.audit.district import budget, founded, give_rice, opened, pay, reverse
from tests.log.house import CLERK, UNION, federation, join, joining_age, register, union

SEED = 20151231
"""Chooses how reporting follows; a failure is repeated under the same seed."""
EVER: dict[str, Any] = {"from_on": date(1900, 1, 1), "to_on": date(9999, 12, 31)}
MARCH: dict[str, Any] = {"from_on": date(2024, 3, 1), "to_on": date(2024, 3, 31)}
OF_THE_FACTORY, OF_THE_UNION = Reach(frozenset({FACTORY})), Reach(frozenset({UNION}))
APRIL_DAY = date(2024, 4, 2)

CHOICES: tuple[dict[str, Any], ...] = (
    {"reach": EVERYTHING, **EVER},
    {"reach": EVERYTHING, **MARCH},
    {"reach": OF_THE_FACTORY, **EVER},
    {"reach": OF_THE_UNION, **EVER},
    {"reach": EVERYTHING, **EVER, "programme": "temporary_living_aid"},
    {"reach": OF_THE_FACTORY, **MARCH, "programme": "winter_warmth"},
)
"""By subtree, period and programme: what the figures are asked for, at every step."""

Figures = dict[str, int | None]


@dataclass
class Remembered:
    """What reporting told while the history was made.

    Args:
        by_position: the figures of each choice, with the position of each source that reporting knew.
        by_moment: the figures of all, with a moment at which reporting knew all that had been recorded.
    """

    folder: Path
    by_position: list[tuple[dict[str, int], list[Figures]]] = field(default_factory=list)
    by_moment: list[tuple[datetime, Figures]] = field(default_factory=list)


def remember(folder: Path) -> Remembered:
    """Members join, and households are aided, while reporting follows by a few events at a time."""
    told = Remembered(folder)
    chance = random.Random(SEED)
    with founded(folder) as town:
        prepare(embedded_settings("membership", folder), service_class("membership").language)
        with opened(folder, "membership") as membership, opened(folder, "reporting") as reporting:
            prepare_followers(ReportingService, reporting)
            logs = {"assistance": town.house.log, "membership": membership.log}
            for act in acts(town, membership):
                act()
                for known in followed(reporting, logs, chance):
                    with reporting.store.read() as connection:
                        told.by_position.append((known, counted(connection)))
                told.by_moment.append((datetime.now(UTC), told.by_position[-1][1][0]))
    return told


def acts(town: Town, membership: House) -> list[Callable[[], Any]]:
    """What happens, one after the other."""

    def members(*commands: Any) -> None:
        outcomes = membership.handle_many([Request(each, CLERK) for each in commands])
        assert all(isinstance(each, Answer) for each in outcomes), outcomes

    first, second = tuple(range(1, 6)), tuple(range(6, 9))
    return [
        lambda: members(joining_age(), federation(), union()),
        lambda: town.settle(first),
        lambda: town.grant(first),
        lambda: members(*(each for index in range(6) for each in (register(index), join(index)))),
        lambda: pay(town, "one", ("grant-1.1", "grant-3.1", "grant-5.1"), ("grant-2.1", "grant-4.1")),
        lambda: members(union(FACTORY, "水泥厂工会"), union(DISTRICT, "区直机关工会")),
        lambda: give_rice(town, 4),
        lambda: town.settle(second),
        lambda: town.grant(second),
        lambda: pay(town, "two", ("grant-2.2", "grant-4.2", "grant-6.1", "grant-8.1")),
        lambda: members(*(each for index in (6, 7) for each in (register(index), join(index)))),
        lambda: reverse(town, "grant-3"),
        lambda: pay_in_april(town, (1, 6)),
        lambda: pay(town, "three", ("grant-7.1",)),
        lambda: reverse(town, "grant-8"),
    ]


def pay_in_april(town: Town, numbers: Sequence[int]) -> None:
    """Households are granted temporary aid, too, of which the bank says in April that it has paid it."""
    of_programme = {"programme": "temporary_living_aid", "budget_id": "temporary"}
    line = replace(budget("temporary"), programme="temporary_living_aid", year=2024)
    opening: OpenCampaign = replace(campaign("temporary"), **of_programme)  # type: ignore[arg-type]
    town.each("sun", [line, opening])
    town.grant(numbers, "temporary")
    town.open_batch("april", numbers, "temporary")
    town.approve_batch("april")
    assert isinstance(town.release_batch("april"), Answer)
    results = tuple(
        Result(line_id=f"{grant_id(each, 'temporary')}.1", outcome="paid", amount_fen=AMOUNT_FEN)
        for each in numbers
    )
    told = RecordResults(
        batch_id="april",
        organisation_id=DISTRICT,
        results=results,
        file_digest="result",
        answered_on=APRIL_DAY,
    )
    town.each("feng", [told])


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


def counted(connection: Connection) -> list[Figures]:
    """The figures of each choice."""
    return [values(figures(connection, **each)) for each in CHOICES]


def values(told: Sequence[dict[str, Any]]) -> Figures:
    return {each["code"]: each["value"] for each in told}
