"""Rebuilding: a projection is made anew beside the live table, compared with it, and swapped in."""

import re
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from secrets import token_hex

from sqlalchemy import Connection, MetaData, Table, and_, func, inspect, or_, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.sql import quoted_name

from shared.log.envelope import Envelope
from shared.log.store import Store
from shared.projections import checkpoints, parking
from shared.projections.alone import alone
from shared.projections.applying import Failed, apply_page
from shared.projections.checkpoints import Checkpoint
from shared.projections.feed import Feed
from shared.projections.projection import Key, Projection
from shared.projections.rows import KeysWritten
from shared.projections.uncollected import uncollected

PAGE = 10_000
SHOWN_MOST = 10
SWAP_WAIT_MILLISECONDS = 500
SWAP_TRIES = 20


class UnintendedDifferenceError(Exception):
    """The rebuilt rows differ though the version is the same: the live ones or the functions are wrong."""

    def __init__(self, report: "Report") -> None:
        super().__init__(f"{report.name}: {report.differences} rows differ")
        self.report = report


class OtherHistoryError(Exception):
    """The feed has begun anew while a projection was made of its events; it has to be made once more."""


class NotPreparedError(Exception):
    """The projection has neither table nor checkpoint yet."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a rebuild or a comparison found.

    Args:
        position: the position of the feed at which both were compared.
        differences: the number of rows that differ; ``shown``: keys of the first of them.
        failed: events that the present functions cannot apply.
        swapped: whether the rebuilt rows are the live ones now.
    """

    name: str
    position: int
    differences: int
    shown: tuple[Key, ...]
    failed: int
    swapped: bool


Progress = Callable[[int, int], None]
"""Told the position reached and the feed's last."""


def rebuild(
    store: Store,
    feed: Feed,
    projection: Projection,
    *,
    accept_difference: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Make a projection anew and swap it in; commands and readers go on meanwhile.

    The swap waits for whoever reads the live table, a short while and several times.

    Args:
        feed: all of it is applied, up to where the live rows know it.
        accept_difference: swap also where the rows differ under the same version.
        progress: called after each page.

    Raises:
        UnintendedDifferenceError: the version is the same, the rows are not, and that was not accepted.
        NotAloneError: another rebuild or comparison is at it.
        NotPreparedError: it has neither table nor checkpoint yet.
        OtherHistoryError: the feed began anew meanwhile.
        OperationalError: the live table could not be had in time.
    """
    return _beside(store, feed, projection, progress, swap=True, accept_difference=accept_difference)


def compare(store: Store, feed: Feed, projection: Projection, progress: Progress | None = None) -> Report:
    """Make a projection anew and compare it with the live one, which stays.

    Args:
        progress: called after each page.

    Raises:
        NotAloneError, NotPreparedError, OtherHistoryError, OperationalError: as of ``rebuild``.
    """
    return _beside(store, feed, projection, progress, swap=False, accept_difference=False)


def _beside(
    store: Store,
    feed: Feed,
    projection: Projection,
    progress: Progress | None,
    *,
    swap: bool,
    accept_difference: bool,
) -> Report:
    with (
        alone(store, projection.name),
        _shadow_of(store, projection) as shadow,
        ThreadPoolExecutor(1) as reader,
    ):
        filling = _Filling(feed, projection, shadow)
        ahead = _ReadAhead(store, feed, projection.handled, reader)
        while filling.behind(store):
            with uncollected():
                page = ahead.page(filling.position, filling.limit, filling.target)
                with store.write() as connection:
                    _need_not_last(connection)
                    filling.step(connection, page)
            if progress is not None:
                progress(filling.position, filling.target)
        tries_left = SWAP_TRIES
        while True:
            tries_left -= 1
            try:
                return _finish(store, filling, swap=swap, accept_difference=accept_difference)
            except OperationalError:
                # Somebody reads the live table for long: let go of every lock, and come back.
                if not tries_left:
                    raise


def _finish(store: Store, filling: "_Filling", *, swap: bool, accept_difference: bool) -> Report:
    """Under the checkpoint's lock: catch up, compare, and swap if that is wished and allowed."""
    feed, projection, shadow = filling.feed, filling.projection, filling.shadow
    with store.write() as connection:
        if store.on_postgresql:
            if swap:
                _keep_vacuum_away(connection, projection.table, shadow)
            connection.execute(text(f"SET LOCAL lock_timeout = {SWAP_WAIT_MILLISECONDS}"))
        checkpoint = checkpoints.lock(connection, projection.name, wait=True)
        if checkpoint is None:
            raise NotPreparedError(projection.name)
        catching_up = filling.copy()
        catching_up.aim(connection, checkpoint)
        while catching_up.position < catching_up.target:
            with uncollected():
                page = feed.page(connection, catching_up.position, catching_up.limit, projection.handled)
                catching_up.step(connection, page)
        differing = _differing(connection, projection, shadow)
        shown, failed = tuple(differing[:SHOWN_MOST]), catching_up.failed
        meant = accept_difference or checkpoint.version != projection.version or not differing
        report = Report(
            projection.name, catching_up.target, len(differing), shown, len(failed), swapped=swap and meant
        )
        if swap:
            if not meant:
                raise UnintendedDifferenceError(report)
            _swap(connection, projection, shadow)
            parking.clear(connection, projection.name)
            parking.park(connection, projection.name, feed.source, failed)
            stands = Checkpoint(catching_up.target, projection.version)
            checkpoints.set_to(connection, projection.name, stands)
    return report


def _need_not_last(connection: Connection) -> None:
    """Commit without waiting for the disk: a shadow that a crash takes along is made anew."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL synchronous_commit = off"))


def _keep_vacuum_away(connection: Connection, *tables: Table) -> None:
    """Have PostgreSQL end its own tidying of tables, as it does for who waits a second; nobody else waits."""
    quote = connection.dialect.identifier_preparer.quote
    names = ", ".join(quote(table.name) for table in tables)
    connection.execute(text(f"LOCK TABLE {names} IN SHARE UPDATE EXCLUSIVE MODE"))


class _Filling:
    """Fills a shadow table as far as the live rows know the feed, so that both can be compared there."""

    def __init__(self, feed: Feed, projection: Projection, shadow: Table) -> None:
        self.feed = feed
        self.projection = projection
        self.shadow = shadow
        self.position = 0
        self.target = 0
        self.failed: list[Failed] = []
        self._version: int | None = None
        self._held: set[str] = set()
        self._written = KeysWritten()

    def copy(self) -> "_Filling":
        """The same, to go on with in a transaction that may be rolled back and tried again."""
        other = _Filling(self.feed, self.projection, self.shadow)
        other.position, other.failed, other._held = self.position, list(self.failed), set(self._held)
        other._version = self._version
        other._written = self._written  # one that notes too much does no harm
        return other

    def aim(self, connection: Connection, checkpoint: Checkpoint) -> None:
        """Take the live checkpoint as the target; the feed's end, where it lies before it.

        Rows that were made of another history stand nowhere in this one: then all that there is is wanted.

        Raises:
            OtherHistoryError: the feed has begun anew since the filling began.
        """
        if self._version not in (None, checkpoint.version):
            raise OtherHistoryError(self.projection.name)
        self._version, end = checkpoint.version, self.feed.position(connection)
        self.target = end if checkpoint.of_another_history else min(checkpoint.position, end)

    def behind(self, store: Store) -> bool:
        """Whether anything is missing up to the target as it stands now."""
        with store.read() as connection:
            checkpoint = checkpoints.read(connection, self.projection.name)
            if checkpoint is None:
                raise NotPreparedError(self.projection.name)
            self.aim(connection, checkpoint)
        return self.position < self.target

    @property
    def limit(self) -> int:
        """How many positions the next step is about."""
        return min(PAGE, self.target - self.position)

    def step(self, connection: Connection, page: list[Envelope]) -> None:
        """Apply the events at the next ``limit`` positions."""
        limit = self.limit
        self.failed += apply_page(connection, self.projection, self.shadow, page, self._held, self._written)
        self.position += limit


class _ReadAhead:
    """Pages of a feed; on PostgreSQL the server reads the next one while this process applies the last.

    After each, the live checkpoint is looked at once more, which tells whether the feed has begun anew.
    """

    def __init__(self, store: Store, feed: Feed, types: Collection[str], reader: Executor) -> None:
        self._store = store
        self._feed = feed
        self._types = types
        self._reader = reader
        self._coming: tuple[tuple[int, int], Future[list[Envelope]]] | None = None

    def page(self, after: int, limit: int, target: int) -> list[Envelope]:
        """The events at the ``limit`` positions that follow one, on the way to a target."""
        coming, self._coming = self._coming, None
        if coming is not None and coming[0] == (after, limit):
            page = coming[1].result()
        else:
            page = self._read(after, limit)
        following = after + limit, PAGE
        if self._store.on_postgresql and sum(following) <= target:
            self._coming = following, self._reader.submit(self._read, *following)
        return page

    def _read(self, after: int, limit: int) -> list[Envelope]:
        with self._store.read() as connection:
            return self._feed.page(connection, after, limit, self._types)


@contextmanager
def _shadow_of(store: Store, projection: Projection) -> Iterator[Table]:
    """An empty table of the same columns, which is gone at the end unless it was swapped in.

    Its name has not been used: constraints keep their first names.
    """
    suffix = f"__{token_hex(4)}"
    shadow = projection.table.to_metadata(MetaData(), name=projection.name + suffix)
    for index in shadow.indexes:
        index.name = quoted_name(f"{index.name}{suffix}", quote=None)
    with store.write() as connection:
        _drop_left_overs(connection, projection)
        shadow.create(connection)
    try:
        yield shadow
    finally:
        with store.write() as connection:
            shadow.drop(connection, checkfirst=True)


def _drop_left_overs(connection: Connection, projection: Projection) -> None:
    """Remove what a rebuild that was killed has left behind."""
    for name in inspect(connection).get_table_names():
        if re.fullmatch(rf"{re.escape(projection.name)}__[0-9a-f]{{8}}", name):
            Table(name, MetaData()).drop(connection)


def _differing(connection: Connection, projection: Projection, shadow: Table) -> list[Key]:
    """Keys of the rows that differ where they are compared; one empty key where the columns differ."""
    if _columns(connection, projection.name) != _columns(connection, shadow.name):
        return [()]
    live = projection.table
    differing = _unmatched(connection, projection, shadow, live)
    counts = [connection.scalar(select(func.count()).select_from(table)) for table in (live, shadow)]
    if not differing and counts[0] == counts[1]:
        return []
    return list(dict.fromkeys([*_unmatched(connection, projection, live, shadow), *differing]))


def _unmatched(connection: Connection, projection: Projection, here: Table, there: Table) -> list[Key]:
    """Keys of the rows of a table to which the other has none that equals it where they are compared."""
    keys = [(here.c[name], there.c[name]) for name in projection.key_columns]
    others = sorted(set(projection.columns) - projection.personal - set(projection.key_columns))
    unmatched = or_(keys[0][1].is_(None), *(here.c[name].is_distinct_from(there.c[name]) for name in others))
    joined = here.outerjoin(there, and_(*(mine == theirs for mine, theirs in keys)))
    rows = connection.execute(select(*(mine for mine, _ in keys)).select_from(joined).where(unmatched))
    return [tuple(row) for row in rows]


def _columns(connection: Connection, table: str) -> dict[str, str]:
    """The columns that a table has in the store, with their types."""
    return {column["name"]: str(column["type"]) for column in inspect(connection).get_columns(table)}


def _swap(connection: Connection, projection: Projection, shadow: Table) -> None:
    """Put the shadow in the live table's place; readers wait for the moment it takes."""
    _drop_live(connection, projection)
    quote = connection.dialect.identifier_preparer.quote
    connection.execute(text(f"ALTER TABLE {quote(shadow.name)} RENAME TO {quote(projection.name)}"))


def _drop_live(connection: Connection, projection: Projection) -> None:
    """Drop the live table; where it held nothing personal, SQLite need not write zeros over all its pages."""
    spared = connection.dialect.name == "sqlite" and not projection.personal
    if spared:
        connection.exec_driver_sql("PRAGMA secure_delete = OFF")
    try:
        projection.table.drop(connection)
    finally:
        if spared:
            connection.exec_driver_sql("PRAGMA secure_delete = ON")
