"""The access log: who tried in vain, and who looked at whose personal data; kept in the service's store.

It holds no personal data and no token. Rows are written once, in batches and off the calls' way, so that a
refusal costs its caller nothing: a kill loses what came within the last moment, a clean stop nothing.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Column, Connection, Identity, Integer, MetaData, String, Table, Text, select, text
from sqlalchemy.exc import SQLAlchemyError

from shared.log.envelope import HOUSE_TIME, moment_text
from shared.log.store import Store
from shared.log.tables import Number
from shared.runtime.paging import PAGE_MOST, PageLimit

WRITE_SECONDS = 0.5
"""How long an entry waits at most for others to be written with it."""
CLOSE_SECONDS_MAX = 5.0
ROWS_A_MINUTE_MAX = 60
"""Of one code and one login, or of all who have none; what comes beyond is counted, a row a write."""
WAITING_MAX = 10_000
"""How many entries wait for a store that is away; what comes beyond is counted."""

LOOKED = "looked"
"""The code of a look at personal data in the clear."""

table = Table(
    "access_log",
    MetaData(),
    Column("number", Number, Identity(), primary_key=True),
    Column("at", String(27), nullable=False),
    Column("method", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("times", Integer, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("login_id", Text, nullable=False),
    Column("fault", Text, nullable=False),
    Column("about_id", Text, nullable=False),
    Column("fields", Text, nullable=False),
    Column("correlation_id", Text, nullable=False),
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt or look.

    Args:
        method: "" for several.
        code: of the refusal, LOOKED, or what else came of it.
        times: how often.
        person_id, login_id: who; "" for whoever did not say, or not credibly.
        fault: why a token was not accepted.
        about_id: the person at whose data somebody looked; ``fields``: which.
    """

    method: str
    code: str
    times: int = 1
    person_id: str = ""
    login_id: str = ""
    fault: str = ""
    about_id: str = ""
    fields: tuple[str, ...] = ()
    correlation_id: str = ""


class AccessLog:
    """Writes the access log of one service in one process; from any thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._waiting: list[dict[str, Any]] = []
        self._beyond: Counter[tuple[str, str, str]] = Counter()
        self._minute = 0
        self._seen: Counter[tuple[str, str]] = Counter()
        self._awaited = threading.Event()
        self._writer: threading.Thread | None = None
        self._closed = False

    def note(self, attempt: Attempt) -> None:
        """Have an attempt written within a moment; returns at once."""
        with self._lock:
            if self._is_beyond(attempt):
                self._beyond[attempt.code, attempt.login_id, attempt.person_id] += attempt.times
            else:
                self._waiting.append(row_of(attempt))
            if self._writer is None and not self._closed:
                self._writer = threading.Thread(target=self._write_on, name="access log", daemon=True)
                self._writer.start()
        self._awaited.set()

    def _is_beyond(self, attempt: Attempt) -> bool:
        minute = int(time.monotonic() // 60)
        if minute != self._minute:
            self._minute = minute
            self._seen.clear()
        self._seen[attempt.code, attempt.login_id] += 1
        over = self._seen[attempt.code, attempt.login_id] > ROWS_A_MINUTE_MAX
        return over or len(self._waiting) >= WAITING_MAX

    def write(self, looks: Sequence[Attempt]) -> None:
        """Write looks before anything is shown. Raises SQLAlchemyError; then nothing may be shown."""
        if looks:
            self._insert([row_of(each) for each in looks])

    def flush(self) -> bool:
        """Write what waits; whether nothing is left."""
        with self._writing:
            with self._lock:
                waiting, self._waiting = self._waiting, []
                beyond, self._beyond = self._beyond, Counter()
            rows = waiting + [
                row_of(Attempt(method="", code=code, times=times, login_id=login_id, person_id=person_id))
                for (code, login_id, person_id), times in beyond.items()
            ]
            if not rows:
                return True
            try:
                self._insert(rows)
            except SQLAlchemyError as error:
                log.warning("the access log cannot be written: %s", type(error).__name__)
                with self._lock:
                    self._waiting = waiting + self._waiting
                    self._beyond += beyond
                return False
            return True

    def _insert(self, rows: Sequence[dict[str, Any]]) -> None:
        with self._store.write() as connection:
            if self._store.on_postgresql:
                # So that rows appear in the order of their numbers, and no page passes one over.
                connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('gonghui access log'))"))
            connection.execute(table.insert(), rows)

    def _write_on(self) -> None:
        while not self._closed:
            self._awaited.wait()
            self._awaited.clear()
            time.sleep(WRITE_SECONDS)
            if not self.flush():
                self._awaited.set()

    def close(self) -> None:
        """Write what waits and end; gives up after CLOSE_SECONDS_MAX on a store that is away."""
        self._closed = True
        self._awaited.set()
        deadline = time.monotonic() + CLOSE_SECONDS_MAX
        while not self.flush() and time.monotonic() < deadline:
            time.sleep(WRITE_SECONDS)
        if missing := len(self._waiting) + self._beyond.total():
            log.error("%d attempts are missing from the access log", missing)


def row_of(attempt: Attempt) -> dict[str, Any]:
    """An attempt as it is written down, dated now by this machine's clock."""
    return {
        "at": moment_text(datetime.now(UTC)),
        "method": attempt.method,
        "code": attempt.code,
        "times": attempt.times,
        "person_id": attempt.person_id,
        "login_id": attempt.login_id,
        "fault": attempt.fault,
        "about_id": attempt.about_id,
        "fields": ",".join(attempt.fields),
        "correlation_id": attempt.correlation_id,
    }


def access_log(
    connection: Connection,
    *,
    person_id: str | None = None,
    about_id: str | None = None,
    method: str | None = None,
    code: str | None = None,
    first_on: date | None = None,
    last_on: date | None = None,
    after: int = 0,
    limit: PageLimit = PAGE_MOST,
) -> list[dict[str, Any]]:
    """Refused attempts and looks at personal data, oldest first, a page.

    Ask for the next page with ``after``, the number of the last row. ``person_id``: who tried or looked;
    ``about_id``: at whose data; both days are included, as days in the house.
    """
    columns = table.c
    found = select(table).where(columns.number > after).order_by(columns.number)
    for column, wanted in (
        (columns.person_id, person_id),
        (columns.about_id, about_id),
        (columns.method, method),
        (columns.code, code),
    ):
        if wanted is not None:
            found = found.where(column == wanted)
    if first_on is not None:
        found = found.where(columns.at >= _beginning(first_on))
    if last_on is not None:
        found = found.where(columns.at < _beginning(last_on + timedelta(days=1)))
    rows = connection.execute(found.limit(limit)).mappings()
    return [dict(row) | {"fields": row["fields"].split(",") if row["fields"] else []} for row in rows]


def _beginning(day: date) -> str:
    return moment_text(datetime(day.year, day.month, day.day, tzinfo=HOUSE_TIME))
