"""Auditing: a log verified and replayed side by side, and set against what others know of it."""

from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

from sqlalchemy import func, select

from shared.bus.tables import replicas
from shared.log.merkle import Frontier
from shared.log.store import Store
from shared.log.tables import events
from shared.log.verify import PATIENCE_SECONDS, Verdict, verify
from shared.log.verify_chunk import Finding
from shared.rules.language import Language
from shared.runtime.replaying import Law, Replay, replay

PAGE = 10_000
ALONE_MOST = 20_000
"""Up to so many events are verified sooner than another process has started."""


@dataclass(frozen=True, slots=True)
class Witness:
    """What another service's replica knows of a log.

    Args:
        reader: the service that keeps the replica.
    """

    reader: str
    log_id: str
    epoch: int
    position: int
    root: bytes


def witness(store: Store, reader: str, source: str) -> Witness | None:
    """What a reader's store knows of a source; None where it keeps no replica of it."""
    with store.read() as connection:
        row = connection.execute(select(replicas).where(replicas.c.source == source)).one_or_none()
    if row is None or row.position == 0:
        return None
    frontier = Frontier.from_bytes(row.position, row.frontier)
    return Witness(reader, row.log_id, row.epoch, row.position, frontier.root())


def against_witnesses(store: Store, log_id: str, witnesses: Iterable[Witness]) -> list[Finding]:
    """Where a log is not what others remember of it: cut off, replaced, or changed under them."""
    findings = []
    with store.read() as connection:
        last = connection.execute(select(func.max(events.c.position))).scalar_one() or 0
    roots = roots_at(store, {each.position for each in witnesses if each.position <= last})
    for each in witnesses:
        if each.log_id != log_id:
            findings.append(Finding("witness.other_log", f"{each.reader}: log {each.log_id}"))
        elif each.position > last:
            cut = f"{each.reader} knows {each.position} events, the log holds {last}"
            findings.append(Finding("witness.cut_off", cut))
        elif roots[each.position] != each.root:
            findings.append(Finding("witness.other_root", f"{each.reader}: event 1-{each.position}"))
    return findings


def roots_at(store: Store, positions: set[int]) -> dict[int, bytes]:
    """The Merkle root of the log's first so many events, for each of some positions."""
    roots: dict[int, bytes] = {}
    if not positions:
        return roots
    frontier = Frontier()
    leaves = select(events.c.leaf).where(events.c.position <= max(positions)).order_by(events.c.position)
    with store.read() as connection:
        for leaf in connection.execute(leaves.execution_options(yield_per=PAGE)).scalars():
            frontier.append(leaf)
            if frontier.size in positions:
                roots[frontier.size] = frontier.root()
    # A log with a gap never comes to some of them.
    return {each: roots.get(each, b"") for each in positions}


def verify_and_replay(
    store: Store,
    language: Language,
    laws: tuple[Law, ...],
    progress: Callable[[int], None] | None = None,
) -> tuple[Verdict, Replay]:
    """Verify a log in a process of its own while it is replayed in this one: two cores share the work."""
    with store.read() as connection:
        last = connection.execute(select(func.max(events.c.position))).scalar_one() or 0
    if last <= ALONE_MOST:
        return verify(store), replay(store, language, laws, progress)
    url = store.url.render_as_string(hide_password=False)
    with ProcessPoolExecutor(1, get_context("spawn")) as beside:
        verdict = beside.submit(_verify, url)
        replayed = replay(store, language, laws, progress)
        return verdict.result(), replayed


def _verify(url: str) -> Verdict:
    store = Store(url, connections=2, patience_seconds=PATIENCE_SECONDS)
    try:
        return verify(store)
    finally:
        store.close()
