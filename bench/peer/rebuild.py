"""Rebuild of a counting projection by the opponent's `ProjectionRunner`, a transaction per event."""

# The library is installed in the opponent's environment only; elsewhere its classes are unknown.
# mypy: disable-error-code="import-not-found, misc, untyped-decorator"

import time
from typing import Any
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from opponent import FIELDS, SCHEMA, arguments, empty_schema, report, settings
from psycopg.sql import SQL, Identifier

EVENTS_A_STREAM = 20
STREAMS_A_SAVE = 50


class Member(Aggregate):
    """A stream of one joining and many payments, each carrying the three fields."""

    @event("Joined")
    def __init__(self, name: str, identity_number: str, account_number: str) -> None:
        self.name = name
        self.identity_number = identity_number
        self.account_number = account_number

    @event("Paid")
    def pay(self, name: str, identity_number: str, account_number: str) -> None:
        self.name = name
        self.identity_number = identity_number
        self.account_number = account_number


class Members(Application[UUID]):
    """The opponent's application with nothing added."""


class Counts(PostgresTrackingRecorder):
    """A row per type of event, counted in the transaction that moves the tracking, as the manual shows it."""

    def __init__(self, datastore: PostgresDatastore, **names: Any) -> None:
        super().__init__(datastore, **names)
        table = {"schema": Identifier(SCHEMA), "table": Identifier("counts")}
        self.sql_create_statements.append(
            SQL("CREATE TABLE IF NOT EXISTS {schema}.{table} (type text PRIMARY KEY, events bigint)").format(
                **table
            )
        )
        self.count_statement = SQL(
            "INSERT INTO {schema}.{table} AS counted VALUES (%s, 1) "
            "ON CONFLICT (type) DO UPDATE SET events = counted.events + 1"
        ).format(**table)
        self.total_statement = SQL(
            "SELECT coalesce(sum(events), 0)::bigint AS total FROM {schema}.{table}"
        ).format(**table)

    def count(self, kind: str, tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(self.count_statement, (kind,), prepare=True)

    def total(self) -> int:
        with self.datastore.cursor() as cursor:
            row = cursor.execute(self.total_statement).fetchone()
        assert row is not None
        return int(row["total"])


class EventCounts(Projection[Counts]):
    """Counts events by type."""

    name = "event_counts"
    # The runner only looks now and then whether it is level, so the projection itself notes when it was.
    processed_at = 0.0

    @singledispatchmethod
    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        self.view.count(type(domain_event).__name__, tracking)
        self.processed_at = time.perf_counter()


def fill(environment: dict[str, str], events: int) -> int:
    """Record so many events, many a transaction, and return the position of the last."""
    position = 0
    with Members(env=environment) as members:
        for _ in range(events // (EVENTS_A_STREAM * STREAMS_A_SAVE)):
            joined = [Member(**FIELDS) for _ in range(STREAMS_A_SAVE)]
            for member in joined:
                for _ in range(EVENTS_A_STREAM - 1):
                    member.pay(**FIELDS)
            position = members.save(*joined)[-1].notification.id
    return position


def rebuilt_per_second(database_url: str, events: int) -> float:
    """Events a second from an empty view until the last event is counted and committed."""
    empty_schema(database_url)
    environment = settings(database_url, connections=5)
    last = fill(environment, events)
    began = time.perf_counter()
    with ProjectionRunner(
        application_class=Members, projection_class=EventCounts, view_class=Counts, env=environment
    ) as runner:
        runner.wait(last, timeout=600)
        counted = runner.view.total()
        assert isinstance(runner.projection, EventCounts)
        took = runner.projection.processed_at - began
    if counted != events:
        raise SystemExit(f"{events} events were recorded, but counted are {counted}")
    return events / took


def main() -> None:
    """One run, as one JSON line."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--events", type=int, default=20_000)
    chosen = parser.parse_args()
    whole = EVENTS_A_STREAM * STREAMS_A_SAVE
    if chosen.events < whole or chosen.events % whole:
        parser.error(f"--events is a multiple of {whole}")
    report(
        events_per_second=round(rebuilt_per_second(chosen.database_url, chosen.events), 1),
        events=chosen.events,
    )


if __name__ == "__main__":
    main()
