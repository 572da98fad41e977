"""The skipped reaction as an aggregate: an event that a service leaves undone, with the reason for it."""

from typing import assert_never

from shared.rules.context import Context
from shared.rules.decider import Decider
from shared.rules.message import message
from shared.rules.personal import PublicText
from shared.rules.refusal import Refusal

REASON_MISSING = Refusal(
    "reaction.reason_missing",
    zh="跳过须写明原因",
    en="a reaction is skipped with a reason, which must be told",
)


@message
class SkipReaction:
    """The reason is public: it names no person."""

    subscription: str
    source: str
    event_id: str
    position: int
    stream: str
    code: str
    reason: PublicText


@message
class ReactionSkipped:
    """``code`` is why the reaction had been parked, ``reason`` why it is left undone."""

    subscription: str
    source: str
    event_id: str
    position: int
    stream: str
    code: str
    reason: PublicText


@message
class Skipped:
    """The events that one subscription has skipped, by id."""

    event_ids: frozenset[str] = frozenset()


def decide(command: SkipReaction, state: Skipped, context: Context) -> list[ReactionSkipped]:
    """Source: design, section 7: a parked reaction is skipped with a reason, which is an event."""
    if command.event_id in state.event_ids:
        return []
    if not command.reason.strip():
        raise REASON_MISSING(field="reason")
    return [
        ReactionSkipped(
            subscription=command.subscription,
            source=command.source,
            event_id=command.event_id,
            position=command.position,
            stream=command.stream,
            code=command.code,
            reason=command.reason,
        )
    ]


def evolve(state: Skipped, event: ReactionSkipped) -> Skipped:
    match event:
        case ReactionSkipped():
            return Skipped(event_ids=state.event_ids | {event.event_id})
        case _:
            assert_never(event)


skipped_reaction = Decider(
    "reaction", "subscription", SkipReaction, ReactionSkipped, Skipped(), decide, evolve
)
