"""The log of a service: append, read, and what became of a command."""

import logging
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import starmap
from sqlite3 import SQLITE_BUSY, SQLITE_LOCKED
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Select, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, OperationalError, PendingRollbackError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionError

from shared.log.asking import Question, ask, plain_rows
from shared.log.deciding import Decided, Deciding
from shared.log.entry import NOT_STORABLE, Answer, Entry, Outcome, Unavailable
from shared.log.envelope import Envelope, house_day, moment_text
from shared.log.merkle import Frontier
from shared.log.recorded import COMMANDS, answer_of, sender_of
from shared.log.sealing import Vault
from shared.log.store import Store, among
from shared.log.storing import storing
from shared.log.streams import Streams
from shared.log.tables import commands, events, head, unique_keys
from shared.log.turns import Turns
from shared.log.writing import Writing
from shared.rules.language import Language

log = logging.getLogger(__name__)

RETRY_WAIT_SECONDS = 0.05
LOCK_NOT_AVAILABLE = "55P03"


class NotFounded(Exception):
    """The store holds no log yet: it has to be migrated and founded first."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where a log stands: its identity, its last position and the Merkle root over all leaves up to there."""

    log_id: str
    epoch: int
    position: int
    recorded_at: str
    root: bytes


class Log:
    """A service's own events, and the only door to them.

    Args:
        store: the service's database.
        language: what the service can say.
        vault: seals personal values.
    """

    def __init__(self, store: Store, language: Language, vault: Vault) -> None:
        self.store = store
        self.language = language
        self.vault = vault
        self._streams = Streams(language)
        self._turns = Turns(self._write_batch)
        self._told_of_batches: Callable[[int, float], None] | None = None

    def append(self, entries: Sequence[Entry]) -> list[Outcome]:
        """Decide and record commands, in their order; each is recorded whole or not at all.

        Returns:
            For each entry its Answer, or the exception that is its outcome alone: Refused, Unavailable
            (whether it was recorded is told by its id), or what a faulty rule raised.
        """
        return self._turns.take(entries)

    def rehearse(self, entries: Sequence[Entry]) -> list[Exception | None]:
        """Decide commands in their order as if they were recorded now; nothing is, and no lock is taken.

        Returns:
            For each entry what would stand against it, or None.
        """
        with self.store.snapshot() as connection:
            now, streams = moment_text(datetime.now(UTC)), Streams(self.language)
            streams.load(connection, {stream for entry in entries for stream in entry.streams})
            (recorded,) = ask(connection, (COMMANDS, {"ids": [entry.command_id for entry in entries]}))
            deciding = Deciding(connection, self.language, self.vault, streams, house_day(now))
            outcomes = deciding.decide(entries, recorded)
        return [each if isinstance(each, Exception) else None for each in outcomes]

    def states(self, connection: Connection, streams: Sequence[str]) -> dict[str, Any]:
        """The states of streams by name, in a transaction of the caller's."""
        found = Streams(self.language)
        found.load(connection, streams)
        known = {stream: found.remembered(stream) for stream in streams}
        return {stream: each.state for stream, each in known.items() if each is not None}

    def holders(self, connection: Connection, keys: Sequence[str]) -> dict[str, str]:
        """The streams that hold unique keys, by key; of those that none holds nothing is told."""
        held = select(unique_keys).where(among(connection, unique_keys.c.key, keys))
        return {row.key: row.stream for row in connection.execute(held)}

    def read(self, after: int, limit: int) -> list[Envelope]:
        """Up to ``limit`` events that follow position ``after``, in order."""
        with self.store.read() as connection:
            return read_events(connection, after, limit)

    @property
    def source(self) -> str:
        """The service whose events these are."""
        return self.language.service

    def page(
        self, connection: Connection, after: int, limit: int, types: Collection[str] | None = None
    ) -> list[Envelope]:
        """As ``read``, in a transaction of the caller's; without the sealed parts, which nobody follows.

        Args:
            types: of the events at these positions only those of some types.
        """
        page = select(*PUBLIC_COLUMNS).where(events.c.position > after, events.c.position <= after + limit)
        if types is not None:
            page = page.where(among(connection, events.c.type, types))
        return envelopes(connection, page.order_by(events.c.position))

    def position(self, connection: Connection) -> int:
        """The last position, in a transaction of the caller's."""
        return connection.execute(select(head.c.position)).scalar_one_or_none() or 0

    def stream(self, stream: str) -> list[Envelope]:
        """All events of one stream, in order."""
        with self.store.read() as connection:
            rows = connection.execute(
                select(events).where(events.c.stream == stream).order_by(events.c.version)
            )
            return [Envelope(*row) for row in rows]

    def head(self) -> Head:
        """Where the log stands. Raises NotFounded."""
        with self.store.read() as connection:
            return head_of(connection)

    def command(self, command_id: str, person_id: str | None = None) -> Answer | None:
        """What became of a command: its first answer, or None if it was never accepted.

        Args:
            person_id: of whoever sent it; another's is not found. None: of anybody.
        """
        with self.store.read() as connection:
            row = connection.execute(select(commands).where(commands.c.id == command_id)).one_or_none()
            if row is None or person_id not in (None, sender_of(row)):
                return None
            return answer_of(connection, row)

    def position_at(self, moment: datetime) -> int:
        """The last position that had been recorded at a moment; 0 before the first."""
        with self.store.read() as connection:
            last = select(func.max(events.c.position)).where(events.c.recorded_at <= moment_text(moment))
            return connection.scalar(last) or 0

    def tell_of_batches(self, told: Callable[[int, float], None]) -> None:
        """Have a function called after each batch with how many commands it held, and the seconds it took."""
        self._told_of_batches = told

    def _write_batch(self, entries: list[Entry], deadline: float) -> list[Outcome]:
        start = time.monotonic()
        outcomes = self._write_at_last(entries, deadline)
        if self._told_of_batches is not None:
            self._told_of_batches(len(entries), time.monotonic() - start)
        return outcomes

    def _write_at_last(self, entries: list[Entry], deadline: float, *, again: bool = False) -> list[Outcome]:
        """Write a batch, whatever it takes until the deadline; never raises.

        A batch whose COMMIT was not answered is simply written again: commands that the lost transaction
        did record are found by their ids and get their first answer.
        """
        while True:
            try:
                return self._write(entries, again=again)
            except SQLAlchemyError as error:
                if not is_passing(error):
                    return self._write_apart(entries, error, deadline)
                if time.monotonic() > deadline:
                    log.warning("a batch was not recorded in time: %s", _reason(error))
                    return [Unavailable() for _ in entries]
                time.sleep(RETRY_WAIT_SECONDS)
                self._end_frozen(error)
            except Exception as error:  # noqa: BLE001 - one entry that cannot be written must not harm the others
                return self._write_apart(entries, error, deadline)
            again = True

    def _end_frozen(self, error: SQLAlchemyError) -> None:
        """Where the lock was waited for in vain, whoever holds it may be standing still."""
        if getattr(getattr(error, "orig", None), "sqlstate", None) == LOCK_NOT_AVAILABLE:
            with suppress(SQLAlchemyError):
                if ended := self.store.end_frozen():
                    log.warning("ended %d sessions that stood still within a transaction", ended)

    def _write_apart(self, entries: list[Entry], error: Exception, deadline: float) -> list[Outcome]:
        """Split a batch of which some entry cannot be stored, until it stands alone with its error."""
        if len(entries) == 1:
            # An error of encoding holds the text itself, which may be personal.
            return [NOT_STORABLE() if isinstance(error, UnicodeError) else error]
        middle = len(entries) // 2
        halves = entries[:middle], entries[middle:]
        first, rest = (self._write_at_last(half, deadline, again=True) for half in halves)
        return first + rest

    def _write(self, entries: list[Entry], *, again: bool) -> list[Outcome]:
        with self.store.write(begins_asking=True) as connection:
            wanted = {stream for entry in entries for stream in entry.streams}
            ids = [entry.command_id for entry in entries if again or not entry.minted]
            locked, recorded = self._streams.load(
                connection, wanted, (LOCKED_HEAD, {}), (COMMANDS, {"ids": ids})
            )
            found, now = _head_and_moment(connection, locked)
            recorded_at = max(found.recorded_at, now)
            self._streams.follow(connection, found)
            deciding = Deciding(connection, self.language, self.vault, self._streams, house_day(recorded_at))
            outcomes = deciding.decide(entries, recorded)
            accepted = list({id(each): each for each in outcomes if isinstance(each, Decided)}.values())
            writing = Writing(self.vault, found, recorded_at, deciding.persons)
            grown = self._streams.due_for_snapshot(deciding.changed)
            answers: dict[int, Answer] = {}
            if accepted:
                writing.release(connection, accepted)
                self._streams.make_way(connection, grown)
                with storing(connection) as storage:
                    answers = writing.record(storage, accepted)
                    writing.finish(
                        storage, accepted, deciding.taken, self._streams.rows(grown, writing.sealed)
                    )
        writing.forget_plain_values()
        self._streams.keep(deciding.changed, grown, writing.tree)
        return list(_answered(outcomes, answers))


def _answered(outcomes: Iterable[Decided | Outcome], answers: dict[int, Answer]) -> Iterator[Outcome]:
    """The outcomes as they are told; a command that comes twice within a batch is one decision's."""
    told: set[int] = set()
    for each in outcomes:
        if isinstance(each, Decided):
            answer = answers[id(each)]
            yield replace(answer, repeated=True) if id(each) in told else answer
            told.add(id(each))
        else:
            yield each


def found_log(connection: Connection) -> str:
    """Give a migrated store its log's identity, unless it has one; the log_id."""
    fresh = {"only": 1, "log_id": str(uuid4()), "epoch": 0, "position": 0, "commands": 0}
    empty = {"recorded_at": "", "idle": "", "frontier": b""}
    # Who founds at the same moment waits here and then finds the other's row.
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(insert(head).values(fresh | empty).on_conflict_do_nothing())
    return str(connection.execute(select(head.c.log_id)).scalar_one())


def lock_head(connection: Connection) -> tuple[Any, str]:
    """The head's row, held until the transaction ends, and the database's time after that.

    Raises:
        NotFounded: there is none.
    """
    (rows,) = ask(connection, (LOCKED_HEAD, {}))
    return _head_and_moment(connection, rows)


def _head_and_moment(connection: Connection, rows: list[Any]) -> tuple[Any, str]:
    if not rows:
        raise NotFounded("the store holds no log yet")
    # SQLite has no clock but this machine's.
    now = rows[0].now if connection.dialect.name == "postgresql" else datetime.now(UTC)
    return rows[0], moment_text(now)


def _locked_head(connection: Connection) -> Any:
    if connection.dialect.name != "postgresql":
        return select(head)
    # Materialized, so that the clock is read once the lock is held.
    locked = select(head).with_for_update().cte("locked").prefix_with("MATERIALIZED")
    return select(locked, func.clock_timestamp().label("now"))


LOCKED_HEAD = Question(_locked_head)


def head_of(connection: Connection) -> Head:
    """Where a log stands, in a transaction of the caller's. Raises NotFounded."""
    row = connection.execute(select(head)).one_or_none()
    if row is None:
        raise NotFounded("the store holds no log yet")
    root = Frontier.from_bytes(row.position, row.frontier).root()
    return Head(row.log_id, row.epoch, row.position, row.recorded_at, root)


PUBLIC_COLUMNS = tuple(column for column in events.c if column.name != "sealed")
"""Of an envelope all but the sealed part, which is the last."""


def read_events(connection: Connection, after: int, limit: int) -> list[Envelope]:
    """Events of a log in the order of their positions."""
    page = select(*events.c).where(events.c.position > after).order_by(events.c.position).limit(limit)
    return envelopes(connection, page)


def envelopes(connection: Connection, query: Select[Any]) -> list[Envelope]:
    """The envelopes whose fields a query gives."""
    return list(starmap(Envelope, plain_rows(connection, query)))


def _reason(error: SQLAlchemyError) -> str:
    """The kind of an error, and the server's code for it; its text may hold what was to be recorded."""
    origin = getattr(error, "orig", None) or error
    return f"{type(origin).__name__} {getattr(origin, 'sqlstate', None) or ''}".rstrip()


def is_passing(error: SQLAlchemyError) -> bool:
    """Whether trying again may help: connection lost, lock not to be had in time, server restarting."""
    if isinstance(error, PendingRollbackError | NoConnectionError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return state[:2] in ("08", "40", "53", "55", "57", "25")
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in (SQLITE_BUSY, SQLITE_LOCKED)
    # The server could not be reached at all.
    return isinstance(error, OperationalError)
