"""Verification finds whatever was changed behind the log's back, and says where it stands."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Table, Text, cast, func, literal, select, text, update
from sqlalchemy.exc import IntegrityError

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


NEVER_UTF8 = b"\xff"
CHUNKS = (2, 16_384)


def flips(value: Any, *, sqlite: bool) -> Iterator[Any]:
    """The value with one thing about it changed, in several ways."""
    match value:
        case None:
            yield 1
        case bytes():
            yield bytes([value[0] ^ 1]) + value[1:] if value else b"\x01"
            yield value[:-1] + bytes([value[-1] ^ 0x80]) if value else b"\x80"
        case int():
            yield value ^ 1
            yield value + 1_000
        case str():
            for place in (0, len(value) // 2, len(value) - 1):
                other = "0" if value[place : place + 1] != "0" else "1"
                yield value[:place] + other + value[place + 1 :]
            if sqlite and value:
                yield cast(literal(value[:-1].encode() + NEVER_UTF8), Text)


def changes(house: House, table: Table) -> Iterator[tuple[str, Any, str, Any, Any]]:
    """Place and key of each row, each of its columns, the value there and what it is changed to."""
    key = next(iter(table.primary_key.columns))
    with house.store.read() as connection:
        rows = connection.execute(select(table).order_by(key)).mappings().all()
    for row in rows:
        place = "head" if table is head else f"{ROW_NAME[table.name]} {row[key.name]}"
        for column in table.columns:
            for value in flips(row[column.name], sqlite=not house.store.on_postgresql):
                yield place, row[key.name], column.name, row[column.name], value


def test_a_log_that_nobody_touched_is_whole(house: House) -> None:
    verdict = verify(house.store)

    assert verdict.findings == ()
    assert (verdict.root, verdict.events) == (house.log.head().root, house.log.head().position)


@pytest.mark.parametrize("chunk", CHUNKS)
@pytest.mark.parametrize("table", [events, commands, head], ids=lambda table: table.name)
def test_one_flip_in_any_column_of_any_row_is_found_where_it_is(
    house: House, table: Table, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.log.verify.CHUNK", chunk)
    key = next(iter(table.primary_key.columns))
    with house.store.write() as connection:
        let_change(connection)
    seen: set[str] = set()
    for place, row, column, before, value in changes(house, table):
        changed = key == (value if column == key.name else row)
        try:
            with house.store.write() as connection:
                connection.execute(update(table).where(key == row).values({column: value}))
        except IntegrityError:
            continue  # the database itself lets no two rows bear one key, and there be no other head
        seen.add(column)
        found = findings(house)
        with house.store.write() as connection:
            assert connection.execute(update(table).where(changed).values({column: before})).rowcount == 1

        located = f"head: {column}" if table is head else place
        assert any(_names(finding, located) for finding in found), (place, column, value, found)
    assert findings(house) == ()
    assert seen == {column.name for column in table.columns} - {"only"}


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


@pytest.mark.parametrize(("chunk", "processes"), [(2, 1), (2, 2), (16_384, 1)])
def test_events_cut_out_are_missed(
    house: House, chunk: int, processes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.log.verify.CHUNK", chunk)
    with house.store.write() as connection:
        let_change(connection)
        connection.execute(events.delete().where(events.c.position == 4))

    assert Finding("event.gap", "event 4 is missing") in verify(house.store, processes).findings


def test_the_last_events_cut_off_with_their_commands_are_missed_by_the_head(house: House) -> None:
    with house.store.write() as connection:
        let_change(connection)
        last = connection.execute(select(func.max(events.c.position))).scalar_one()
        connection.execute(events.delete().where(events.c.position == last))
        connection.execute(commands.delete().where(commands.c.last_position == last))

    assert {Finding("head.column", f"head: {column}") for column in ("position", "frontier")} <= set(
        findings(house)
    )


def test_an_event_that_somebody_added_beyond_the_head_is_found(house: House) -> None:
    with house.store.write() as connection:
        last = connection.execute(select(events).order_by(events.c.position.desc()).limit(1)).mappings().one()
        forged = dict(last) | {"position": last["position"] + 1, "version": last["version"] + 1}
        connection.execute(events.insert().values(forged))

    assert Finding("head.column", "head: position") in findings(house)


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


@pytest.mark.parametrize(
    "change",
    [{"digest": "0" * 64}, {"person_id": "zhang"}, {"key_number": 7}, {"stream": "fund/a"}, {"name": "name"}],
    ids=lambda change: next(iter(change)),
)
def test_a_digest_that_does_not_follow_from_the_sealed_value_is_found(
    house: House, change: dict[str, Any]
) -> None:
    assert verify(house.store, vault=house.log.vault).findings == ()
    with house.store.write() as connection:
        connection.execute(update(digests).values(change))

    (finding,) = verify(house.store, vault=house.log.vault).findings
    assert finding.code == "keys.differ"
    assert finding.place.startswith(f"digests: {change.get('stream', 'fund/b')}, ")


def test_erasing_a_person_leaves_the_log_whole(house: House) -> None:
    root = house.log.head().root
    house.forget("li")

    verdict = verify(house.store, vault=house.log.vault)

    assert (verdict.findings, verdict.root) == ((), root)


def test_a_digest_that_somebody_else_took_away_beside_an_erased_person_is_missed(house: House) -> None:
    account, name = Personal("6200000000000013"), Personal("王强")
    house.send(NameKeeper(fund_id="a", person_id="wang", account=account, name=name))
    house.forget("li")
    with house.store.write() as connection:
        connection.execute(digests.delete())

    assert findings(house) == (Finding("keys.differ", "digests"),)


def test_a_digest_given_back_before_its_person_was_erased_is_not_missed(house: House) -> None:
    account, name = Personal("6200000000000013"), Personal("王强")
    house.send(NameKeeper(fund_id="b", person_id="wang", account=account, name=name))
    house.forget("li")

    assert findings(house) == ()


def test_chunks_and_processes_change_no_verdict(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = verify(house.store)
    monkeypatch.setattr("shared.log.verify.CHUNK", 2)

    assert verify(house.store) == whole
    assert verify(house.store, processes=2) == whole


WITHOUT_EVENTLET = """
import multiprocessing, sys
from shared.log import verify
from shared.log.store import Store
verify.CHUNK = 2
verdict = verify.verify(Store(sys.argv[1]), processes=2)
print(verdict.root.hex(), [finding.place for finding in verdict.findings])
assert "forkserver" in multiprocessing.get_all_start_methods()
"""


def test_processes_forked_from_one_come_to_the_same_verdict(house: House) -> None:
    url = house.store.url.render_as_string(hide_password=False)

    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", WITHOUT_EVENTLET, url],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert told.stdout == f"{house.log.head().root.hex()} []\n", told.stderr
