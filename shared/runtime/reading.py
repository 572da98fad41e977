"""Answering queries: what they know at least, how far they know, and whether that is complete."""

from collections.abc import Callable, Sequence
from threading import BoundedSemaphore
from typing import Any

from shared.log.store import Store
from shared.projections.feed import Feed
from shared.projections.following import standing
from shared.projections.projection import Projection
from shared.projections.waiting import AtLeast, NotYetError, OtherEpochError, wait_until_known
from shared.rules.refusal import Refusal
from shared.runtime.house import House

WAIT_SECONDS_MAX = 5.0
WAITING = BoundedSemaphore(16)
"""How many callers wait at a time in a process: the others are told at once, so that work goes on."""

NOT_YET = Refusal(
    "query.not_yet",
    zh="{source}的事件尚未读到位置{position}，请稍后再查",
    en="the events of {source} are not known up to {position} yet; ask again later",
)
OTHER_EPOCH = Refusal(
    "query.other_epoch",
    zh="{source}的位置{position}不属于纪元{epoch}：其日志曾由备份恢复，请按命令编号查询是否已登记",
    en="position {position} of {source} is not of epoch {epoch}: its log was brought back from a copy; "
    "ask by the command's id whether it was recorded",
)
SOURCE_NOT_READ = Refusal(
    "query.source_not_read",
    zh="该查询不读取此来源，只读取：{sources}",
    en="this query does not read that source; it reads: {sources}",
)


def answer_query(
    house: House,
    function: Callable[..., Any],
    values: dict[str, Any],
    reads: Sequence[Projection],
    at_least: AtLeast | None,
) -> dict[str, Any]:
    """A query's answer with how far it knows.

    Args:
        function: ``(connection, **values)``.
        reads: the projections that it reads.
        at_least: what it shall know; waited for first, up to WAIT_SECONDS_MAX.

    Returns:
        ``answer``: what the function made. ``known``: by source, the position up to which it knows.
        ``complete``: False while a projection has events parked or waits for a rebuild.

    Raises the refusals ``query.not_yet``, ``query.other_epoch`` and ``query.source_not_read``.
    """
    if at_least is not None:
        _wait(house, reads, at_least)
    known: dict[str, int] = {}
    complete = True
    with house.store.read() as connection:
        # Before the rows: what is applied in between makes the answer know more than it says, never less.
        for projection in reads:
            stands = standing(connection, house.feed(projection.source), projection)
            known[stands.source] = min(stands.position, known.get(stands.source, stands.position))
            complete = complete and stands.complete
        return {"answer": function(connection, **values), "known": known, "complete": complete}


def _wait(house: House, reads: Sequence[Projection], at_least: AtLeast) -> None:
    subscriptions = [each.name for each in reads if each.source == at_least.source]
    if not subscriptions:
        sources = ", ".join(sorted({each.source for each in reads})) or "-"
        raise SOURCE_NOT_READ(field="at_least.source", sources=sources)
    told = {"source": at_least.source, "position": at_least.position}
    try:
        feed = house.feed(at_least.source)
        _wait_within_limits(house.store, feed, subscriptions, at_least)
    except NotYetError:
        raise NOT_YET(field="at_least", **told) from None
    except OtherEpochError:
        raise OTHER_EPOCH(field="at_least", epoch=at_least.epoch, **told) from None


def _wait_within_limits(store: Store, feed: Feed, subscriptions: Sequence[str], at_least: AtLeast) -> None:
    """As ``wait_until_known``; who would be one too many to wait is only told whether it is known already."""
    is_waiting = WAITING.acquire(blocking=False)
    try:
        seconds_max = WAIT_SECONDS_MAX if is_waiting else 0.0
        wait_until_known(store, feed, subscriptions, at_least, seconds_max)
    finally:
        if is_waiting:
            WAITING.release()
