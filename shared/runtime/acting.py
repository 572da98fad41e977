"""How a reaction acts: its commands are decided in the name of the house, under their derived ids."""

from typing import Any

from shared.log.envelope import Envelope
from shared.projections.reacting import Act
from shared.projections.reaction import Effect
from shared.rules.context import HOUSE
from shared.runtime.commands import Request
from shared.runtime.correlation import carried
from shared.runtime.house import House


def act_of(house: House) -> Act:
    """What has a reaction's commands decided: in the worker, and where an operator has them tried again.

    Both must send the very same request, or its repeat would be refused as another under one id.
    """

    def act(command: Any, command_id: str, envelope: Envelope) -> None:
        with carried(envelope.facts.correlation_id):
            if isinstance(command, Effect):
                command.do(house)
                return
            house.handle(Request(command, HOUSE, command_id, envelope.facts.correlation_id, envelope.id))

    return act
