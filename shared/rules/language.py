"""A service's whole language: its deciders, and the types of their messages by stored name."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.rules.decider import Decider
from shared.rules.epoch import epoch
from shared.rules.message import kind_of
from shared.rules.parameter import Parameter
from shared.rules.personal import Personal
from shared.rules.plain import from_plain, plan_of
from shared.rules.policy_parameter import policy_parameter_of
from shared.rules.skipped_reaction import skipped_reaction


class UnknownType(Exception):
    """A stored event or command names a type or schema that this code does not know: never passed over."""


class Language:
    """What a service can say and understand.

    Args:
        service: the name of the service.
        deciders: one for each kind of stream; every service understands epochs, policy parameters and
            skipped reactions besides.
        parameters: the policy parameters that its rules ask for: no others are set, unless there are none.

    Raises:
        ValueError: a name is used twice.
    """

    def __init__(
        self, service: str, deciders: Sequence[Decider], parameters: Sequence[Parameter[Any]] = ()
    ) -> None:
        self.service = service
        own = (epoch, policy_parameter_of(parameters), skipped_reaction, *deciders)
        self.deciders = {decider.name: decider for decider in own}
        if len(self.deciders) < len(own):
            raise ValueError(f"two kinds of stream of {service} bear one name")
        self.commands: dict[str, tuple[type[Any], Decider]] = {}
        self.events: dict[str, tuple[type[Any], Decider]] = {}
        for decider in self.deciders.values():
            for table, message_types in (
                (self.commands, decider.command_types()),
                (self.events, decider.event_types()),
            ):
                for message_type in message_types:
                    self._declare(table, message_type, decider)

    def _declare(
        self, table: dict[str, tuple[type[Any], Decider]], message_type: type[Any], decider: Decider
    ) -> None:
        kind = kind_of(message_type)
        if kind.name in table:
            raise ValueError(f"{kind.name} is declared twice")
        plan_of(message_type)
        table[kind.name] = (message_type, decider)

    def decider_of_event(self, event: Any) -> Decider:
        return self._of(self.events, kind_of(type(event)).name)[1]

    def decider_of_command(self, command: Any) -> Decider:
        return self._of(self.commands, kind_of(type(command)).name)[1]

    def event(
        self, name: str, schema: int, data: dict[str, Any], personal: Mapping[str, Personal[Any]]
    ) -> Any:
        """A stored event as the type it has today. Raises UnknownType, UnknownShape."""
        return read_stored(self._of(self.events, name)[0], schema, data, personal)

    def command(
        self, name: str, schema: int, data: dict[str, Any], personal: Mapping[str, Personal[Any]]
    ) -> Any:
        """A stored command as the type it has today. Raises UnknownType, UnknownShape."""
        return read_stored(self._of(self.commands, name)[0], schema, data, personal)

    def _of(self, table: dict[str, tuple[type[Any], Decider]], name: str) -> tuple[type[Any], Decider]:
        if name not in table:
            raise UnknownType(f"{self.service} knows no {name}")
        return table[name]


def read_stored(
    message_type: type[Any], schema: int, data: dict[str, Any], personal: Mapping[str, Personal[Any]] | None
) -> Any:
    """Stored data as the message that its type is today. Raises UnknownType for a schema yet to come."""
    kind = kind_of(message_type)
    if not 1 <= schema <= kind.schema:
        raise UnknownType(f"{kind.name} has schema {schema}, this code knows {kind.schema}")
    for upcaster in kind.upcasters[schema - 1 :]:
        data = upcaster(data)
    return from_plain(message_type, data, personal)
