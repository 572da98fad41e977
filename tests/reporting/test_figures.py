"""Figures: each is counted by its unit, within a period and a subtree, and opens down to its facts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from services.assistance.events.goods import GoodsIssued, GoodsReturned
from services.assistance.events.payment import PaymentConfirmed, PaymentReturned, PaymentReversed
from services.membership.events import OrganisationFounded
from services.reporting.indicators import (
    BY_CODE,
    PERIOD_REVERSED,
    UNKNOWN_INDICATOR,
    Indicator,
    average,
    figure_parts,
    figure_rows,
    figures,
)
from services.reporting.projections.access import organisation_tree as tree
from services.reporting.projections.goods_issues import goods_issues
from services.reporting.projections.memberships import member_count, memberships
from services.reporting.projections.organisations import organisations
from services.reporting.projections.payments import payments
from shared.log.store import Store
from shared.projections.as_of import as_of
from shared.rules.refusal import Refused
from shared.runtime.scopes import EVERYTHING, Reach
from shared.standards.text import Text
from tests.projections.told import Told
from tests.rules.membership.people_and_unions import member_changed, member_joined

FROM, TO = date(2015, 1, 1), date(2015, 12, 31)
YEAR: dict[str, Any] = {"from_on": FROM, "to_on": TO}
FEDERATION, TOWN, UNION, OTHER_UNION = "federation", "town", "union", "other-union"


def founded(organisation_id: str, parent_id: str | None) -> OrganisationFounded:
    return OrganisationFounded(
        organisation_id=organisation_id,
        name=Text(f"{organisation_id}工会"),
        kind="basic_union_federation",
        level=5,
        parent_id=parent_id,
        credit_code=None,
        effective_on=date(2000, 1, 1),
        basis=Text("批复"),
    )


TREE = (
    founded(FEDERATION, None),
    founded(TOWN, FEDERATION),
    founded(UNION, TOWN),
    founded(OTHER_UNION, FEDERATION),
)


def paid(
    grant: str,
    *,
    person: str = "liu",
    file: str = "liu-file",
    at: str = UNION,
    fen: int = 100_000,
    programme: str = "winter_warmth",
    on: date = date(2015, 2, 10),
) -> PaymentConfirmed:
    return PaymentConfirmed(
        grant_id=grant,
        line_id=f"{grant}-1",
        attempt=1,
        reissue=False,
        batch_id="batch",
        organisation_id=at,
        programme=programme,  # type: ignore[arg-type]
        fund_source="union_funds",
        campaign_id="campaign",
        budget_id="budget",
        file_id=file,
        person_id=person,
        amount_fen=fen,
        after="release",
        effective_on=on,
    )


def came_back(payment: PaymentConfirmed) -> PaymentReturned:
    line = {
        name: getattr(payment, name)
        for name in PaymentReturned.__dataclass_fields__
        if hasattr(payment, name)
    }
    return PaymentReturned(**line, code="account_closed")


def reversed_(payment: PaymentConfirmed, fen: int) -> PaymentReversed:
    line = {
        name: getattr(payment, name)
        for name in PaymentReversed.__dataclass_fields__
        if hasattr(payment, name)
    }
    return PaymentReversed(**line, reversed_fen=fen, reason="not_entitled")


def issued(issue: str, packages: int, file: str = "liu-file") -> GoodsIssued:
    return GoodsIssued(
        issue_id=issue,
        organisation_id=UNION,
        item_id="rice",
        file_id=file,
        person_id="liu",
        proxy_relation=None,
        quantity=packages,
        unit_value_fen=6_000,
        value_fen=6_000 * packages,
        source="purchase",
        issued_by="wang",
        witness_id="li",
        effective_on=date(2015, 2, 11),
    )


def returned(issue: str, packages: int) -> GoodsReturned:
    return GoodsReturned(
        issue_id=issue,
        organisation_id=UNION,
        item_id="rice",
        file_id="liu-file",
        quantity=packages,
        value_fen=6_000 * packages,
        returned_to="wang",
        effective_on=date(2015, 3, 1),
    )


@contextmanager
def reporting(*events: Any, members: tuple[Any, ...] = ()) -> Iterator[Connection]:
    """Reporting's rows once it has read the tree, these events of members, and those of assistance."""
    membership = Told("membership").tell(*TREE, *members)
    assistance = Told("assistance").tell(*events)
    store = Store("sqlite://", connections=1)
    followed = [
        *((each, membership, len(membership.events)) for each in (tree, organisations, memberships)),
        *((each, assistance, len(assistance.events)) for each in (payments, goods_issues)),
    ]
    with as_of(store, followed) as past:
        assert past.complete
        yield past.connection
    store.close()


def counted(connection: Connection, reach: Reach = EVERYTHING, **chosen: Any) -> dict[str, int | None]:
    return {each["code"]: each["value"] for each in figures(connection, reach=reach, **YEAR | chosen)}


def test_who_has_retired_is_told_beside_the_members_and_not_among_them() -> None:
    """Source: handbook, membership 2.2: retained memberships are not in membership statistics."""
    at = {"organisation_id": UNION}
    history = (
        member_joined("1", person_id="zhang", **at),
        member_joined("2", person_id="li", employment_status="retired", **at),
        member_joined("3", person_id="wu", **at),
        member_changed("3", person_id="wu", employment_status="retired", **at),
    )
    with reporting(members=history) as connection:
        before = counted(connection, from_on=date(2020, 1, 1), to_on=date(2020, 12, 31))
        after = counted(connection, from_on=date(2021, 1, 1), to_on=date(2021, 12, 31))
        told = member_count(connection, reach=EVERYTHING)

    assert (before["member.stock"], before["member.retained"], before["member.joined"]) == (2, 1, 3)
    assert (after["member.stock"], after["member.retained"]) == (1, 2)
    assert told["members"] == 1


def test_reliefs_are_counted_by_payments_persons_and_households_each_by_its_unit() -> None:
    with reporting(
        paid("first"), paid("second", fen=50_000), paid("third", person="wu", file="wu-file", fen=150_000)
    ) as connection:
        found = counted(connection)

    assert found["relief.person_times"] == 3
    assert found["relief.persons"] == 2
    assert found["relief.households"] == 2
    assert found["relief.amount"] == 300_000
    assert found["relief.average"] == 100_000


def test_student_aid_is_no_relief() -> None:
    with reporting(paid("first"), paid("second", programme="autumn_student_aid", fen=30_000)) as connection:
        found = counted(connection)

    assert (found["relief.person_times"], found["student.persons"]) == (1, 1)
    assert (found["relief.amount"], found["student.amount"]) == (100_000, 30_000)


def test_what_came_back_is_not_counted_and_what_was_paid_again_is_counted_once() -> None:
    first, gone = paid("first"), paid("gone")
    with reporting(
        first, came_back(first), paid("first", on=date(2015, 3, 1)), gone, reversed_(gone, 100_000)
    ) as connection:
        found = counted(connection)

    assert (found["relief.person_times"], found["relief.amount"]) == (1, 100_000)


def test_a_part_that_was_reversed_lowers_the_sum_only() -> None:
    first = paid("first")
    with reporting(first, reversed_(first, 30_000)) as connection:
        found = counted(connection)

    assert (found["relief.person_times"], found["relief.amount"]) == (1, 70_000)


def test_goods_are_counted_net_of_what_was_returned() -> None:
    with reporting(
        issued("a", 3), issued("b", 2, "wu-file"), returned("a", 1), returned("b", 2)
    ) as connection:
        found = counted(connection)

    assert (found["goods.packages"], found["goods.value"], found["goods.households"]) == (2, 12_000, 1)


@pytest.mark.parametrize(
    ("day", "times"), [(date(2014, 12, 31), 0), (FROM, 1), (TO, 1), (date(2016, 1, 1), 0)]
)
def test_a_period_holds_its_first_and_its_last_day(day: date, times: int) -> None:
    with reporting(paid("first", on=day)) as connection:
        assert counted(connection)["relief.person_times"] == times


def test_a_figure_is_of_an_organisation_with_all_below_it() -> None:
    with reporting(paid("first"), paid("second", at=OTHER_UNION, person="wu")) as connection:
        times = {
            each: counted(connection, Reach(frozenset({each})))["relief.person_times"]
            for each in (FEDERATION, TOWN, UNION, OTHER_UNION)
        }

    assert times == {FEDERATION: 2, TOWN: 1, UNION: 1, OTHER_UNION: 1}


def test_a_figure_can_be_of_one_programme_alone() -> None:
    with reporting(paid("first"), paid("second", programme="living_aid")) as connection:
        assert counted(connection, programme="living_aid")["relief.person_times"] == 1


def test_under_a_programme_what_belongs_to_none_is_left_out_and_not_counted_as_nothing() -> None:
    of: dict[str, Any] = {"programme": "living_aid", "reach": EVERYTHING, **YEAR}
    with reporting(paid("first", programme="living_aid"), issued("a", 3)) as connection:
        found = counted(connection, programme="living_aid")
        behind = {
            code: figure_rows(connection, code=code, **of) + figure_parts(connection, code=code, **of)
            for code in found
        }

    assert {code for code, value in found.items() if value is None} == {
        "member.stock",
        "member.retained",
        "member.joined",
        "member.joined_migrant",
        "goods.packages",
        "goods.value",
        "goods.households",
    }
    assert not any(behind[code] for code, value in found.items() if not value)
    assert all(behind[code] for code, value in found.items() if value)


def test_the_parts_of_a_figure_can_be_of_one_programme_alone() -> None:
    with reporting(
        paid("first"), paid("second", programme="living_aid"), paid("third", at=OTHER_UNION)
    ) as connection:
        of: dict[str, Any] = {"programme": "living_aid", "reach": EVERYTHING, **YEAR}
        found = figure_parts(connection, code="relief.person_times", **of)

    assert [(each["organisation_id"], each["value"]) for each in found] == [(TOWN, 1)]


def test_a_row_names_every_event_that_made_it_what_it_is() -> None:
    first, again = paid("first"), paid("again")
    with reporting(
        first, reversed_(first, 30_000), issued("a", 3), returned("a", 1), again, came_back(again), again
    ) as connection:
        payments_behind = figure_rows(connection, code="relief.amount", reach=EVERYTHING, **YEAR)
        goods_behind = figure_rows(connection, code="goods.packages", reach=EVERYTHING, **YEAR)

    assert [(each["position"], each["positions"]) for each in payments_behind] == [(1, [1, 2]), (7, [7])]
    assert [each["positions"] for each in goods_behind] == [[3, 4]]


def test_a_figure_is_told_for_each_part_right_below_the_top() -> None:
    with reporting(paid("first"), paid("second", person="wu"), paid("third", at=OTHER_UNION)) as connection:
        found = figure_parts(connection, code="relief.person_times", reach=EVERYTHING, **YEAR)

    assert [(each["organisation_id"], each["value"]) for each in found] == [(TOWN, 2), (OTHER_UNION, 1)]
    assert found[0]["name"] == "town工会"


def test_what_the_top_itself_did_is_a_part_of_its_own() -> None:
    with reporting(paid("first"), paid("second", at=TOWN)) as connection:
        of_town = Reach(frozenset({TOWN}))
        found = figure_parts(connection, code="relief.person_times", reach=of_town, **YEAR)

    assert {each["organisation_id"]: each["value"] for each in found} == {TOWN: 1, UNION: 1}


def test_an_average_of_nothing_is_nothing_and_others_round_half_up() -> None:
    assert (average(0, 0), average(5, 2), average(4, 3), average(5, 3)) == (None, 3, 1, 2)


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    with reporting() as connection, pytest.raises(Refused) as refused:
        figures(connection, from_on=TO, to_on=FROM, reach=EVERYTHING)

    assert refused.value.refusal is PERIOD_REVERSED


def test_rows_behind_an_unknown_figure_are_refused() -> None:
    with reporting() as connection, pytest.raises(Refused) as refused:
        figure_rows(connection, code="relief.unheard_of", reach=EVERYTHING, **YEAR)

    assert refused.value.refusal is UNKNOWN_INDICATOR


payments_made = st.lists(
    st.builds(
        lambda person, fen, day, at: (person, fen, day, at),
        st.sampled_from(["liu", "wu", "zheng"]),
        st.integers(1, 1_000_000),
        st.dates(date(2014, 6, 1), date(2016, 6, 1)),
        st.sampled_from([TOWN, UNION, OTHER_UNION]),
    ),
    max_size=12,
)


@settings(deadline=None, max_examples=25)
@given(payments_made)
def test_the_rows_behind_a_figure_add_up_to_it(made: list[tuple[str, int, date, str]]) -> None:
    events = [
        paid(f"grant-{number}", person=person, file=f"{person}-file", fen=fen, on=day, at=at)
        for number, (person, fen, day, at) in enumerate(made)
    ]
    with reporting(*events) as connection:
        for reach in (EVERYTHING, Reach(frozenset({TOWN}))):
            found = counted(connection, reach)
            for code in ("relief.person_times", "relief.persons", "relief.households", "relief.amount"):
                rows = figure_rows(connection, code=code, reach=reach, **YEAR)
                indicator = BY_CODE[code]
                assert isinstance(indicator, Indicator)
                values = [row[str(indicator.counted.key)] for row in rows]
                match indicator.measure:
                    case "distinct":
                        assert len(set(values)) == found[code]
                    case "events":
                        assert len(values) == found[code]
                    case "sum":
                        assert sum(values) == found[code]


def test_rows_come_in_pages_in_the_order_of_recording() -> None:
    with reporting(*(paid(f"grant-{number}") for number in range(5))) as connection:
        first = figure_rows(connection, code="relief.amount", reach=EVERYTHING, limit=3, **YEAR)
        rest = figure_rows(
            connection, code="relief.amount", reach=EVERYTHING, after=first[-1]["position"], **YEAR
        )

    assert [row["position"] for row in first + rest] == [1, 2, 3, 4, 5]


def test_a_workbook_and_a_page_say_the_same_numbers(tmp_path: Path) -> None:
    from python_calamine import CalamineWorkbook

    from shared.files.figures_page import Bar, Line, figures_page
    from shared.files.figures_workbook import write_figures

    line = Line("帮扶资金 <b>", "3,092,000.00", "元", "relief.amount")
    write_figures(tmp_path / "figures.xlsx", "统计数字", [line, replace(line, value="—")], "至位置 1")
    page = figures_page(
        "统计数字", [line], "图", [Bar("某街道 & 工会", 5, "5"), Bar("空", 0, "0")], "至位置 1"
    )

    rows = CalamineWorkbook.from_path(tmp_path / "figures.xlsx").get_sheet_by_index(0).to_python()
    assert rows[2][:3] == ["帮扶资金 <b>", 3_092_000.0, "元"]
    assert rows[3][1] == "—"
    assert "帮扶资金 &lt;b&gt;" in page
    assert "3,092,000.00" in page
    assert "某街道 &amp; 工会" in page
    assert "<svg" in page
    assert "http" not in page.replace("http-equiv", "")
