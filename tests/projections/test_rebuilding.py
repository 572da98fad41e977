"""A rebuild makes a projection anew beside the live one, and swaps it in while all others go on."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, MetaData, Table, Text, inspect, select, text

from shared.log.store import Store
from shared.projections import applying, rebuilding
from shared.projections.alone import NotAloneError
from shared.projections.following import ProjectionFollower, standing
from shared.projections.projection import Projection
from shared.projections.rebuilding import NotPreparedError, UnintendedDifferenceError, compare, rebuild
from shared.projections.tables import metadata
from shared.projections.waiting import wait_for
from tests.log.fund import Add, Added, Spent
from tests.log.house import House
from tests.projections.balances import balances, expected, prepared, rows_of
from tests.projections.following_process import FUNDS, start
from tests.projections.told import Told

GROWTH = 300


def followed(store: Store, told: Any, projection: Projection | None = None) -> Projection:
    """A projection, prepared and level."""
    projection = projection or balances()
    prepared(store, projection)
    follower = ProjectionFollower(store, told, projection)
    while follower.step():
        pass
    return projection


def tables(store: Store) -> list[str]:
    with store.read() as connection:
        names = inspect(connection).get_table_names()
    return sorted(name for name in names if name.startswith("balances"))


def some_events() -> Told:
    told = Told()
    for number in range(30):
        told.tell(Added(fund_id=str(number % 3), amount_fen=5), Spent(fund_id=str(number % 3), amount_fen=2))
    return told


@pytest.mark.parametrize("page", [1, 7, rebuilding.PAGE])
def test_a_rebuild_of_what_is_right_differs_in_nothing_and_leaves_one_table(
    store: Store, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuilding, "PAGE", page)
    monkeypatch.setattr(applying, "PORTION", 3)
    told = some_events()
    projection = followed(store, told)
    seen: list[tuple[int, int]] = []

    report = rebuild(store, told, projection, progress=lambda *each: seen.append(each))

    assert (report.differences, report.failed, report.position, report.swapped) == (0, 0, 60, True)
    assert seen[-1] == (60, 60)
    assert tables(store) == ["balances"]
    assert rows_of(store, projection) == expected(told.events)
    told.tell(Added(fund_id="new", amount_fen=1))
    followed(store, told, projection)
    assert rows_of(store, projection) == expected(told.events)


@pytest.mark.parametrize("personal", [(), ("fund_id",)])
def test_the_old_table_is_overwritten_in_the_file_only_where_it_held_something_personal(
    tmp_path: Path, personal: tuple[str, ...]
) -> None:
    store = Store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    with store.write() as connection:
        metadata.create_all(connection)
    told, projection = Told(), balances()
    projection.personal = frozenset(personal)
    told.tell(*(Added(fund_id=f"fund-{number}-of-many", amount_fen=1) for number in range(2_000)))
    followed(store, told, projection)

    rebuild(store, told, projection)

    with store.write() as connection:
        assert connection.exec_driver_sql("PRAGMA secure_delete").scalar_one() == 1
    store.close()
    left = (tmp_path / "store.sqlite").read_bytes().count(b"fund-1999-of-many")
    in_one_table = 2  # the row and its index
    assert left == in_one_table if personal else left > in_one_table


def test_a_mistake_is_mended_by_a_new_version_which_pauses_until_it_is_rebuilt(store: Store) -> None:
    told = some_events()
    followed(store, told, balances(spent_twice=True))
    wrong, mended = rows_of(store, balances()), balances(version=2)

    told.tell(Added(fund_id="0", amount_fen=1))
    followed(store, told, mended)
    with store.read() as connection:
        paused = standing(connection, told, mended)
    assert (paused.outdated, paused.complete, paused.position, paused.head) == (True, False, 60, 61)
    assert rows_of(store, mended) == wrong

    report = rebuild(store, told, mended)

    assert (report.differences, sorted(report.shown), report.swapped) == (3, [("0",), ("1",), ("2",)], True)
    assert rows_of(store, mended) == expected(told.events[:60])
    followed(store, told, mended)
    assert rows_of(store, mended) == expected(told.events)
    with store.read() as connection:
        assert standing(connection, told, mended).complete


def test_rows_that_differ_under_one_version_are_not_swapped_unless_that_is_accepted(store: Store) -> None:
    told = some_events()
    followed(store, told, balances(spent_twice=True))
    wrong = rows_of(store, balances())

    with pytest.raises(UnintendedDifferenceError) as refused:
        rebuild(store, told, balances())
    assert (refused.value.report.differences, refused.value.report.swapped) == (3, False)
    assert (rows_of(store, balances()), tables(store)) == (wrong, ["balances"])

    report = rebuild(store, told, balances(), accept_difference=True)
    assert (report.differences, report.swapped) == (3, True)
    assert rows_of(store, balances()) == expected(told.events)


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE balances SET balance_fen = balance_fen + 1 WHERE fund_id = '1'",
        "DELETE FROM balances WHERE fund_id = '1'",
        "UPDATE balances SET fund_id = '9' WHERE fund_id = '1'",
    ],
)
def test_a_live_row_that_was_tampered_with_is_found_and_left_as_it_is(store: Store, tampering: str) -> None:
    told = some_events()
    projection = followed(store, told)
    assert compare(store, told, projection).differences == 0
    with store.write() as connection:
        connection.execute(text(tampering))
    tampered = rows_of(store, projection)

    report = compare(store, told, projection)

    assert ("1",) in report.shown
    assert (report.swapped, rows_of(store, projection), tables(store)) == (False, tampered, ["balances"])


def test_a_new_version_may_have_other_columns_or_another_type_in_one(store: Store) -> None:
    told = some_events()
    followed(store, told)
    table = Table(
        "balances", MetaData(), Column("fund_id", Text, primary_key=True), Column("balance_fen", Text)
    )
    told_as_text = Projection(table, source="fund", key="fund_id", version=2)
    told_as_text.on(Added)(lambda row, event, _: row | {"balance_fen": str(event.amount_fen)})

    assert rebuild(store, told, told_as_text).swapped

    assert rows_of(store, told_as_text)["0",] == {"fund_id": "0", "balance_fen": "5"}


def test_columns_declared_personal_are_not_compared(store: Store) -> None:
    told = some_events()
    projection = followed(store, told)
    with store.write() as connection:
        connection.execute(text("UPDATE balances SET movements = 0"))
    lenient = Projection(projection.table, source="fund", key="fund_id", personal=["movements"])
    lenient.handled = projection.handled

    assert compare(store, told, lenient).differences == 0
    assert compare(store, told, projection).differences == 3


def test_what_is_not_prepared_cannot_be_rebuilt(store: Store) -> None:
    with pytest.raises(NotPreparedError):
        rebuild(store, some_events(), balances())

    assert tables(store) == []


def test_left_overs_of_a_rebuild_are_dropped_and_no_table_that_is_only_called_alike(store: Store) -> None:
    told = some_events()
    projection = followed(store, told)
    with store.write() as connection:
        for name in ("balances__0123abcd", "balances__of_last_year"):
            connection.execute(text(f"CREATE TABLE {name} (fund_id TEXT)"))

    rebuild(store, told, projection)

    assert tables(store) == ["balances", "balances__of_last_year"]


def test_two_at_one_projection_are_refused_and_neither_spoils_the_other(store: Store) -> None:
    told, seen = some_events(), list[str]()
    projection = followed(store, told)

    def another(*_: int) -> None:
        for doing in (rebuild, compare):
            with pytest.raises(NotAloneError):
                doing(store, told, projection)
        seen.extend(tables(store))

    assert rebuild(store, told, projection, progress=another).swapped
    assert len(seen) == 2
    assert compare(store, told, projection).differences == 0


@contextmanager
def at_work(house: House, folder: Path) -> Iterator[None]:
    """Processes that append, follow and query meanwhile; a query that misses a row ends its process."""
    processes = {work: start(work, house.url, folder) for work in ("write", "follow", "read")}
    try:
        yield
        for work, process in processes.items():
            assert process.poll() is None, (folder / f"{work}.output").read_text()[-2000:]
    finally:
        for process in processes.values():
            process.send_signal(signal.SIGKILL)
            process.wait()


def test_a_rebuild_killed_while_commands_keep_coming_leaves_the_live_rows_and_the_next_clears_up(
    house: House, tmp_path: Path
) -> None:
    for _ in range(20):
        house.send_many(*(Add(fund_id=str(number), amount_fen=1) for number in range(FUNDS)))
    projection = followed(house.store, house.log)
    with at_work(house, tmp_path):
        for _ in range(3):
            killed = start("rebuild", house.url, tmp_path, page=2)
            deadline = time.monotonic() + 30
            while not [name for name in tables(house.store) if name.startswith("balances__")]:
                assert time.monotonic() < deadline, (tmp_path / "rebuild.output").read_text()
            written = house.log.head().position
            killed.kill()
            killed.wait()
            wait_for(house.store, projection.name, written + 20, 30)
        report = rebuild(house.store, house.log, projection)

    assert (report.differences, report.swapped) == (0, True)
    assert tables(house.store) == ["balances"]
    followed(house.store, house.log, projection)
    assert rows_of(house.store, projection) == expected(house.events())


def test_while_it_is_rebuilt_commands_keep_coming_and_no_query_misses_a_row(
    house: House, tmp_path: Path
) -> None:
    house.send_many(*(Add(fund_id=str(number), amount_fen=1) for number in range(FUNDS)))
    projection = followed(house.store, house.log)
    with at_work(house, tmp_path):
        wait_for(house.store, projection.name, FUNDS + 50, 30)
        reports = [rebuild(house.store, house.log, projection)]
        deadline = time.monotonic() + 30
        while reports[-1].position < reports[0].position + GROWTH and time.monotonic() < deadline:
            reports.append(rebuild(house.store, house.log, projection))

    assert {each.differences for each in reports} == {0}
    assert reports[-1].position >= reports[0].position + GROWTH
    followed(house.store, house.log, projection)
    assert rows_of(house.store, projection) == expected(house.events())


def test_who_reads_the_table_for_long_delays_the_swap_and_does_not_break_it(
    postgresql_house: House,
) -> None:
    house = postgresql_house
    house.send(Add(fund_id="a", amount_fen=1))
    projection = followed(house.store, house.log)
    reading, done = threading.Event(), threading.Event()

    def read_long() -> None:
        with house.store.read() as connection:
            connection.execute(select(projection.table)).all()
            reading.set()
            done.wait(1.5)

    reader = threading.Thread(target=read_long)
    reader.start()
    reading.wait(10)
    started = time.monotonic()
    report = rebuild(house.store, house.log, projection)
    elapsed = time.monotonic() - started
    reader.join()

    assert report.swapped
    assert elapsed > 1
    assert rows_of(house.store, projection) == expected(house.events())


def test_who_tidies_the_table_meanwhile_is_waited_for_before_the_rows_are_compared(
    postgresql_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = postgresql_house
    house.send(Add(fund_id="a", amount_fen=1))
    projection = followed(house.store, house.log)
    tidying, done = threading.Event(), threading.Event()
    compared: list[float] = []
    differing = rebuilding._differing

    def tidy() -> None:
        with house.store.read() as connection:
            connection.execute(text("LOCK TABLE balances IN SHARE UPDATE EXCLUSIVE MODE"))
            tidying.set()
            done.wait(1.5)

    def noted(*given: Any) -> Any:
        compared.append(time.monotonic())
        return differing(*given)

    monkeypatch.setattr(rebuilding, "_differing", noted)
    tidier = threading.Thread(target=tidy)
    tidier.start()
    tidying.wait(10)
    report = rebuild(house.store, house.log, projection)
    tidier.join()

    assert report.swapped
    assert len(compared) == 1
