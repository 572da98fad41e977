"""Replicas: another service's events in its own order, without personal parts, verified as they arrive."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from sqlalchemy import Connection, Row, select, text, update

from shared.bus.cloud_event import PublicEvent
from shared.bus.tables import replica_events, replicas
from shared.log.envelope import Envelope, moment_text
from shared.log.log import envelopes
from shared.log.merkle import Frontier
from shared.log.store import Store, among, insert_rows
from shared.projections import checkpoints, parking
from shared.rules.epoch import EpochBegan
from shared.rules.message import kind_of

STREAMS_REMEMBERED_MAX = 200_000
EPOCH_BEGAN = kind_of(EpochBegan).name

PUBLIC_COLUMNS = tuple(column for column in replica_events.c if column.name != "source")
"""Of an envelope all but the sealed part, which a replica does not have."""

EMPTY = {"log_id": "", "epoch": 0, "position": 0, "recorded_at": "", "frontier": b""}
BEGIN = text(
    "INSERT INTO replicas (source, log_id, epoch, position, recorded_at, frontier)"
    " VALUES (:source, :log_id, :epoch, :position, :recorded_at, :frontier) ON CONFLICT (source) DO NOTHING"
)


class ReplicaStopped(Exception):
    """The source tells another history than the replica holds. An operator has to look; nothing is taken."""


@dataclass(frozen=True, slots=True)
class SourceHead:
    """Where a source said that its log stands."""

    log_id: str
    epoch: int
    position: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Received:
    """What became of events that arrived.

    Args:
        position: the replica's last position now.
        appended: how many of them it took.
        known: how many it had.
        gap: whether others lie beyond a position that is missing.
    """

    position: int
    appended: int
    known: int
    gap: bool


class Replica:
    """The ordered copy of one source's events in a reader's own store; a Feed.

    Any number of processes may hand it events: each takes turns under the lock of the replica's row.

    Args:
        source: the service whose events these are.
    """

    def __init__(self, store: Store, source: str) -> None:
        self.store = store
        self._source = source
        self._versions: dict[str, int] = {}
        self._versions_at: bytes | None = None

    @property
    def source(self) -> str:
        """The service whose events these are."""
        return self._source

    def page(
        self, connection: Connection, after: int, limit: int, types: Collection[str] | None = None
    ) -> list[Envelope]:
        """The events at the ``limit`` positions that follow one, in order; their sealed parts are empty.

        Args:
            after: the position before the first.
            limit: how many positions are looked at, whatever stands there.
            types: of these events only those of some types; None: all.
        """
        columns = replica_events.c
        page = select(*PUBLIC_COLUMNS).where(
            columns.source == self._source, columns.position > after, columns.position <= after + limit
        )
        if types is not None:
            page = page.where(among(connection, columns.type, types))
        return envelopes(connection, page.order_by(columns.position))

    def position(self, connection: Connection) -> int:
        """The last position there is."""
        found = select(replicas.c.position).where(replicas.c.source == self._source)
        return connection.execute(found).scalar_one_or_none() or 0

    def position_at(self, moment: datetime) -> int:
        """The last position that its source had recorded at a moment; 0 before the first."""
        columns, until = replica_events.c, moment_text(moment)
        with self.store.read() as connection:
            known, later = 0, self.position(connection) + 1
            # Moments never go back, so that halving finds the place without an index on them.
            while later - known > 1:
                middle = (known + later) // 2
                recorded_at = select(columns.recorded_at).where(
                    columns.source == self._source, columns.position == middle
                )
                if connection.execute(recorded_at).scalar_one() <= until:
                    known = middle
                else:
                    later = middle
            return known

    def stopped(self) -> str | None:
        """Why it takes nothing any more; None while it does."""
        with self.store.read() as connection:
            found = select(replicas.c.stopped).where(replicas.c.source == self._source)
            return connection.execute(found).scalar_one_or_none()

    def begins_anew(self) -> bool:
        """Whether it was restarted and has taken nothing since; False for one that never held anything."""
        with self.store.read() as connection:
            found = select(replicas.c.position).where(replicas.c.source == self._source)
            return connection.execute(found).scalar_one_or_none() == 0

    def receive(self, events: Iterable[PublicEvent], head: SourceHead | None = None) -> Received:
        """Append those that follow without a gap, in one transaction; pass over those that are known.

        Args:
            events: in any order.
            head: where the source stood when or after it told them; compared if the replica is level with it.

        Waits for whoever else appends to it, as long as the store lets one wait for a lock.

        Raises:
            ReplicaStopped: now or earlier, the source told another history. None of the events was taken.
            SQLAlchemyError: the store is away, or the lock was not to be had in time.
        """
        arrived = sorted(events, key=lambda event: event.position)
        with self.store.write() as connection:
            found = self._lock(connection)
            known = [event for event in arrived if event.position <= found.position]
            following, reason = self._following(found, arrived[len(known) :])
            frontier = Frontier.from_bytes(found.position, found.frontier)
            for event in following:
                frontier.append(event.leaf)
            reason = (
                found.stopped
                or self._contradiction(connection, known)
                or reason
                or _against_head(following[-1] if following else found, frontier, head)
            )
            if reason is not None:
                connection.execute(self._row().values(stopped=reason))
            elif following:
                self._append(connection, following, frontier)
        if reason is not None:
            raise ReplicaStopped(f"the replica of {self._source} has stopped: {reason}")
        # Only now: a transaction that failed must leave nothing behind that the next is measured by.
        if following:
            self._remember(found.frontier, following, bytes(frontier))
        gap = bool(arrived) and arrived[-1].position > frontier.size
        return Received(frontier.size, len(following), len(known), gap)

    def stop(self, reason: str) -> NoReturn:
        """Take nothing any more, for a reason that an operator will read. Raises ReplicaStopped."""
        with self.store.write() as connection:
            self._lock(connection)
            connection.execute(self._row().where(replicas.c.stopped.is_(None)).values(stopped=reason))
        raise ReplicaStopped(f"the replica of {self._source} has stopped: {reason}")

    def _remember(self, before: bytes, following: Sequence[PublicEvent], after: bytes) -> None:
        if not self._remembers(before):
            self._versions = {}
        self._versions |= {event.stream: event.version for event in following}
        self._versions_at = after

    def _remembers(self, frontier: bytes) -> bool:
        """Whether nobody else has appended since, in this history, and there is room for more."""
        return frontier == self._versions_at and len(self._versions) < STREAMS_REMEMBERED_MAX

    def _row(self) -> Any:
        return update(replicas).where(replicas.c.source == self._source)

    def _lock(self, connection: Connection) -> Row[Any]:
        locked = select(replicas).where(replicas.c.source == self._source).with_for_update()
        row = connection.execute(locked).one_or_none()
        if row is None:
            connection.execute(BEGIN, {"source": self._source, **EMPTY})
            row = connection.execute(locked).one()
        return row

    def _following(
        self, found: Row[Any], beyond: Sequence[PublicEvent]
    ) -> tuple[list[PublicEvent], str | None]:
        """The events that follow without a gap, and why the next cannot, if it cannot.

        Versions are compared with those that this process has seen; the root covers all others.
        """
        remembered = self._versions if self._remembers(found.frontier) else {}
        versions: dict[str, int] = {}
        position, log_id, epoch, recorded_at = found.position, found.log_id, found.epoch, found.recorded_at
        following: list[PublicEvent] = []
        reason = None
        for event in beyond:
            if log_id not in ("", event.log_id):
                reason = f"at {event.position} it has the log {event.log_id}, not {log_id}"
            elif event.position > position + 1:
                break
            elif event.position == position:
                if event.leaf == following[-1].leaf:
                    continue
                reason = f"{event.position} was told twice, and differently"
            elif event.epoch != epoch and (event.epoch < epoch or event.type != EPOCH_BEGAN):
                reason = f"the epoch at {event.position} is {event.epoch} after {epoch}"
            elif event.recorded_at < recorded_at:
                reason = f"{event.position} was recorded before its predecessor"
            elif (
                event.version
                != (versions.get(event.stream) or remembered.get(event.stream, event.version - 1)) + 1
            ):
                reason = f"the stream's version at {event.position} does not follow"
            if reason is not None:
                break
            following.append(event)
            versions[event.stream] = event.version
            position, log_id, epoch, recorded_at = (
                event.position,
                event.log_id,
                event.epoch,
                event.recorded_at,
            )
        return following, reason

    def _contradiction(self, connection: Connection, known: Sequence[PublicEvent]) -> str | None:
        """Why events at known positions are not those that are known, if they are not."""
        if not known:
            return None
        columns = replica_events.c
        rows = connection.execute(
            select(columns.position, columns.leaf).where(
                columns.source == self._source,
                columns.position.in_({event.position for event in known}),
            )
        )
        leaves = {position: bytes(leaf) for position, leaf in rows}
        for event in known:
            if leaves.get(event.position) != event.leaf:
                return f"{event.position} is known with another hash"
        return None

    def _append(self, connection: Connection, following: Sequence[PublicEvent], frontier: Frontier) -> None:
        insert_rows(connection, replica_events, [(self._source, *event[:7]) for event in following])
        last = following[-1]
        connection.execute(
            self._row().values(
                log_id=last.log_id,
                epoch=last.epoch,
                position=last.position,
                recorded_at=last.recorded_at,
                frontier=bytes(frontier),
            )
        )


def restart_replica(store: Store, source: str, subscriptions: Iterable[str]) -> None:
    """Empty a replica, stopped or not, so that all of it is pulled anew.

    For an operator who knows why the source's history changed. Rows that were made of the old events stay
    until their projections are rebuilt; reactions read the new ones from the first, and do nothing twice.

    It waits for who is in mid-page, as long as the store lets one wait for a lock.

    Args:
        subscriptions: the names of all that follow this replica.

    Raises:
        SQLAlchemyError: the store is away, or a lock was not to be had in time. Nothing was changed.
    """
    with store.write() as connection:
        connection.execute(select(replicas).where(replicas.c.source == source).with_for_update())
        for name in subscriptions:
            checkpoints.begin_anew(connection, name)
            parking.clear(connection, name)
        connection.execute(replica_events.delete().where(replica_events.c.source == source))
        # The row stays: by it readers know that their queue holds messages of before.
        connection.execute(
            update(replicas).where(replicas.c.source == source).values(EMPTY | {"stopped": None})
        )


def _against_head(last: Any, frontier: Frontier, head: SourceHead | None) -> str | None:
    """Why a replica cannot be a copy of a log that stands at this head, if it cannot."""
    if head is None or not frontier.size or frontier.size > head.position:
        return None
    if head.log_id != last.log_id:
        return f"the source has the log {head.log_id}, not {last.log_id}"
    if head.epoch < last.epoch:
        return f"the source is in epoch {head.epoch}, after {last.epoch}"
    if head.position == frontier.size and head.root != frontier.root():
        return f"the source's root at {head.position} does not follow"
    return None
