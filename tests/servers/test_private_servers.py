"""The private servers keep what they promise: roles, crashes, resets, and waiting that lets others run."""

from pathlib import Path

import eventlet
import kombu
import pytest
from sqlalchemy import URL, Engine, create_engine, make_url, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.pool import NullPool

from tests.servers import process
from tests.servers.postgresql import Database, PostgreSQL
from tests.servers.rabbitmq import RabbitMQ


def engine_for(url: str | URL) -> Engine:
    return create_engine(url, poolclass=NullPool)


def test_the_service_role_may_work_in_the_schema_but_not_change_it(database: Database) -> None:
    with engine_for(database.owner_url).begin() as connection:
        connection.execute(text("CREATE TABLE facts (id int)"))
        connection.execute(text(f"GRANT SELECT, INSERT ON facts TO {database.service}"))

    with engine_for(database.service_url).begin() as connection:
        connection.execute(text("INSERT INTO facts VALUES (1)"))

    for forbidden in ("CREATE TABLE more (id int)", "DELETE FROM facts", "DROP TABLE facts"):
        with (
            engine_for(database.service_url).begin() as connection,
            pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
        ):
            connection.execute(text(forbidden))


def test_what_was_committed_survives_a_crash_of_the_server() -> None:
    server = PostgreSQL()
    server.start()
    database = server.create_database()
    with engine_for(database.owner_url).begin() as connection:
        connection.execute(text("CREATE TABLE facts AS SELECT 1 AS id"))

    server.crash()

    with engine_for(database.owner_url).connect() as connection:
        assert connection.execute(text("SELECT id FROM facts")).scalars().all() == [1]
    server.close()
    assert not server.folder.exists()


def test_waiting_for_the_database_lets_other_greenlets_run(database: Database) -> None:
    """Source: faults.md T-30."""
    ticks = 0

    def tick() -> None:
        nonlocal ticks
        while True:
            eventlet.sleep(0.02)
            ticks += 1

    ticker = eventlet.spawn(tick)
    with engine_for(database.service_url).connect() as connection:
        connection.execute(text("SELECT pg_sleep(0.3)"))
    ticker.kill()

    assert ticks >= 5


def test_a_frozen_backend_answers_again_once_it_is_released(
    postgresql: PostgreSQL, database: Database
) -> None:
    with engine_for(database.owner_url).connect() as connection:
        process_id = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with postgresql.frozen_backend(process_id):
            status = Path(f"/proc/{process_id}/status").read_text()
        answer = connection.execute(text("SELECT 7")).scalar_one()

    assert "State:\tT (stopped)" in status
    assert answer == 7


def test_a_fresh_store_is_empty_and_takes_a_table(store_url: str) -> None:
    with engine_for(make_url(store_url)).begin() as connection:
        connection.execute(text("CREATE TABLE facts (id int)"))
        assert connection.execute(text("SELECT count(*) FROM facts")).scalar_one() == 0


def test_a_killed_broker_keeps_its_persistent_messages_and_a_reset_one_only_its_users(
    rabbitmq: RabbitMQ,
) -> None:
    confirmed = {"confirm_publish": True}
    with kombu.Connection(rabbitmq.url("membership"), transport_options=confirmed) as connection:
        connection.SimpleQueue("gonghui.kept").put({"position": 1})

    rabbitmq.kill()
    rabbitmq.start()
    assert rabbitmq.list_queues()["gonghui.kept"] == 1

    rabbitmq.reset()
    assert rabbitmq.list_queues() == {}
    with kombu.Connection(rabbitmq.url("reporting")) as connection:
        connection.ensure_connection(max_retries=1)


def test_a_missing_server_is_a_failure_that_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(
        process.ServerMissingError, match=r"rabbitmq-server is not installed; run tests/install"
    ):
        process.needed(tmp_path / "rabbitmq-server", "rabbitmq-server")
