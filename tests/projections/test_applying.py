"""What an event does to rows: one each, several, none any more; under keys of any type; on both stores."""

from datetime import date

import pytest
from sqlalchemy import Column, Integer, MetaData, Table

from shared.log.store import Store
from shared.projections import applying, following, parking, rows
from shared.projections.following import ProjectionFollower
from shared.projections.projection import Projection
from shared.rules.personal import ERASED, Personal
from tests.projections.balances import Rows, prepared, rows_of
from tests.projections.calendar_of_posts import (
    HolderNamed,
    PostLeft,
    PostMoved,
    PostPainted,
    PostTaken,
    days,
    hours,
    posts,
)
from tests.projections.told import Told

MONDAY, TUESDAY = date(2025, 6, 2), date(2025, 6, 3)


@pytest.fixture(params=[(1, 1), (2, 2), (1_000, 1_000), (1_000, 2)])
def page(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same must come of pages of any size, in one portion or in several whose rows are copied."""
    page, portion = request.param
    monkeypatch.setattr(following, "PAGE", page)
    monkeypatch.setattr(applying, "PORTION", portion)
    if portion < page:
        monkeypatch.setattr(rows, "FEW_ROWS", 0)


def applied(store: Store, projection: Projection, told: Told) -> Rows:
    """The rows after a follower has done all that was told, of which nothing was parked."""
    prepared(store, projection)
    follower = ProjectionFollower(store, told, projection)
    while follower.step():
        pass
    with store.read() as connection:
        assert parking.list_parked(connection) == []
    return rows_of(store, projection)


def taken(post_id: str, day: date = MONDAY, *, is_night: bool = False, length: int = 8) -> PostTaken:
    return PostTaken(post_id=post_id, day=day, is_night=is_night, hours=length)


def row_of_post(post_id: str, order: int, day: date | None, name: str | None = None) -> Rows:
    return {(post_id,): {"post_id": post_id, "order": order, "day": day, "name": name}}


@pytest.mark.usefixtures("page")
def test_each_event_changes_the_row_that_its_key_names(store: Store) -> None:
    told = Told("posts").tell(taken("a"), taken("b", TUESDAY, length=4), taken("a", TUESDAY))

    assert applied(store, posts, told) == {**row_of_post("a", 23, TUESDAY), **row_of_post("b", 11, TUESDAY)}


@pytest.mark.usefixtures("page")
def test_dates_booleans_and_integers_together_make_a_key(store: Store) -> None:
    told = Told("posts").tell(
        taken("a"), taken("b"), taken("c", is_night=True), taken("d", length=4), taken("e", TUESDAY)
    )

    found = applied(store, hours, told)

    assert {key: (row["taken"], row["last_post_id"], row["is_new"]) for key, row in found.items()} == {
        (MONDAY, False, 8): (2, "b", False),
        (MONDAY, True, 8): (1, "c", True),
        (MONDAY, False, 4): (1, "d", True),
        (TUESDAY, False, 8): (1, "e", True),
    }


@pytest.mark.usefixtures("page")
def test_a_date_alone_is_a_key_and_a_function_that_changes_its_row_in_place_still_counts(
    store: Store,
) -> None:
    told = Told("posts").tell(taken("a"), taken("b"), taken("c", TUESDAY), taken("d"))

    found = applied(store, days, told)

    assert {key: row["times"] for key, row in found.items()} == {(MONDAY,): 3, (TUESDAY,): 1}


@pytest.mark.usefixtures("page")
def test_none_removes_a_row_which_then_starts_afresh_from_its_defaults(store: Store) -> None:
    left = PostLeft(post_id="a", day=MONDAY, is_night=False)
    told = Told("posts").tell(taken("a"), taken("b"), left, left)

    assert applied(store, posts, told) == row_of_post("b", 15, MONDAY)

    told.tell(taken("a", length=1))
    assert applied(store, posts, told) == {**row_of_post("a", 8, MONDAY), **row_of_post("b", 15, MONDAY)}


@pytest.mark.usefixtures("page")
def test_one_event_may_change_several_rows(store: Store) -> None:
    told = Told("posts").tell(taken("a"), taken("b"), PostMoved(from_post_id="a", to_post_id="b"))

    assert applied(store, posts, told) == row_of_post("b", 16, MONDAY)


def test_a_row_that_is_named_twice_by_one_event_is_changed_once(store: Store) -> None:
    told = Told("posts").tell(taken("a"), PostMoved(from_post_id="x", to_post_id="a"))
    twice = Projection(posts.table, source="posts", key=lambda event, _: [(event.post_id,)] * 2)
    twice.on(PostTaken)(posts.handled["PostTaken"].apply)

    assert applied(store, twice, told)[("a",)]["order"] == 15


def test_types_that_it_does_not_handle_are_passed_over(store: Store) -> None:
    told = Told("posts").tell(PostPainted(post_id="a"), taken("a"))
    told.tell_stored("NeverHeardOf", {"shape": ["any"]}, "never/1", schema=9)

    assert applied(store, posts, told) == row_of_post("a", 15, MONDAY)
    with store.read() as connection:
        assert following.standing(connection, told, posts).position == 3


def test_personal_values_arrive_erased(store: Store) -> None:
    told = Told("posts")
    told.tell_stored("HolderNamed", {"post_id": "a", "person_id": "p"}, "post/a")

    assert applied(store, posts, told) == row_of_post("a", 7, None, str(Personal[str](ERASED)))
    assert HolderNamed(post_id="a", person_id="p", name=Personal("王伟")).name.content == "王伟"


def test_events_of_an_earlier_shape_arrive_in_todays(store: Store) -> None:
    told = Told("posts")
    told.tell_stored("PostTaken", {"post_id": "a", "day": "2025-06-02", "is_night": False}, "post/a")

    assert applied(store, posts, told) == row_of_post("a", 15, MONDAY)


def test_a_function_that_invents_a_column_is_found_out(store: Store) -> None:
    table = Table("few", MetaData(), Column("post_id", Integer, primary_key=True), Column("n", Integer))
    few = Projection(table, source="posts", key=lambda *_: [(1,)])
    few.on(PostTaken)(lambda row, *_: row | {"typed_wrongly": 1})
    prepared(store, few)

    ProjectionFollower(store, Told("posts").tell(taken("a")), few).step()

    with store.read() as connection:
        assert [each.reason for each in parking.list_parked(connection)] == ["WrongColumnsError"]


@pytest.mark.parametrize("misfit", [0, 4, 9])
def test_one_row_that_does_not_fit_is_found_among_many_that_were_copied(
    store: Store, misfit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applying, "PORTION", 3)
    monkeypatch.setattr(rows, "FEW_ROWS", 0)
    told = Told("posts").tell(
        *(taken(str(number), length=2**70 if number == misfit else 8) for number in range(10))
    )
    prepared(store, posts)

    ProjectionFollower(store, told, posts).step()

    with store.read() as connection:
        assert [each.position for each in parking.list_parked(connection)] == [misfit + 1]
    assert set(rows_of(store, posts)) == {(str(number),) for number in range(10) if number != misfit}
