"""Verifying a log: each leaf, column, command and unique key is worked out again and compared."""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

from sqlalchemy import Connection, func, select

from shared.log.log import Head, head_of
from shared.log.merkle import Frontier
from shared.log.store import Store
from shared.log.tables import commands, digests, events, head, person_keys, unique_keys
from shared.log.verify_chunk import Chunk, Finding, key_weight, verify_chunk

CHUNK = 65_536
"""Events a chunk: a power of two, so that a whole chunk is one complete subtree."""
WEIGHTS = 2**256


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found; without findings the log is whole.

    Args:
        root: the Merkle root worked out from the leaves, to be compared with one kept elsewhere.
    """

    head: Head
    events: int
    commands: int
    root: bytes
    findings: tuple[Finding, ...]


def verify(store: Store, processes: int = 1, progress: Callable[[int], None] | None = None) -> Verdict:
    """Verify a whole log.

    Args:
        processes: how many share the work, each on its own chunks.
        progress: told the number of events done, chunk by chunk.

    Raises:
        NotFounded: the store holds no log.
    """
    with store.read() as connection:
        stands = head_of(connection)
        row = connection.execute(select(head)).one()
    frontier, findings, weight, recorded, personal = Frontier(), [], 0, "", 0
    events_seen, epoch, commands_seen, idle = 0, 0, 0, ""
    for chunk in _chunks(store, row.log_id, row.position, processes):
        findings += chunk.findings
        if chunk.first_moment < recorded:
            findings.append(Finding("event.moment", f"event {chunk.after + 1}"))
        recorded = chunk.last_moment
        for subtree, leaves in chunk.subtrees:
            frontier.append_subtree(subtree, leaves)
        weight = (weight + chunk.weight) % WEIGHTS
        personal += chunk.personal_keys
        events_seen += chunk.events
        epoch, commands_seen, idle = chunk.epoch, chunk.last_command, chunk.idle
        if progress is not None:
            progress(events_seen)
    with store.read() as connection:
        worked_out = {
            "epoch": epoch,
            "position": frontier.size,
            "frontier": bytes(frontier),
            "recorded_at": recorded,
            "commands": commands_seen,
            "idle": idle,
        }
        findings += [
            Finding("head.column", f"head: {name}")
            for name, value in worked_out.items()
            if getattr(row, name) != value
        ]
        findings += _stream_findings(connection)
        findings += _key_findings(connection, weight, personal)
    return Verdict(stands, events_seen, commands_seen, frontier.root(), tuple(findings))


def _chunks(store: Store, log_id: str, position: int, processes: int) -> Iterator[Chunk]:
    starts = range(0, max(position, 1), CHUNK)
    bounds = [(after, min(after + CHUNK, position), after + CHUNK >= position) for after in starts]
    if processes == 1:
        for after, up_to, is_last in bounds:
            yield verify_chunk(store, log_id, after, up_to, is_last=is_last)
        return
    url = store.url.render_as_string(hide_password=False)
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        yield from pool.map(_verify_apart, [(url, log_id, *bound) for bound in bounds])


def _verify_apart(share: tuple[str, str, int, int, bool]) -> Chunk:
    url, log_id, after, up_to, is_last = share
    store = Store(url, connections=2)
    try:
        return verify_chunk(store, log_id, after, up_to, is_last=is_last)
    finally:
        store.close()


def _stream_findings(connection: Connection) -> list[Finding]:
    gaps = (
        select(events.c.stream)
        .group_by(events.c.stream)
        .having(func.max(events.c.version) != func.count())
        .limit(10)
    )
    return [Finding("stream.gap", stream) for stream in connection.scalars(gaps)]


def _key_findings(connection: Connection, weight: int, personal: int) -> list[Finding]:
    """Compare the tables of unique keys with what the leaves say was taken and released.

    Keys are compared by a sum over them, since a set of a million would not fit; personal ones by their
    number, which erasure alone may lower.
    """
    findings = []
    stored = 0
    for key, stream in connection.execute(select(unique_keys).execution_options(yield_per=5_000)):
        stored = (stored + key_weight(key, stream)) % WEIGHTS
    if stored != weight:
        findings.append(Finding("keys.differ", "unique_keys"))
    kept = connection.scalar(select(func.count()).select_from(digests)) or 0
    forgotten = connection.scalar(select(func.count()).where(person_keys.c.wrapped.is_(None))) or 0
    if kept > personal or (kept < personal and not forgotten):
        findings.append(Finding("keys.differ", "digests"))
    surplus = connection.scalar(select(func.count()).select_from(commands)) or 0
    told = connection.scalar(select(head.c.commands)) or 0
    if surplus != told:
        findings.append(Finding("command.count", f"{surplus} rows, {told} in the head"))
    return findings
