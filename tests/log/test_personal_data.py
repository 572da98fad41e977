"""Personal values stand sealed in the log and nowhere in the clear, and a person can be forgotten."""

import json
import logging
import traceback
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import psycopg
import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import DBAPIError

from services.membership.aggregates.member import ALREADY_A_MEMBER, ALREADY_JOINED
from services.membership.aggregates.person import ALREADY_REGISTERED, ANOTHER_PERSON
from shared.log.entry import PERSON_FORGOTTEN
from shared.log.envelope import leaf_of
from shared.log.streams import command_values, read_event
from shared.log.tables import commands, digests, person_keys
from shared.rules.personal import ERASED, Personal, Sealed
from shared.rules.plain import personal_fields
from shared.rules.refusal import Refused
from shared.standards.person_name import PersonName
from tests.log import canary
from tests.log.canary import CANARIES, MEMBER, MOBILE, NAME, NUMBER, PERSON
from tests.log.house import House
from tests.log.house import join as join_another
from tests.log.house import register as register_another
from tests.log.reader import root_of
from tests.servers.postgresql import Database, PostgreSQL


@pytest.fixture
def filled(membership: House) -> House:
    """A log in which the canary was registered and joined, with others before and after."""
    membership.send(register_another(1))
    membership.send(canary.register(), "register-canary")
    membership.send(canary.join(), "join-canary")
    membership.send(register_another(2))
    membership.send(join_another(2))
    return membership


@pytest.fixture
def all_logging(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Everything that any library logs, the statements of the database included."""
    with caplog.at_level(logging.DEBUG):
        for name in ("sqlalchemy.engine", "sqlalchemy.pool", "psycopg", "psycopg.pq", "alembic"):
            caplog.set_level(logging.DEBUG, logger=name)
        yield caplog


def opened(house: House, stream: str) -> dict[str, Any]:
    """The personal values of a stream's last event, as the vault opens them."""
    last = house.log.stream(stream)[-1]
    event = read_event(house.log.language, stream, last.version, last.type, last.public, last.sealed)
    return {path: house.clear(value) for path, _, value in personal_fields(event)}


def found(house: House, name: str, *values: str) -> dict[str, str]:
    """The persons whom values of a name lead to, by value."""
    with house.store.read() as connection:
        return house.log.vault.find_many(connection, name, values)


def test_no_canary_is_found_in_its_own_absence_and_every_form_is_found() -> None:
    assert canary.found_in(b"nothing of the kind") == []
    for name, value in CANARIES.items():
        for form in canary.forms(value):
            assert name in canary.found_in(b"before" + form + b"after"), form


def test_no_personal_value_stands_in_the_database_in_the_clear(filled: House) -> None:
    stored = canary.stored_bytes(filled)

    assert PERSON.encode() in stored, "the person's events must be among the bytes that are searched"
    assert canary.found_in(stored) == []


def test_no_personal_value_stands_in_the_database_after_it_was_closed(filled: House) -> None:
    filled.close()

    assert canary.found_in(canary.stored_bytes(filled)) == []


def test_no_personal_value_is_logged(all_logging: pytest.LogCaptureFixture, membership: House) -> None:
    membership.store.engine.echo = "debug"
    membership.send(canary.register())
    membership.send(canary.join())
    membership.send_many(canary.register("another"), canary.join("again"), canary.join("other", "unknown"))
    membership.forget(PERSON)
    assert opened(membership, f"member/{MEMBER}")["name"] is ERASED

    assert "INSERT INTO" in all_logging.text or "SELECT" in all_logging.text
    assert canary.found_in(all_logging.text.encode()) == []
    # What a query has found is logged only when somebody asks for it; what it looked for never is.
    asked = [record.getMessage() for record in all_logging.records if not str(record.msg).startswith("Row")]
    assert membership.log.vault.digest("identity_number", NUMBER) not in "".join(asked)
    for record in all_logging.records:
        assert canary.found_in(repr((record.msg, record.args)).encode()) == []


def told_of(error: BaseException) -> bytes:
    """All that an exception tells to whoever prints, represents or serialises it."""
    return "".join([str(error), repr(error), repr(error.args), *traceback.format_exception(error)]).encode()


def test_no_refusal_tells_a_personal_value(filled: House) -> None:
    outcomes = filled.send_many(
        canary.register(), canary.register("another"), canary.join("again"), canary.join("other", "unknown")
    )

    assert [outcome.code for outcome in outcomes if isinstance(outcome, Refused)] == [
        ANOTHER_PERSON.code,
        ALREADY_REGISTERED.code,
        ALREADY_A_MEMBER.code,
        "member.person_unknown",
    ]
    for outcome in outcomes:
        assert isinstance(outcome, Refused)
        assert canary.found_in(told_of(outcome) + json.dumps(outcome.as_plain()).encode()) == []


REFUSE_ALL = {
    "sqlite": "CREATE TRIGGER no BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'no'); END",
    "postgresql": "ALTER TABLE {table} ADD CHECK (octet_length({table}::text) = 0) NOT VALID",
}


@pytest.mark.parametrize("table", ["events", "commands", "digests", "person_keys"])
def test_no_error_of_the_database_tells_a_personal_value(
    membership: House, table: str, request: pytest.FixtureRequest
) -> None:
    with membership.store.write() as connection:
        connection.execute(text(REFUSE_ALL[connection.dialect.name].format(table=table)))

    (outcome,) = membership.send_many(canary.register())

    assert isinstance(outcome, DBAPIError | psycopg.Error)
    assert canary.found_in(told_of(outcome)) == []
    if membership.store.on_postgresql:
        server: PostgreSQL = request.getfixturevalue("postgresql")
        assert canary.found_in(server.log.read_bytes()) == []


def test_no_error_about_a_value_that_cannot_be_written_tells_it(membership: House) -> None:
    command = canary.register()
    command.name.content = PersonName(f"{NAME}\ud800")

    (outcome,) = membership.send_many(command)

    assert isinstance(outcome, Exception)
    assert canary.found_in(told_of(outcome)) == []


def test_no_stored_value_is_a_hash_of_a_personal_one(filled: House) -> None:
    stored = canary.stored_as_hashes(canary.stored_values(filled.store))
    salts = canary.words_of(canary.stored_values(filled.store))

    hits = sum(guess in stored or guess[:16] in stored for guess in canary.hashes_of(salts))

    assert hits == 0


def test_a_bare_hash_or_one_keyed_with_something_stored_would_be_found() -> None:
    log_id = "4f6c"
    bare = sha256(NUMBER.encode()).hexdigest().encode()
    salted = sha256(f"{log_id}{MOBILE}".encode()).digest()

    for kept in (bare, salted):
        guesses = canary.hashes_of([log_id.encode()])
        assert any(guess in canary.stored_as_hashes([kept]) for guess in guesses)


def test_the_vaults_digest_of_a_value_stands_among_the_digests_and_nowhere_else(filled: House) -> None:
    guesses = {filled.log.vault.digest(name, value) for name, value in CANARIES.items()}
    elsewhere = b"\n".join(canary.stored_values(filled.store, "digests"))

    for guess in guesses:
        assert guess.encode() not in elsewhere
        assert bytes.fromhex(guess) not in elsewhere
    with filled.store.read() as connection:
        found = connection.execute(select(digests).where(digests.c.person_id == PERSON)).all()
    assert [(row.digest, row.name, row.stream, row.key_number) for row in found] == [
        (filled.log.vault.digest("identity_number", NUMBER), "identity_number", f"person/{PERSON}", 1)
    ]


def test_equal_values_are_sealed_differently_each_time(filled: House) -> None:
    sealed = [json.loads(each.sealed)[PERSON] for each in filled.events() if PERSON in each.sealed]

    names = [boxes["name"] for boxes in sealed]
    assert len(names) == len(set(names)) == 2


def test_what_its_event_keeps_a_command_only_refers_to(filled: House) -> None:
    joined = filled.log.stream(f"member/{MEMBER}")[0]
    with filled.store.read() as connection:
        row = connection.execute(select(commands).where(commands.c.id == joined.facts.command_id)).one()
        values = command_values(connection, joined.facts.log_id, row)

        assert {path: filled.log.vault.open(connection, value) for path, value in values.items()} == CANARIES
    assert json.loads(row.sealed) == {PERSON: {path: [joined.position, path] for path in CANARIES}}


def test_what_was_sealed_opens_again(filled: House) -> None:
    assert opened(filled, f"person/{PERSON}") == {"identity_number": NUMBER, "name": NAME}
    assert opened(filled, f"member/{MEMBER}") == CANARIES


def test_a_person_is_found_by_a_value(filled: House) -> None:
    assert found(filled, "identity_number", NUMBER, "11010519491231002X") == {NUMBER: PERSON}
    assert found(filled, "name", NUMBER) == {}


def test_a_box_moved_to_another_event_of_the_same_person_does_not_open(
    filled: House, request: pytest.FixtureRequest
) -> None:
    one, other = filled.log.stream(f"person/{PERSON}")[0], filled.log.stream(f"member/{MEMBER}")[0]
    boxes, others = json.loads(one.sealed)[PERSON], json.loads(other.sealed)[PERSON]
    moved = {**others, "name": boxes["name"]}
    back = {**boxes, "name": others["name"]}

    overwrite(filled, request, one.position, json.dumps({PERSON: back}))
    overwrite(filled, request, other.position, json.dumps({PERSON: moved}))

    for stream in (f"person/{PERSON}", f"member/{MEMBER}"):
        with pytest.raises(InvalidTag):
            opened(filled, stream)


def test_a_box_moved_to_another_field_does_not_open(filled: House, request: pytest.FixtureRequest) -> None:
    event = filled.log.stream(f"person/{PERSON}")[0]
    boxes = json.loads(event.sealed)[PERSON]
    swapped = {"name": boxes["identity_number"], "identity_number": boxes["name"]}

    overwrite(filled, request, event.position, json.dumps({PERSON: swapped}))

    with pytest.raises(InvalidTag):
        opened(filled, f"person/{PERSON}")


def test_a_box_under_another_persons_name_does_not_open(
    filled: House, request: pytest.FixtureRequest
) -> None:
    event = filled.log.stream(f"person/{PERSON}")[0]
    boxes = json.loads(event.sealed)[PERSON]

    overwrite(filled, request, event.position, json.dumps({"person-1": boxes}))

    with pytest.raises(InvalidTag):
        opened(filled, f"person/{PERSON}")


def test_a_key_moved_to_another_person_does_not_open(filled: House) -> None:
    with filled.store.write() as connection:
        wrapped = connection.scalar(
            select(person_keys.c.wrapped).where(person_keys.c.person_id == "person-1")
        )
        connection.execute(
            person_keys.update().where(person_keys.c.person_id == PERSON).values(wrapped=wrapped)
        )

    with pytest.raises(InvalidTag), filled.store.read() as connection:
        filled.log.vault.keys(connection, [PERSON])


def overwrite(house: House, request: pytest.FixtureRequest, position: int, sealed: str) -> None:
    """Change a stored event as only somebody can who owns the database and takes its guards away."""
    if house.store.on_postgresql:
        database: Database = request.getfixturevalue("database")
        superuser = create_engine(database.superuser_url)
        statements = ["ALTER TABLE events DISABLE TRIGGER ALL"]
    else:
        superuser = create_engine(house.store.url)
        statements = ["DROP TRIGGER IF EXISTS events_refuse_update"]
    with superuser.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
        change = text("UPDATE events SET sealed = :sealed WHERE position = :position")
        connection.execute(change, {"sealed": sealed, "position": position})
    superuser.dispose()


def test_a_forgotten_persons_values_are_erased_and_nobody_elses(filled: House) -> None:
    filled.forget(PERSON)

    assert opened(filled, f"person/{PERSON}") == {"identity_number": ERASED, "name": ERASED}
    assert set(opened(filled, f"member/{MEMBER}").values()) == {ERASED}
    assert ERASED not in opened(filled, "member/member-2").values()


def test_a_forgotten_persons_key_and_digests_are_gone(filled: House) -> None:
    with filled.store.read() as connection:
        of_person = person_keys.c.person_id == PERSON
        wrapped = connection.scalar(select(person_keys.c.wrapped).where(of_person))
    filled.forget(PERSON)

    values = b"\n".join(canary.stored_values(filled.store))
    assert wrapped is not None
    assert wrapped not in values
    assert filled.log.vault.digest("identity_number", NUMBER).encode() not in values
    assert found(filled, "identity_number", NUMBER) == {}


def test_forgetting_twice_or_one_who_is_unknown_is_harmless(filled: House) -> None:
    for person_id in (PERSON, PERSON, "nobody"):
        filled.forget(person_id)

    assert opened(filled, f"person/{PERSON}")["name"] is ERASED


def test_the_states_of_a_forgotten_person_still_load(filled: House) -> None:
    filled.forget(PERSON)
    restarted = filled.another()

    for house in (filled, restarted):
        assert refusal(house, canary.register()) is ANOTHER_PERSON
        assert refusal(house, canary.join(person_id="person-1")) is ALREADY_JOINED
    restarted.close()


def test_nothing_more_is_recorded_about_a_forgotten_person(filled: House) -> None:
    filled.send(register_another(3))
    filled.forget("person-3")
    restarted = filled.another()
    before = filled.log.head()

    for house in (filled, restarted):
        assert refusal(house, join_another(3)) is PERSON_FORGOTTEN
    assert filled.log.head() == before
    restarted.close()


def test_one_who_never_came_can_be_forgotten_beforehand(membership: House) -> None:
    membership.forget(PERSON)

    assert refusal(membership, canary.register()) is PERSON_FORGOTTEN


def test_a_forgotten_human_who_comes_again_is_a_new_person(filled: House) -> None:
    filled.forget(PERSON)
    filled.send(canary.register("person-anew"))

    assert found(filled, "identity_number", NUMBER) == {NUMBER: "person-anew"}
    assert opened(filled, "person/person-anew") == {"identity_number": NUMBER, "name": NAME}
    assert opened(filled, f"person/{PERSON}") == {"identity_number": ERASED, "name": ERASED}


def test_a_command_about_a_forgotten_person_still_gets_its_first_answer(filled: House) -> None:
    first = filled.log.command("join-canary")
    filled.forget(PERSON)

    again = filled.send(canary.join(), "join-canary")

    assert first is not None
    assert again.repeated
    assert (again.first_position, again.position) == (first.first_position, first.position)


def test_the_root_still_follows_from_the_leaves_after_forgetting(filled: House) -> None:
    before = filled.log.head()
    filled.forget(PERSON)

    leaves = [
        leaf_of(each.public.encode(), sha256(each.sealed.encode()).digest()) for each in filled.events()
    ]
    assert root_of(leaves) == filled.log.head().root == before.root


def test_a_process_remembers_no_personal_value_in_the_clear(filled: House) -> None:
    state = filled.log._streams._known[f"person/{PERSON}"].state

    assert isinstance(state.identity_number.content, Sealed)
    assert canary.found_in(repr(contents(filled.log._streams._known)).encode()) == []


def contents(known: dict[str, Any]) -> list[Any]:
    """What all personal values in remembered states hold."""
    return [value.content for each in known.values() for _, _, value in personal_fields(each.state)]


def test_a_caller_may_send_the_very_same_command_again(membership: House) -> None:
    command = canary.register()
    membership.send(command, "1")

    assert membership.send(command, "1").repeated


def test_personal_values_do_not_tell_themselves() -> None:
    assert NAME not in repr(Personal(NAME))
    assert NAME not in str(canary.register())
    assert NAME not in f"{Personal(NAME)}"


def refusal(house: House, command: Any) -> Any:
    """Why a command is refused."""
    with pytest.raises(Refused) as caught:
        house.send(command)
    return caught.value.refusal
