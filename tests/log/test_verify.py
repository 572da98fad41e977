"""Verification finds whatever was changed behind the log's back, and says where it stands."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Table, func, select, text, update

from shared.log.envelope import leaf_of
from shared.log.tables import commands, digests, events, head, unique_keys
from shared.log.verify import verify
from shared.log.verify_chunk import Finding
from shared.rules.personal import Personal
from tests.log.fund import Add, GiveLabel, Move, NameKeeper
from tests.log.house import House, found_house

ROW_NAME = {"events": "event", "commands": "command", "head": "head"}


@pytest.fixture
def house(store_url: str) -> Iterator[House]:
    """A small log with everything in it: personal values, unique keys, several streams, idle commands."""
    house = found_house(store_url)
    house.send(Add(fund_id="a", amount_fen=500))
    house.send(GiveLabel(fund_id="a", label="relief"))
    house.send(GiveLabel(fund_id="a", label="relief"))
    house.send(Move(fund_id="a", to_fund_id="b", amount_fen=200))
    account, name = Personal("6200000000000005"), Personal("李芳")
    house.send(NameKeeper(fund_id="b", person_id="li", account=account, name=name))
    house.send(GiveLabel(fund_id="a", label=None))
    house.send(GiveLabel(fund_id="b", label="relief"))
    house.send(GiveLabel(fund_id="b", label="relief"))
    yield house
    house.close()


def findings(house: House) -> tuple[Finding, ...]:
    return verify(house.store).findings


def let_change(connection: Connection) -> None:
    """Take the guards away, as someone who owns the database could."""
    if connection.dialect.name == "postgresql":
        for table in ("events", "commands"):
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
        return
    for name in (
        connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
    ):
        connection.execute(text(f"DROP TRIGGER {name}"))


def flipped(value: Any) -> Any:
    """The value with one thing about it changed."""
    match value:
        case None:
            return 1
        case bytes():
            return bytes([value[0] ^ 1]) + value[1:] if value else b"\x01"
        case int():
            return value + 1_000
        case str():
            middle = len(value) // 2
            other = "0" if value[middle : middle + 1] != "0" else "1"
            return value[:middle] + other + value[middle + 1 :]


def changes(house: House, table: Table) -> Iterator[tuple[str, Any, str, Any]]:
    """Row, its key, column and changed value for every column of every row."""
    key = next(iter(table.primary_key.columns))
    with house.store.read() as connection:
        rows = connection.execute(select(table).order_by(key)).mappings().all()
    for row in rows:
        place = "head" if table is head else f"{ROW_NAME[table.name]} {row[key.name]}"
        for column in table.columns:
            # The head's own key is held to 1 by the database: there is no other head to point at.
            if column is not head.c.only:
                yield place, row[key.name], column.name, flipped(row[column.name])


def test_a_log_that_nobody_touched_is_whole(house: House) -> None:
    verdict = verify(house.store)

    assert verdict.findings == ()
    assert (verdict.root, verdict.events) == (house.log.head().root, house.log.head().position)


@pytest.mark.parametrize("table", [events, commands, head], ids=lambda table: table.name)
def test_one_flip_in_any_column_of_any_row_is_found_where_it_is(house: House, table: Table) -> None:
    key = next(iter(table.primary_key.columns))
    with house.store.write() as connection:
        let_change(connection)
    for place, row, column, value in changes(house, table):
        with house.store.engine.connect() as connection:
            before = connection.execute(select(table.c[column]).where(key == row)).scalar_one()
            connection.rollback()
        with house.store.write() as connection:
            connection.execute(update(table).where(key == row).values({column: value}))
        found = findings(house)
        with house.store.write() as connection:
            changed_key = value if column == key.name else row
            connection.execute(update(table).where(key == changed_key).values({column: before}))

        assert any(_names(finding, place) for finding in found), (place, column, found)
    assert findings(house) == ()


def _names(finding: Finding, place: str) -> bool:
    return finding.place == place or finding.place.startswith((f"{place}:", f"{place} "))


def test_a_leaf_and_its_hash_changed_together_still_miss_the_root(house: House) -> None:
    with house.store.write() as connection:
        let_change(connection)
        row = connection.execute(select(events).where(events.c.position == 3)).one()
        public = row.public.replace('"schema":1', '"schema":2')
        leaf = leaf_of(public.encode(), house.events()[2].sealed_hash)
        connection.execute(update(events).where(events.c.position == 3).values(public=public, leaf=leaf))

    assert Finding("head.column", "head: frontier") in findings(house)


def test_events_cut_out_or_cut_off_are_missed(house: House) -> None:
    with house.store.write() as connection:
        let_change(connection)
        connection.execute(events.delete().where(events.c.position == 4))

    assert Finding("event.gap", "event 4 is missing") in findings(house)


def test_commands_cut_out_are_missed_though_they_decided_nothing(house: House) -> None:
    with house.store.write() as connection:
        let_change(connection)
        idle = select(func.min(commands.c.number)).where(commands.c.first_position.is_(None))
        number = connection.execute(idle).scalar_one()
        connection.execute(commands.delete().where(commands.c.number == number))

    assert Finding("command.gap", f"command {number} is missing") in findings(house)


@pytest.mark.parametrize("table", [unique_keys, digests], ids=lambda table: table.name)
def test_a_unique_key_taken_away_is_missed(house: House, table: Table) -> None:
    with house.store.write() as connection:
        connection.execute(table.delete())

    assert findings(house) == (Finding("keys.differ", table.name),)


def test_a_unique_key_given_to_another_stream_is_found(house: House) -> None:
    with house.store.write() as connection:
        connection.execute(update(unique_keys).values(stream="fund/other"))

    assert findings(house) == (Finding("keys.differ", "unique_keys"),)


def test_erasing_a_person_leaves_the_log_whole(house: House) -> None:
    root = house.log.head().root
    house.forget("li")

    verdict = verify(house.store)

    assert (verdict.findings, verdict.root) == ((), root)


def test_chunks_and_processes_change_no_verdict(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = verify(house.store)
    monkeypatch.setattr("shared.log.verify.CHUNK", 2)

    assert verify(house.store) == whole
    assert verify(house.store, processes=2) == whole
