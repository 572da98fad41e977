"""What every service has: its log for readers, its policy parameters, and what became of a command."""

from collections.abc import Sequence
from typing import Any, ClassVar

from shared.bus.catch_up import head_told, page_after
from shared.log.streams import sealed_values
from shared.projections.projection import Projection
from shared.projections.reaction import Reaction
from shared.rules.language import Language
from shared.rules.personal import Personal, Sealed
from shared.rules.policy_parameter import SetParameter
from shared.runtime.access import ANYWHERE, SIGNED_IN
from shared.runtime.access_log import access_log
from shared.runtime.calls import Call
from shared.runtime.commands import answer_as_plain
from shared.runtime.entrypoints import CallProvider
from shared.runtime.finding import service_class
from shared.runtime.methods import command, operation, query
from shared.runtime.paging import PageLimit
from shared.runtime.status import status_of
from shared.runtime.tokens import SERVICE


def events_after(call: Call, *, position: int, limit: PageLimit = 500) -> dict[str, Any]:
    """A page of the log for a reader: the events that follow a position, and where the log stands."""
    return page_after(call.house.log, position, limit)


def log_head(call: Call) -> dict[str, Any]:
    """Where the log stands: its identity, epoch, last position, that one's moment, and the Merkle root."""
    head = call.house.log.head()
    return {**head_told(head), "recorded_at": head.recorded_at}


def find_command(call: Call, *, command_id: str) -> dict[str, Any] | None:
    """What a command was answered when it was accepted; None if it never was.

    For a caller whose answer was lost: another's commands are found by the auditor only.
    """
    mine_only = None if call.holds("auditor") else call.actor.person_id
    found = call.house.log.command(command_id, mine_only)
    return None if found is None else answer_as_plain(found, call.house.log.source)


def status(call: Call) -> dict[str, Any]:
    """How far the service has come, what is behind or parked, and why it is not ready (see ``status_of``)."""
    return status_of(service_class(call.house.log.source), call.house)


def personal_values(call: Call, *, position: int) -> list[dict[str, Any]]:
    """The personal values of the event at a position, in the clear: ``{person_id, values}`` for each person.

    That the caller looked at them, and at which, stands in the access log. None for what was erased.
    """
    by_person: dict[str, dict[str, Personal[Any]]] = {}
    for each in call.house.log.read(position - 1, 1):
        place = f"{each.facts.log_id}/{each.stream}/{each.version}"
        for field, value in sealed_values(place, each.sealed).items():
            if isinstance(value.content, Sealed):
                by_person.setdefault(value.content.person_id, {})[field] = value
    shown = call.look("personal_values", list(by_person.items()))
    return [
        {"person_id": person_id, "values": values} for person_id, values in zip(by_person, shown, strict=True)
    ]


class Service:
    """The face that all services share; each adds its own commands and queries, one line each.

    A subclass gives its ``name``, its ``language``, and what follows feeds: ``projections``, ``reactions``.
    """

    name: ClassVar[str]
    language: ClassVar[Language]
    projections: ClassVar[Sequence[Projection]] = ()
    reactions: ClassVar[Sequence[Reaction]] = ()

    call = CallProvider()

    events_after = operation(events_after, role=(SERVICE, "auditor"))
    log_head = operation(log_head, role=(SERVICE, "auditor"))
    status = operation(status, role=(SERVICE, "auditor", "administrator"))
    find_command = operation(find_command, role=SIGNED_IN, scope=ANYWHERE)
    access_log = query(access_log, role="auditor", reads=())
    personal_values = operation(personal_values, role="auditor")
    set_parameter = command(SetParameter, role="administrator")
