"""What clerks, approvers and bookkeepers look for: what waits for them, what is left, what is open."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.assistance.aggregates.budget import budget
from services.assistance.aggregates.goods_item import goods_item
from services.assistance.aggregates.grant.commands import ProposeGrant
from services.assistance.aggregates.payment import RefuseReversal, RequestReversal
from services.assistance.aggregates.relief_campaign import CloseCampaign
from services.assistance.events.payment import (
    PaymentReturned,
    PaymentReversed,
    ReversalRefused,
    ReversalRequested,
    ReversalWithdrawn,
)
from services.assistance.projections.budgets import budgets
from services.assistance.projections.goods_items import goods_items
from services.assistance.projections.reversal_requests import reversal_requests
from services.assistance.service import AssistanceService
from shared.projections.projection import Projection
from shared.runtime.access_feeds import organisation_parents_table
from shared.runtime.calls import RefusedCall
from shared.runtime.local import Local
from tests.assistance.town import AMOUNT_FEN, DISTRICT, FACTORY, PAID_ON, Town
from tests.audit.district import follow_all, founded, give_rice, opened, pay
from tests.projections.told import Told
from tests.rules.assistance.history import HISTORY
from tests.rules.rules import fold
from tests.runtime.suite import token_of

ALLOCATED_FEN = 10_000_000_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five households: two paid, of whom reversals are asked for and one is refused; one in a draft batch.

    The fourth's grant waits for an approver; the fifth was given rice. One of three campaigns was closed.
    """
    folder = tmp_path_factory.mktemp("lists")
    with founded(folder) as town:
        town.settle([1, 2, 3, 4, 5])
        town.grant([1, 2, 3])
        pay(town, "first", paid=("grant-1.1", "grant-2.1"))
        town.open_batch("second", [3])
        propose(town, 4)
        for number in (1, 2):
            town.each("feng", [reversal(number)])
        refused = RefuseReversal(
            grant_id="grant-2", organisation_id=FACTORY, cause="paid_rightly", refused_on=PAID_ON
        )
        town.each("sun", [refused])
        give_rice(town, 5)
        closing = CloseCampaign(campaign_id="snow", organisation_id=DISTRICT, closed_on=date(2024, 2, 1))
        town.each("sun", [closing])
    with opened(folder, "assistance") as house:
        follow_all(house)
        with house.store.write() as connection:
            for organisation_id, parent_id in ((DISTRICT, None), (FACTORY, DISTRICT), ("other", DISTRICT)):
                row = {"organisation_id": organisation_id, "parent_id": parent_id}
                connection.execute(organisation_parents_table.insert().values(row))
    return folder


def propose(town: Town, number: int) -> None:
    proposal = ProposeGrant(
        grant_id=f"grant-{number}",
        organisation_id=FACTORY,
        campaign_id="winter",
        file_id=f"file-{number}",
        person_id=f"person-{number}",
        proposed_on=PAID_ON,
    )
    town.each("wang", [proposal])


def reversal(number: int) -> RequestReversal:
    return RequestReversal(
        grant_id=f"grant-{number}",
        organisation_id=FACTORY,
        reversed_fen=AMOUNT_FEN,
        reason="not_entitled",
        requested_on=PAID_ON,
    )


@contextmanager
def asking(folder: Path, role: str, scope: str | None) -> Iterator[Local]:
    with opened(folder, "assistance") as house:
        yield Local(AssistanceService, house, token_of(folder, role, scope=scope, person_id="zheng"))


def listed(folder: Path, role: str, method: str, scope: str | None = None, **arguments: Any) -> Any:
    with asking(folder, role, scope) as assistance:
        return assistance.call(method, **arguments)["answer"]


def test_batches_are_listed_by_where_they_stand_and_in_pages(folder: Path) -> None:
    (first,), (second,) = (
        listed(folder, "reviewer", "batches", status=each) for each in ("released", "draft")
    )

    assert (first["batch_id"], first["confirmed"], first["released_on"]) == ("first", 2, "2024-03-04")
    assert (second["batch_id"], second["line_count"], second["amount_fen"]) == ("second", 1, AMOUNT_FEN)
    assert listed(folder, "reviewer", "batches", limit=1) == [first]
    assert listed(folder, "reviewer", "batches", limit=1, after_id="first") == [second]
    assert listed(folder, "reviewer", "batches", scope=FACTORY) == []


def test_proposals_that_wait_for_an_approver_are_listed(folder: Path) -> None:
    (waiting,) = listed(folder, "approver", "grants", status="proposed")

    assert (waiting["grant_id"], waiting["proposed_by"], waiting["amount_fen"]) == (
        "grant-4",
        "wang",
        AMOUNT_FEN,
    )
    assert listed(folder, "approver", "grants", scope=FACTORY, status="proposed") == [waiting]
    assert listed(folder, "approver", "grants", scope="other") == []
    page = listed(folder, "approver", "grants", limit=3)
    rest = listed(folder, "approver", "grants", after=page[-1]["position"])
    assert [each["grant_id"] for each in page + rest] == [f"grant-{number}" for number in range(1, 5)]


def test_reversals_that_wait_for_a_decision_are_listed_and_no_other(folder: Path) -> None:
    (waiting,) = listed(folder, "approver", "reversals_waiting")

    assert (waiting["grant_id"], waiting["line_id"], waiting["requested_by"]) == (
        "grant-1",
        "grant-1.1",
        "feng",
    )
    assert (waiting["reversed_fen"], waiting["reason"]) == (AMOUNT_FEN, "not_entitled")
    assert listed(folder, "approver", "reversals_waiting", after=waiting["position"]) == []
    assert listed(folder, "approver", "reversals_waiting", scope="other") == []


def test_what_is_left_of_a_budget_is_told_with_where_the_rest_stands(folder: Path) -> None:
    (left,) = listed(folder, "approver", "budgets_left", year=2024)

    assert left["free_fen"] == ALLOCATED_FEN - 4 * AMOUNT_FEN
    assert {each: left[f"{each}_fen"] for each in ("allocated", "reserved", "committed", "spent")} == {
        "allocated": ALLOCATED_FEN,
        "reserved": AMOUNT_FEN,
        "committed": AMOUNT_FEN,
        "spent": 2 * AMOUNT_FEN,
    }
    assert listed(folder, "approver", "budgets_left", year=2023) == []
    assert listed(folder, "approver", "budgets_left", after=left["position"]) == []
    assert listed(folder, "approver", "budgets_left", scope=FACTORY) == []


def test_goods_are_listed_with_their_stock(folder: Path) -> None:
    (rice,) = listed(folder, "clerk", "goods_stock")

    assert (rice["item_id"], rice["name"], rice["unit"], rice["stock"]) == ("rice", "大米10公斤", "袋", 8)
    assert listed(folder, "clerk", "goods_stock", after=rice["position"]) == []
    assert listed(folder, "clerk", "goods_stock", scope=FACTORY) == []


def test_campaigns_are_listed_for_all_below_whom_they_serve(folder: Path) -> None:
    names = [each["campaign_id"] for each in listed(folder, "clerk", "campaigns", scope=FACTORY)]
    first = listed(folder, "clerk", "campaigns", limit=1)
    rest = listed(folder, "clerk", "campaigns", after=first[0]["position"])

    assert names == ["winter", "frost", "snow"] == [each["campaign_id"] for each in first + rest]
    assert (first[0]["programme"], first[0]["amount_fen"]) == ("winter_warmth", AMOUNT_FEN)


@pytest.mark.parametrize(
    ("day", "names"),
    [
        ("2024-01-01", []),
        ("2024-01-31", ["winter", "frost", "snow"]),
        ("2024-02-01", ["winter", "frost"]),
        ("2024-03-31", ["winter", "frost"]),
        ("2024-04-01", []),
    ],
)
def test_campaigns_that_are_open_on_a_day_are_those_in_which_one_may_propose(
    folder: Path, day: str, names: list[str]
) -> None:
    listed_ = listed(folder, "clerk", "campaigns", open_on=day)

    assert [each["campaign_id"] for each in listed_] == names


@pytest.mark.parametrize(
    ("role", "method"),
    [
        ("statistician", "batches"),
        ("statistician", "grants"),
        ("statistician", "reversals_waiting"),
        ("statistician", "budgets_left"),
        ("cashier", "goods_stock"),
        ("cashier", "campaigns"),
    ],
)
def test_lists_are_for_those_who_work_with_them(folder: Path, role: str, method: str) -> None:
    with pytest.raises(RefusedCall, match=r"access\.role"):
        listed(folder, role, method)


def rows_after(projection: Projection, *events: Any) -> dict[str, dict[str, Any]]:
    """The rows that events leave, by identity."""
    told = Told("assistance")
    rows: dict[str, dict[str, Any]] = {}
    (key,) = projection.key_columns
    for event in events:
        told.tell(event)
        if (handled := projection.handled.get(type(event).__name__)) is None:
            continue
        identity = getattr(event, key)
        row = rows.pop(identity, None) or projection.fresh((identity,))
        if (after := handled.apply(row, event, told.events[-1])) is not None:
            rows[identity] = after
    return rows


def test_after_every_event_a_budget_s_row_says_what_the_budget_s_rules_go_by() -> None:
    happened = [each for each in HISTORY if type(each) in budget.event_types()]
    assert {type(each) for each in happened} == set(budget.event_types())
    parts = ("allocated_fen", "reserved_fen", "committed_fen", "spent_fen")
    for count in range(1, len(happened) + 1):
        row = rows_after(budgets, *happened[:count])["a"]
        state = fold(budget, happened[:count])

        assert [row[each] for each in parts] == [getattr(state, each) for each in parts]


def test_after_every_event_an_item_s_row_says_what_stock_its_rules_go_by() -> None:
    happened = [each for each in HISTORY if type(each) in goods_item.event_types()]
    assert {type(each) for each in happened} == set(goods_item.event_types())
    for count in range(1, len(happened) + 1):
        assert rows_after(goods_items, *happened[:count])["a"]["stock"] == (
            fold(goods_item, happened[:count]).stock
        )


@pytest.mark.parametrize("ending", [ReversalWithdrawn, ReversalRefused, PaymentReversed, PaymentReturned])
def test_a_request_waits_until_it_came_to_nothing_or_its_payment_came_back(ending: type[Any]) -> None:
    asked, ended = (
        next(each for each in HISTORY if type(each) is kind) for kind in (ReversalRequested, ending)
    )

    assert list(rows_after(reversal_requests, asked)) == ["c"]
    assert rows_after(reversal_requests, asked, ended) == {}
