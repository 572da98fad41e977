"""``gonghui projections`` and ``gonghui parked``: what an operator sees of what follows feeds, and can do."""

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from shared.bus.replica import Replica, ReplicaStopped
from shared.cli import following
from shared.cli.main import app
from shared.projections.following import ProjectionFollower
from shared.projections.projection import Projection
from shared.projections.reacting import ReactionFollower
from shared.projections.reaction import Reaction
from shared.runtime.acting import act_of
from shared.runtime.commands import Request
from shared.runtime.house import House, open_house
from shared.runtime.opening import prepare
from shared.runtime.service import Service
from shared.runtime.settings import embedded_settings
from shared.runtime.worker import prepare_followers
from tests.log.fund import Add, language
from tests.log.house import CLERK
from tests.projections.balances import balances
from tests.projections.standing_orders import orders

SERVICE = "membership"
"""A declared name, under which these tests run the language of funds."""


class Funds(Service):
    """What a service declares."""

    name = "fund"
    language = language
    projections: ClassVar[Sequence[Projection]] = (balances(),)
    reactions: ClassVar[Sequence[Reaction]] = (orders,)


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    for name in [name for name in os.environ if name.startswith("GONGHUI_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GONGHUI_FOLDER", str(tmp_path))
    monkeypatch.setattr(following, "service_class", lambda _: Funds)
    monkeypatch.setattr(following, "service_names", lambda: [SERVICE])
    settings = embedded_settings(SERVICE, tmp_path)
    prepare(settings, language)
    house = open_house(settings, language)
    prepare_followers(Funds, house)
    send(house, Add(fund_id="a", amount_fen=5), Add(fund_id="order-a", amount_fen=9))
    send(house, Add(fund_id="order-a", amount_fen=1), Add(fund_id="purse-a", amount_fen=3))
    follow(house)
    yield house
    house.close()


def send(house: House, *commands: Any) -> None:
    house.handle_many([Request(command, CLERK) for command in commands])


def follow(house: House) -> None:
    ProjectionFollower(house.store, house.log, Funds.projections[0]).step()
    ReactionFollower(house.store, house.log, orders, act_of(house)).step()


def tamper(house: House) -> None:
    with house.store.write() as connection:
        connection.execute(text("UPDATE balances SET balance_fen = 0 WHERE fund_id = 'a'"))


def gonghui(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def told(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
    """Exit status and output of a command asked for JSON."""
    done = gonghui("--json", *arguments)
    return done.exit_code, json.loads(done.stdout)


def test_a_replica_begins_anew_and_what_follows_it_waits_for_a_rebuild(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_another, reacting_to_another = balances(), Reaction("standing_orders", source="staffing")
    of_another.source = "staffing"
    monkeypatch.setattr(Funds, "projections", (of_another,))
    monkeypatch.setattr(Funds, "reactions", (reacting_to_another,))
    replica = Replica(house.store, "staffing")
    with pytest.raises(ReplicaStopped):
        replica.stop("of another log")

    done = gonghui("--json", "projections", "restart-replica", SERVICE, "staffing")

    told_of = {"service": SERVICE, "source": "staffing", "subscriptions": ["balances", "standing_orders"]}
    assert (done.exit_code, json.loads(done.stdout)) == (0, told_of)
    assert replica.stopped() is None
    assert told("projections", "list", SERVICE)[1][0]["outdated"]
    assert told("parked", "list")[1] == []
    assert told("projections", "rebuild", SERVICE)[0] == 0
    assert told("projections", "list", SERVICE)[0] == 0


@pytest.mark.usefixtures("house")
def test_only_a_replica_that_is_read_can_begin_anew() -> None:
    done = gonghui("--lang", "en", "projections", "restart-replica", SERVICE, "staffing")

    assert done.exit_code == 2
    assert "there is nothing called “staffing”" in done.stderr


@pytest.mark.usefixtures("house")
def test_a_list_of_projections_tells_how_far_each_has_come() -> None:
    status, (row,) = told("projections", "list", SERVICE)

    assert status == 0
    assert (row["name"], row["complete"], row["outdated"], row["parked"]) == ("balances", True, False, 0)
    assert row["position"] == row["head"]
    assert "balances" in gonghui("projections", "list").stdout
    assert "complete" in gonghui("--lang", "en", "projections", "list", SERVICE).stdout


def test_a_projection_that_waits_for_a_rebuild_is_told_by_the_exit_status(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Funds, "projections", (balances(version=2),))
    assert told("projections", "list", SERVICE)[0] == 1

    status, (report,) = told("projections", "rebuild", SERVICE)

    assert (status, report["differences"], report["swapped"]) == (0, 0, True)
    assert told("projections", "list", SERVICE)[0] == 0


def test_a_comparison_finds_a_changed_row_and_a_rebuild_asks_before_it_swaps(house: House) -> None:
    assert told("projections", "compare", SERVICE, "balances")[0] == 0
    tamper(house)

    status, (report,) = told("projections", "compare", SERVICE)
    assert (status, report["differences"], report["shown"]) == (1, 1, [["a"]])
    status, (report,) = told("projections", "rebuild", SERVICE)
    assert (status, report["swapped"]) == (1, False)
    assert gonghui("projections", "rebuild", SERVICE, "--accept-difference").exit_code == 0
    assert told("projections", "compare", SERVICE)[0] == 0


@pytest.mark.usefixtures("house")
def test_a_projection_that_does_not_exist_is_a_mistake_that_names_those_that_do() -> None:
    done = gonghui("projections", "rebuild", SERVICE, "balance")

    assert done.exit_code == 2
    assert "balances" in done.stderr


def test_what_is_parked_is_listed_tried_again_and_done_once_the_cause_is_gone(house: House) -> None:
    status, rows = told("parked", "list", SERVICE)
    assert (status, [row["reason"] for row in rows]) == (1, ["fund.overdrawn", "waits"])
    assert told("parked", "retry", SERVICE)[0] == 1

    send(house, Add(fund_id="purse-a", amount_fen=100))

    assert told("parked", "retry", SERVICE, orders.name) == (0, [])
    assert told("parked", "list") == (0, [])
    assert gonghui("parked", "list", SERVICE).stdout


def test_what_is_skipped_is_recorded_with_who_and_why_and_what_waited_is_done(house: House) -> None:
    position = told("parked", "list", SERVICE)[1][0]["position"]

    assert gonghui("parked", "skip", SERVICE, orders.name, str(position + 1), "--reason", "x").exit_code == 2
    assert gonghui("parked", "skip", SERVICE, orders.name, str(position), "--reason", " ").exit_code == 2
    done = gonghui("parked", "skip", SERVICE, orders.name, str(position), "--reason", "已付现金")

    assert done.exit_code == 0
    (event,) = house.log.stream(f"reaction/{orders.name}")
    assert event.facts.data["reason"] == "已付现金"
    assert event.facts.actor_id.startswith("operator/")
    assert told("parked", "list", SERVICE) == (0, [])
    assert gonghui("parked", "skip", SERVICE, orders.name, str(position), "--reason", "x").exit_code == 2


@pytest.mark.usefixtures("house")
def test_nothing_is_rebuilt_that_was_never_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    unprepared = balances()
    unprepared.name = "unprepared"
    monkeypatch.setattr(Funds, "projections", (unprepared,))

    done = gonghui("projections", "compare", SERVICE)

    assert done.exit_code == 2
    assert f"gonghui run {SERVICE}" in done.stderr
