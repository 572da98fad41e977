"""What is written once stays: the database itself refuses every change of events and commands."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from shared.log.migrations import migrate
from tests.log.fund import Add, Spend
from tests.log.house import House, found_house, open_house
from tests.servers.postgresql import Database

WRITTEN_ONCE = ("events", "commands")
CHANGES = {
    "update": "UPDATE {table} SET public = '{{}}'",
    "update of one row": "UPDATE {table} SET public = '{{}}' WHERE {key} = 1",
    "delete": "DELETE FROM {table}",
    "delete of one row": "DELETE FROM {table} WHERE {key} = 1",
}
KEYS = {"events": "position", "commands": "number"}
TAKING_GUARDS_AWAY = (
    "ALTER TABLE {table} DISABLE TRIGGER ALL",
    "DROP TRIGGER {table}_written_once ON {table}",
    "DROP TABLE {table} CASCADE",
    "ALTER TABLE {table} RENAME TO gone",
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger AS 'BEGIN RETURN NULL; END' LANGUAGE plpgsql",
    "SET session_replication_role = replica",
)
each_table = pytest.mark.parametrize("table", WRITTEN_ONCE)
each_change = pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)


def rows(house: House) -> list[list[tuple[object, ...]]]:
    with house.store.read() as connection:
        return [
            [tuple(row) for row in connection.execute(text(f"SELECT * FROM {table} ORDER BY 1"))]
            for table in WRITTEN_ONCE
        ]


@each_table
@each_change
def test_the_database_refuses_to_change_or_delete_a_row(house: House, table: str, change: str) -> None:
    house.send(Add(fund_id="a", amount_fen=5))
    before = rows(house)

    with pytest.raises(DBAPIError, match="are written once"), house.store.write() as connection:
        connection.execute(text(change.format(table=table, key=KEYS[table])))

    assert rows(house) == before


@each_table
def test_no_insert_replaces_a_row(house: House, table: str) -> None:
    house.send(Add(fund_id="a", amount_fen=5))
    before = rows(house)
    key = KEYS[table]
    other = f"SELECT * FROM {table} WHERE {key} = 1"
    insert = f"INSERT INTO {table} {other} ON CONFLICT ({key}) DO UPDATE SET public = '{{}}'"
    if not house.store.on_postgresql:
        insert = f"INSERT INTO {table} {other} AND true ON CONFLICT ({key}) DO UPDATE SET public = '{{}}'"

    with pytest.raises(DBAPIError, match="are written once"), house.store.write() as connection:
        connection.execute(text(insert))

    assert rows(house) == before


@each_table
def test_sqlites_insert_or_replace_replaces_no_row(tmp_path: Path, table: str) -> None:
    house = found_house(f"sqlite:///{tmp_path / 'store.sqlite'}")
    house.send(Add(fund_id="a", amount_fen=5))
    before = rows(house)

    with pytest.raises(DBAPIError, match="are written once"), house.store.write() as connection:
        connection.execute(text(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"))

    assert rows(house) == before
    house.close()


@each_table
def test_postgresql_refuses_to_empty_a_table(postgresql_house: House, table: str) -> None:
    postgresql_house.send(Add(fund_id="a", amount_fen=5))
    before = rows(postgresql_house)

    with pytest.raises(DBAPIError, match="are written once"), postgresql_house.store.write() as connection:
        connection.execute(text(f"TRUNCATE {table} CASCADE"))

    assert rows(postgresql_house) == before


@pytest.fixture
def service(database: Database) -> Iterator[House]:
    """A founded log as a running service has it: under a role with the rights that it was granted."""
    owner = found_house(database.owner_url)
    migrate(owner.store, role=database.service)
    owner.close()
    house = open_house(database.service_url)
    yield house
    house.close()


def test_the_services_role_can_do_all_that_a_service_does(service: House) -> None:
    service.send(Add(fund_id="a", amount_fen=5))
    answer = service.send(Spend(fund_id="a", amount_fen=5))
    service.forget("nobody")

    assert service.log.head().position == answer.position == 3


def test_the_services_role_lacks_the_right_even_without_triggers(service: House, database: Database) -> None:
    superuser = create_engine(database.superuser_url)
    with superuser.begin() as connection:
        for table in WRITTEN_ONCE:
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
    superuser.dispose()
    before = rows(service)

    for table, change in product(WRITTEN_ONCE, [*CHANGES.values(), "TRUNCATE {table}"]):
        with pytest.raises(DBAPIError, match="permission denied"), service.store.write() as connection:
            connection.execute(text(change.format(table=table, key=KEYS[table])))

    assert rows(service) == before


def test_the_services_role_cannot_take_the_guards_away(service: House) -> None:
    for table, change in product(WRITTEN_ONCE, TAKING_GUARDS_AWAY):
        refused = pytest.raises(DBAPIError, match=r"must be owner|permission denied")
        with refused, service.store.write() as connection:
            connection.execute(text(change.format(table=table)))


def test_a_migration_run_again_leaves_the_rights_as_they_are(service: House, database: Database) -> None:
    owner = open_house(database.owner_url)
    migrate(owner.store, role=database.service)
    owner.close()

    with pytest.raises(DBAPIError), service.store.write() as connection:
        connection.execute(text("DELETE FROM events"))
