"""Lists as PostgreSQL takes them: what goes there in binary form comes back as it was, of every type."""

from datetime import date
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.log.postgresql import BINARY, array
from tests.servers.postgresql import Database

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "int8": st.integers(-(2**63), 2**63 - 1),
    "bool": st.booleans(),
    "bytea": st.binary(),
    "date": st.dates(),
    "int4": st.integers(-(2**31), 2**31 - 1),
    "text": TEXTS,
    "varchar": TEXTS,
}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
@pytest.mark.parametrize("kind", sorted(BINARY))
def test_a_list_of_any_type_arrives_as_it_was_with_what_is_missing_in_it(
    database: Database, kind: str, data: st.DataObject
) -> None:
    values = data.draw(st.lists(st.none() | VALUES[kind]))

    with psycopg.connect(database.owner_url.replace("+psycopg", "")) as connection:
        found = connection.execute(f"SELECT %b::{kind}[]", [array(kind, values)]).fetchone()

    assert found == (values,)


def test_days_before_and_after_the_servers_first_are_counted_from_it(database: Database) -> None:
    days = [date(1949, 10, 1), date(2000, 1, 1), date(2026, 11, 26)]

    with psycopg.connect(database.owner_url.replace("+psycopg", "")) as connection:
        found = connection.execute("SELECT %b::date[]::text[]", [array("date", days)]).fetchone()

    assert found == ([day.isoformat() for day in days],)
