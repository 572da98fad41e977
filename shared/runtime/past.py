"""Queries answered as they would have been at an earlier moment, from the prefixes of what they read."""

from collections.abc import Callable, Sequence
from dataclasses import field as field_of
from datetime import datetime
from threading import BoundedSemaphore
from typing import Any

from shared.bus.replica import Replica
from shared.projections.as_of import as_of
from shared.projections.projection import Projection
from shared.rules.refusal import Refusal
from shared.runtime.calls import Call
from shared.runtime.house import House
from shared.runtime.methods import arguments_of, query
from shared.runtime.scopes import ORGANISATION, SUBTREE
from shared.standards.dates import within_range
from shared.standards.invalid import Invalid

MOMENT = Refusal(
    "query.moment",
    zh="应为带时区的时刻，如 2026-06-30T18:00:00+08:00",
    en="must be a moment with its offset, such as 2026-06-30T18:00:00+08:00",
)


AT_ONCE = BoundedSemaphore(2)
"""How many such answers are made at a time in a process: each holds whole projections in memory."""
BUSY = Refusal(
    "query.busy",
    zh="正在进行的查询太多，请稍后再试",
    en="too many such queries are being answered at the moment; try again later",
)


class query_as_of(query):  # noqa: N801 - it reads as a word in service classes
    """A query as an RPC method that answers what it would have answered at an earlier moment.

    The method takes the query's arguments and ``moment``, with its offset from UTC, and answers
    ``{answer, known, complete}``: ``known`` is by source the last position that had been recorded by then.
    """

    def _accepts(self) -> type[Any]:
        more: list[tuple[str, Any, Any]] = [("moment", str, field_of())]
        if self._scope == SUBTREE:
            more.insert(0, (ORGANISATION, str | None, field_of(default=None)))
        return arguments_of(self._function, more)

    def _run(self, call: Call, values: dict[str, Any]) -> Any:
        moment = moment_in(values.pop("moment"))
        if not AT_ONCE.acquire(blocking=False):
            raise BUSY()
        try:
            return answer_as_of(call, self._function, values, self._reads, moment)
        finally:
            AT_ONCE.release()


def moment_in(text: str) -> datetime:
    """A moment as it is sent. Raises the refusal ``query.moment``."""
    try:
        moment = datetime.fromisoformat(text)
        within_range(moment.date())
    except (ValueError, Invalid):
        raise MOMENT(field="moment") from None
    if moment.tzinfo is None:
        raise MOMENT(field="moment")
    return moment


def answer_as_of(
    call: Call,
    function: Callable[..., Any],
    values: dict[str, Any],
    reads: Sequence[Projection],
    moment: datetime,
) -> dict[str, Any]:
    """A query's answer at a moment, in the form of ``answer_query``.

    Args:
        function: ``(connection, **values)``.
        reads: the projections that it reads, which are made anew in memory.
    """
    house = call.house
    up_to = {source: position_at(house, source, moment) for source in {each.source for each in reads}}
    followed = [(each, house.feed(each.source), up_to[each.source]) for each in reads]
    with as_of(house.store, followed, call.check_time) as then:
        return {
            "answer": function(then.connection, **values),
            "known": then.known,
            "complete": then.complete,
        }


def position_at(house: House, source: str, moment: datetime) -> int:
    """The last position of a source that had been recorded at a moment, as far as this house knows it."""
    if source == house.log.source:
        return house.log.position_at(moment)
    return Replica(house.store, source).position_at(moment)
