"""What the opponent's runs share: settings from a database URL, empty tables, and the event written."""

# The library is installed in the opponent's environment only; elsewhere its classes are unknown.
# mypy: disable-error-code="import-not-found, misc, untyped-decorator"

import argparse
import json
from importlib.metadata import version
from typing import cast
from uuid import UUID

import psycopg
from eventsourcing.persistence import InfrastructureFactory, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresFactory
from psycopg.conninfo import conninfo_to_dict

SCHEMA = "opponent"

# The three personal fields stand in the clear: the library's own cipher would only slow it down.
FIELDS = {
    "name": "王建国",
    "identity_number": "11010519491231002X",
    "account_number": "6222020200112233445",
}
REST = {
    "member_id": "0199f0a2-7c1e-7cc3-9d5e-2f1f6f0c8b11",
    "organisation_id": "0199f0a2-7c1e-7cc3-9d5e-2f1f6f0c8b12",
    "joined_on": "2026-03-01",
    "trade": "woodworker",
    "recorded_by": "wang",
}
STATE = json.dumps(FIELDS | REST, ensure_ascii=False).encode()


def arguments(description: str) -> argparse.ArgumentParser:
    """A parser that already knows the database URL, so that every run is called alike."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("database_url", metavar="DATABASE_URL", help="postgresql://user@host:port/name")
    return parser


def settings(database_url: str, connections: int) -> dict[str, str]:
    """The library's settings: its defaults, but for one open connection a caller.

    Database functions are switched off by name: with them the insert takes no table lock and loses events
    to a tailing reader. What the surrounding shell says must not switch them on.
    """
    parts = conninfo_to_dict(database_url)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(parts["dbname"]),
        "POSTGRES_HOST": str(parts["host"]),
        "POSTGRES_PORT": str(parts.get("port", 5432)),
        "POSTGRES_USER": str(parts["user"]),
        "POSTGRES_PASSWORD": str(parts.get("password") or "none"),
        "POSTGRES_SCHEMA": SCHEMA,
        "POSTGRES_POOL_SIZE": str(connections),
        "POSTGRES_ENABLE_DB_FUNCTIONS": "no",
    }


def empty_schema(database_url: str) -> None:
    """Drop and make the opponent's own schema: a run never pays for the tables of the one before.

    Raises SystemExit when the server does not wait for its disk, since such figures compare with nothing.
    """
    with psycopg.connect(database_url, autocommit=True) as connection:
        for setting in ("fsync", "synchronous_commit"):
            row = connection.execute(f"SHOW {setting}".encode()).fetchone()
            if row != ("on",):
                raise SystemExit(f"{setting} is {row}: figures are only taken with it on")
        connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE".encode())
        connection.execute(f"CREATE SCHEMA {SCHEMA}".encode())


def recorder(environment: dict[str, str]) -> PostgresApplicationRecorder:
    """The library's recorder, as its own factory makes it; its tables are made on the way."""
    factory = cast(PostgresFactory, InfrastructureFactory.construct(env=environment))
    made = factory.application_recorder()
    assert isinstance(made, PostgresApplicationRecorder)
    assert not made.datastore.enable_db_functions
    return made


def append(events: PostgresApplicationRecorder, stream_id: UUID, version: int) -> None:
    """Append one event of about 280 bytes, in its own transaction."""
    events.insert_events([StoredEvent(stream_id, version, "opponent:MemberJoined", STATE)])


def check_stored(database_url: str, acknowledged: int) -> None:
    """Raise SystemExit unless exactly the acknowledged events are stored: a figure with losses is none."""
    with psycopg.connect(database_url) as connection:
        row = connection.execute(f"SELECT count(*) FROM {SCHEMA}.stored_events".encode()).fetchone()
    if row != (acknowledged,):
        raise SystemExit(f"{acknowledged} events were acknowledged, but stored are {row}")


def report(**figures: float | int | str) -> None:
    """Print the run as one JSON line, with the versions it was made with."""
    versions = {"eventsourcing": version("eventsourcing"), "psycopg": version("psycopg")}
    print(json.dumps(figures | versions))
