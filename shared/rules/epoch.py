"""The log's own stream: when it was founded and when it was restored; each begins an epoch."""

from typing import Literal, assert_never

from shared.rules.context import Context
from shared.rules.decider import Decider
from shared.rules.message import message

Occasion = Literal["founded", "restored"]


@message
class BeginEpoch:
    log_id: str
    service: str
    occasion: Occasion


@message
class EpochBegan:
    log_id: str
    service: str
    occasion: Occasion
    epoch: int


@message
class Epoch:
    number: int = 0


def decide(command: BeginEpoch, state: Epoch, context: Context) -> list[EpochBegan]:
    """Source: design, section 4.10: an epoch is raised by every restore or failover."""
    return [
        EpochBegan(
            log_id=command.log_id, service=command.service, occasion=command.occasion, epoch=state.number + 1
        )
    ]


def evolve(state: Epoch, event: EpochBegan) -> Epoch:
    match event:
        case EpochBegan():
            return Epoch(number=event.epoch)
        case _:
            assert_never(event)


epoch = Decider("log", "log_id", BeginEpoch, EpochBegan, Epoch(), decide, evolve)
