"""Repeats: how a message that comes again is known, so that the commands in it act once."""

from typing import Any

from shared.rules.refusal import Refusal
from shared.runtime.identities import derived_identity, new_identity

MESSAGE = "message"
"""Under which name beside a call's headers the identity of the message stands that brought it."""

NO_IDENTITY = Refusal(
    "call.no_identity",
    zh="消息没有 correlation_id，重复投递时无法识别，请给出 command_id",
    en="the message has no correlation_id by which a repeat could be known; give a command_id",
)

Identity = tuple[str, ...]


def identity_of(message: Any, method: str) -> Identity:
    """What a message has in common with its repeats and with no other; nothing where that is not told."""
    correlation_id = message.properties.get("correlation_id")
    if not correlation_id:
        return ()
    return str(correlation_id), str(message.properties.get("reply_to")), method


def command_id_of(message: Identity | None, person_id: str, part: int | str) -> str:
    """The id of a command that was sent without one: of a message that comes again, the same again.

    Args:
        message: as ``identity_of`` tells it; None: a call of this process, which nobody can repeat.
        person_id: who sends it, so that nobody meets another's command by the name of its message.
        part: which of the call's commands.

    Raises the refusal ``call.no_identity``.
    """
    if message is None:
        return new_identity()
    if not message:
        raise NO_IDENTITY()
    correlation_id, *rest = message
    return derived_identity(correlation_id, "/".join([*rest, str(part), person_id]))
