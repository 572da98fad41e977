"""Verifying a log: each leaf, column, command and unique key is worked out again and compared."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from itertools import repeat
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.context import BaseContext
from secrets import randbelow

import msgspec
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import OperationalError

from shared.log.asking import Question, ask_in_pages
from shared.log.log import NotFounded
from shared.log.merkle import Frontier
from shared.log.sealing import Vault
from shared.log.store import Store
from shared.log.tables import commands, digests, events, head, person_keys, unique_keys
from shared.log.verify_chunk import Chunk, Finding, Share, keys_weight, read_event_facts, verify_chunk
from shared.log.verify_digests import wrong_digests

CHUNK = 16_384
"""Events a chunk: a power of two, so that a whole chunk is one complete subtree."""
NOT_UTF8 = "Could not decode to UTF-8"
SHOWN_MOST = 10
HASH_SEED = "PYTHONHASHSEED"
PAGE = 1_000
PATIENCE_SECONDS = 600.0
UNIQUE_KEYS = Question(lambda _: select(unique_keys))
FORGOTTEN = select(person_keys.c.person_id).where(person_keys.c.wrapped.is_(None))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found; without findings the log is whole.

    Args:
        root: the Merkle root worked out from the leaves, to be compared with one kept elsewhere.
    """

    log_id: str
    epoch: int
    events: int
    commands: int
    root: bytes
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class _Sum:
    """What the chunks amount to, one after the other."""

    frontier: Frontier = field(default_factory=Frontier)
    findings: list[Finding] = field(default_factory=list)
    events: int = 0
    commands: int = 0
    recorded_at: str = ""
    epoch: int = 0
    idle: str = ""
    weight: int = 0
    personal_keys: int = 0
    forgotten: set[tuple[str, str]] = field(default_factory=set)

    def add(self, chunk: Chunk) -> None:
        self.findings += chunk.findings
        if chunk.first_moment < self.recorded_at:
            self.findings.append(Finding("event.moment", f"event {chunk.after + 1}: recorded_at"))
        if self.frontier.size == chunk.after:  # after a gap there is no tree to go on with
            for subtree, leaves in chunk.subtrees:
                self.frontier.append_subtree(subtree, leaves)
        self.events += chunk.events
        self.commands, self.recorded_at = chunk.last_command, chunk.last_moment
        self.epoch, self.idle = chunk.epoch, chunk.idle
        self.weight += chunk.weight
        self.personal_keys += chunk.personal_keys
        for key, taken in chunk.forgotten:
            (self.forgotten.add if taken else self.forgotten.discard)(key)


def verify(
    store: Store,
    processes: int = 1,
    progress: Callable[[int], None] | None = None,
    vault: Vault | None = None,
) -> Verdict:
    """Verify a whole log as it stands at the start; appends may go on.

    Args:
        processes: how many share the work, each on its own chunks.
        progress: told the number of events done, chunk by chunk.
        vault: works out the digests of personal keys, too; without it they are only counted.

    Raises:
        NotFounded: the store holds no log.
    """
    try:
        return _verify(store, processes, progress, vault)
    except (sqlite3.OperationalError, OperationalError) as error:
        if NOT_UTF8 not in str(error):
            raise
        # Only a damaged text does not read as one: then all are read in a slower way.
        with closing(Store(store.url.render_as_string(hide_password=False), damaged=True)) as damaged:
            return _verify(damaged, processes, progress, vault)


def _verify(
    store: Store, processes: int, progress: Callable[[int], None] | None, vault: Vault | None
) -> Verdict:
    with ExitStack() as working:
        with store.snapshot() as connection:
            stands = connection.execute(select(head)).one_or_none()
            if stands is None:
                raise NotFounded("the store holds no log yet")
            forgotten = frozenset(connection.scalars(FORGOTTEN))
            log_id = _first_log_id(connection) or stands.log_id
            shares = _shares(connection, log_id, forgotten)
            # Other processes begin while the derived tables are read here.
            chunks, weight = working.enter_context(_shared_out(store, shares, processes))
            findings = _gaps(connection)
            digests_kept = connection.scalar(select(func.count()).select_from(digests)) or 0
            if vault is not None:
                findings += wrong_digests(connection, vault)
        total = _Sum(findings=findings)
        for chunk in chunks:
            total.add(chunk)
            if progress is not None:
                progress(total.events)
        kept_weight = weight()
    worked_out = {
        "only": 1,
        "log_id": log_id,
        "epoch": total.epoch,
        "position": total.frontier.size,
        "frontier": bytes(total.frontier),
        "recorded_at": total.recorded_at,
        "commands": total.commands,
        "idle": total.idle,
    }
    for name, value in worked_out.items():
        if getattr(stands, name) != value:
            findings.append(Finding("head.column", f"head: {name}"))
    if kept_weight != total.weight:
        findings.append(Finding("keys.differ", "unique_keys"))
    if digests_kept != total.personal_keys - len(total.forgotten):
        findings.append(Finding("keys.differ", "digests"))
    root = total.frontier.root()
    return Verdict(stands.log_id, stands.epoch, total.events, total.commands, root, tuple(findings))


def _shares(connection: Connection, log_id: str, forgotten: frozenset[str]) -> list[Share]:
    """Shares of all rows that there are: what the head tells of their numbers is compared at the end."""
    position: int = connection.scalar(select(func.max(events.c.position))) or 0
    last_command: int = connection.scalar(select(func.max(commands.c.number))) or 0
    starts = range(0, max(position, 1), CHUNK)
    return [
        Share(
            log_id,
            after,
            min(after + CHUNK, position),
            last_command if after == starts[-1] else None,
            forgotten,
        )
        for after in starts
    ]


@contextmanager
def _shared_out(
    store: Store, shares: list[Share], processes: int
) -> Iterator[tuple[Iterator[Chunk], Callable[[], int]]]:
    """The chunks of a log in their order, and the weight of the keys that its table holds.

    Both are worked out by this process when they are asked for, or by others at once.
    """
    position = shares[-1].up_to
    if processes == 1:
        yield (verify_chunk(store, share) for share in shares), lambda: _kept_weight(store, position)
        return
    opening = store.url.render_as_string(hide_password=False), store.damaged
    with ProcessPoolExecutor(processes, _beginning(), _open_store, opening) as pool, _one_seed():
        weight = pool.submit(_kept_weight_apart, position)
        yield pool.map(_verify_apart, shares), weight.result


def _beginning() -> BaseContext:
    """How other processes begin: forked from one that has imported, once, what all of them need.

    Where eventlet has replaced the sockets, which then pass no files on, each has to import it for itself.
    """
    if "forkserver" not in get_all_start_methods():
        return get_context("spawn")
    forked = get_context("forkserver")
    forked.set_forkserver_preload([__name__])
    return forked


@contextmanager
def _one_seed() -> Iterator[None]:
    """Processes started within hash alike, with a secret of their own, so that their weights compare."""
    before = os.environ.get(HASH_SEED)
    os.environ[HASH_SEED] = str(randbelow(2**32))
    try:
        yield
    finally:
        if before is None:
            del os.environ[HASH_SEED]
        else:
            os.environ[HASH_SEED] = before


_STORES: list[Store] = []
"""The one store of a process that verifies for another."""


def _open_store(url: str, damaged: bool) -> None:  # noqa: FBT001 - what a process is started with
    _STORES.append(Store(url, connections=2, patience_seconds=PATIENCE_SECONDS, damaged=damaged))


def _verify_apart(share: Share) -> Chunk:
    return verify_chunk(_STORES[0], share)


def _kept_weight_apart(position: int) -> int:
    return _kept_weight(_STORES[0], position)


def _kept_weight(store: Store, position: int) -> int:
    """The weight of the keys that the table held when the log ended at a position; it may go on since.

    A sum over them is compared, since a set of a million would not fit.
    """
    later = select(events.c.stream, events.c.public).where(events.c.position > position)
    with store.snapshot() as connection:
        weight = sum(map(keys_weight, ask_in_pages(connection, UNIQUE_KEYS)))
        for stream, public in connection.execute(later.execution_options(yield_per=PAGE)):
            keys = read_event_facts(public).keys
            weight += keys_weight(zip(keys.releases, repeat(stream), strict=False))
            weight -= keys_weight(zip(keys.takes, repeat(stream), strict=False))
        return weight


def _first_log_id(connection: Connection) -> str:
    """The identity that the first leaf tells; the head's is compared with it like all the head's columns."""
    public = connection.scalar(select(events.c.public).where(events.c.position == 1))
    try:
        return "" if public is None else read_event_facts(public).log_id
    except msgspec.MsgspecError:
        return ""


def _gaps(connection: Connection) -> list[Finding]:
    """Streams whose versions are not 1..n."""
    broken = (
        select(events.c.stream)
        .group_by(events.c.stream)
        .having(func.max(events.c.version) != func.count())
        .limit(SHOWN_MOST)
    )
    return [Finding("stream.gap", stream) for stream in connection.scalars(broken)]
