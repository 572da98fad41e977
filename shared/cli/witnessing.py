"""What stands outside a log and can speak against it: other services, their figures, and the bank's books."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.bus.replica import Replica
from shared.cli.following import Following, opened
from shared.cli.mistakes import told
from shared.cli.sentences import Mistake, Sentence
from shared.cli.services import settings_of
from shared.log.log import Log
from shared.log.verify_chunk import Finding
from shared.runtime.auditing import Witness, witness
from shared.runtime.calls import RefusedCall
from shared.runtime.finding import service_class, service_names
from shared.runtime.local import Local, token_of_the_house
from shared.runtime.status import sources_of

EVER = {"from_on": "1900-01-01", "to_on": "2100-12-31"}
BEFORE_ALL = "1900-01-01T00:00:00+08:00"
COUNTS = "reporting"
"""The service whose figures are compared."""
LOGINS = "staffing"
"""The service under whose key a token is good everywhere."""
BEHIND_SECONDS_MAX = 10.0
"""How long the service that counts may take until it knows what was replayed."""
LOOK_EVERY_SECONDS = 0.1


def readers_of(service: str) -> list[str]:
    """The other services that keep a replica of a service's log."""
    return [each for each in service_names() if service in sources_of(service_class(each))]


@contextmanager
def witnessing(reader: str) -> Iterator[Following]:
    """A reader, opened. Raises Mistake where it cannot be: a log without witnesses can be cut off unseen."""
    try:
        with opened(reader) as following:
            yield following
    except Mistake as mistake:
        raise Mistake(
            mistake.sentence,
            Sentence(
                f"{mistake.hint.zh}；无法核对其所知时，加 --without-witnesses",
                f"{mistake.hint.en}; to do without what it knows, add --without-witnesses",
            ),
            mistake.more,
        ) from None


def witnesses_of(service: str) -> tuple[list[Witness], list[Finding]]:
    """What its readers know of a log; of one that knows nothing, that it does. Raises Mistake."""
    known, silent = [], []
    for reader in readers_of(service):
        with witnessing(reader) as other:
            found = witness(other.house.store, reader, service)
        if found is None:
            silent.append(Finding("witness.silent", f"{reader}: no event of {service}"))
        else:
            known.append(found)
    return known, silent


def projection_findings(following: Following, source: str | None = None) -> list[Finding]:
    """Rows of a service that are not what the events make of them, and events that could not be applied.

    Args:
        source: only of projections that follow this service.
    """
    from shared.projections.rebuilding import compare

    found = []
    for projection in following.projections(None):
        if source not in (None, projection.source):
            continue
        report = compare(following.house.store, following.feed(projection.source), projection)
        name = projection.name if source is None else f"{following.name} {projection.name}"
        if report.differences:
            found.append(Finding("projection.differs", f"{name}: {report.differences} rows"))
        if report.failed:
            found.append(Finding("projection.failed", f"{name}: {report.failed} events"))
    return found


def figure_findings(service: str, totals: dict[str, int], log: Log, position: int) -> list[Finding]:
    """Where the figures are not what a replay comes to, or rest on rows that are not what events make.

    Figures are counted as of the last event that was replayed: meanwhile the service may have gone on.

    Args:
        totals: what the replay came to, by the figure's code.
        log: the service's; ``position``: of its last event that was replayed.

    Raises Mistake where the figures are refused.
    """
    last = log.read(position - 1, 1) if position else []
    moment = last[0].recorded_at if last else BEFORE_ALL
    with witnessing(COUNTS) as counting:
        knows = position_known(counting, service, position)
        if knows < position:
            return [Finding("total.behind", f"{COUNTS}: event {knows} of {position}")]
        with told(LOGINS):
            token = token_of_the_house(settings_of(LOGINS), "auditor")
        try:
            answer = Local(counting.service, counting.house, token).call(
                "figures_as_of", **EVER, moment=moment
            )
        except RefusedCall as refused:
            raise Mistake(
                Sentence(f"统计数字无法核对：{refused.zh}", f"the figures cannot be compared: {refused.en}"),
                Sentence("请查看 gonghui status", "look at gonghui status"),
            ) from None
        counted = {each["code"]: each["value"] for each in answer["answer"]}
        differing = [
            Finding("total.differs", f"{code}: replay {value}, figures {counted.get(code)}")
            for code, value in totals.items()
            if counted.get(code) != value
        ]
        return differing + projection_findings(counting, service)


def position_known(following: Following, source: str, position: int) -> int:
    """How far a reader knows a source, once it knows a position or has had time enough to."""
    replica, store = Replica(following.house.store, source), following.house.store
    deadline = time.monotonic() + BEHIND_SECONDS_MAX
    while True:
        with store.read() as connection:
            known = replica.position(connection)
        if known >= position or time.monotonic() > deadline:
            return known
        time.sleep(LOOK_EVERY_SECONDS)


def booked_in(file: Path) -> list[tuple[str, int]]:
    """Line and fen of each payment that the bank booked. Raises Mistake."""
    import csv

    try:
        with file.open(encoding="utf-8-sig", newline="") as opened_file:
            reader = csv.DictReader(opened_file)
            booked = [(row["line_id"], int(row["amount_fen"])) for row in reader]
            # A file without a row may be any file at all: its headings tell.
            headings = set(reader.fieldnames or ())
    except (OSError, KeyError, TypeError, ValueError):
        headings, booked = set(), []
    if not {"line_id", "amount_fen"} <= headings:
        raise Mistake(
            Sentence(f"无法读取银行账簿 {file}", f"the bank's books {file} cannot be read"),
            Sentence("应为csv，首行 line_id,amount_fen", "a csv is expected that begins line_id,amount_fen"),
        )
    return booked
