"""Lost connections: whatever the moment, a command is recorded once, and its caller is told nothing false."""

import gc
from collections.abc import Callable
from typing import Any

import eventlet
import psycopg
import pytest
from sqlalchemy import text

from shared.log.entry import Answer, Unavailable
from shared.rules.personal import Personal
from tests.log.fund import Add, NameKeeper, Spend
from tests.log.house import House, once
from tests.servers.postgresql import Database, PostgreSQL
from tests.servers.proxy import Cut, Proxy

CALLERS, COMMANDS_EACH = 8, 40


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "command",
    [
        lambda: Add(fund_id="a", amount_fen=5),
        lambda: Spend(fund_id="a", amount_fen=100),
        lambda: NameKeeper(fund_id="a", person_id="p", account=Personal("62220202"), name=Personal("王芳")),
    ],
    ids=["add", "spend all", "personal"],
)
def test_a_commit_whose_answer_or_question_is_lost_is_answered_rightly_and_recorded_once(
    postgresql_house: House, far_house: House, proxy: Proxy, when: Cut, command: Callable[[], Any]
) -> None:
    far_house.send(Add(fund_id="a", amount_fen=100))
    before = postgresql_house.log.head().position
    proxy.cut_once(b"COMMIT", when)

    answer = far_house.send(command(), "1")

    assert proxy.cuts == 1
    assert answer.position == before + 1
    assert answer.repeated == (when == "after")
    assert once(postgresql_house, "1", answer)
    assert postgresql_house.log.head().position == before + 1
    assert far_house.send(Add(fund_id="a", amount_fen=1)).position == before + 2


MOMENTS = (b"BEGIN", b"FROM head", b"FROM commands", b"fund/ceiling", b"INTO events", b"UPDATE head")


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("moment", MOMENTS, ids=[moment.decode() for moment in MOMENTS])
def test_a_connection_lost_within_an_append_is_not_the_callers_concern(
    postgresql_house: House, far_house: House, proxy: Proxy, moment: bytes, when: Cut
) -> None:
    far_house.send(Add(fund_id="a", amount_fen=100))
    postgresql_house.send(Add(fund_id="ceiling", amount_fen=10))
    proxy.cut_once(moment, when)

    answer = far_house.send(Spend(fund_id="a", amount_fen=10, under_fund_id="ceiling"), "1")

    assert proxy.cuts == 1
    assert once(postgresql_house, "1", answer)


@pytest.mark.parametrize("state", ["40001", "40P01", "53100", "53200", "57014"])
def test_an_error_that_passes_is_not_the_callers_concern(postgresql_house: House, state: str) -> None:
    house = postgresql_house
    fail_twice(house, "head", state)

    answer = house.send(Add(fund_id="a", amount_fen=10), "1")

    assert once(house, "1", answer)


def fail_twice(house: House, table: str, state: str) -> None:
    """Have the database refuse the next two writes to a table with an error of some SQLSTATE."""
    with house.store.write() as connection:
        connection.execute(text("CREATE SEQUENCE failures"))  # counts on, whatever is rolled back
        connection.execute(
            text(
                "CREATE FUNCTION fail_twice() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                f"IF nextval('failures') <= 2 THEN RAISE EXCEPTION 'full' USING ERRCODE = '{state}'; END IF; "
                "RETURN NEW; END $$"
            )
        )
        connection.execute(
            text(
                f"CREATE TRIGGER fail_twice BEFORE INSERT OR UPDATE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION fail_twice()"
            )
        )


@pytest.mark.parametrize("when", ["before", "after"])
def test_all_callers_of_a_batch_whose_commit_is_lost_get_their_right_answers(
    postgresql_house: House, far_house: House, proxy: Proxy, when: Cut
) -> None:
    far_house.send(Add(fund_id="a", amount_fen=30))
    proxy.cut_once(b"COMMIT", when)

    outcomes = far_house.send_many(*(Spend(fund_id="a", amount_fen=10) for _ in range(5)))

    assert [isinstance(outcome, Answer) for outcome in outcomes] == [True] * 3 + [False] * 2
    assert [outcome.streams for outcome in outcomes if isinstance(outcome, Answer)] == [
        {"fund/a": 2},
        {"fund/a": 3},
        {"fund/a": 4},
    ]
    assert len(postgresql_house.log.stream("fund/a")) == 4


# A cursor dies open together with its server, and psycopg says so when it is collected.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_nothing_is_lost_or_doubled_while_backends_are_terminated_and_the_server_crashes(
    postgresql_house: House, postgresql: PostgreSQL, database: Database
) -> None:
    house, answers, ended = postgresql_house, {}, False

    def call(caller: int) -> None:
        for number in range(COMMANDS_EACH):
            command_id = f"{caller}-{number}"
            while command_id not in answers:
                try:
                    answers[command_id] = house.send(
                        Add(fund_id=f"fund-{number % 3}", amount_fen=1), command_id
                    )
                except Unavailable:
                    continue
            eventlet.sleep(0.02)

    def terminate() -> None:
        while not ended:
            eventlet.sleep(0.1)
            terminate_backends(database)

    callers = [eventlet.spawn(call, caller) for caller in range(CALLERS)]
    terminating = eventlet.spawn(terminate)
    eventlet.sleep(0.4)
    postgresql.crash()
    try:
        for caller in callers:
            caller.wait()
    finally:
        ended = True
        terminating.wait()
    gc.collect()

    events = house.events()
    assert [event.position for event in events] == list(range(1, len(events) + 1))
    assert len(answers) == CALLERS * COMMANDS_EACH
    assert len(events) == 1 + len(answers)
    assert {event.facts.command_id: event.position for event in events[1:]} == {
        command_id: answer.position for command_id, answer in answers.items()
    }


def terminate_backends(database: Database) -> None:
    dsn = f"host=127.0.0.1 port={database.port} user=postgres dbname=postgres"
    try:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database.name]
            )
    except psycopg.OperationalError:
        pass  # the server is just coming back
