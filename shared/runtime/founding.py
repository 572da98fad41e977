"""Founding a log, and beginning a new epoch after a restore."""

from shared.log.log import Head, Log, found_log
from shared.rules.context import HOUSE
from shared.rules.epoch import BeginEpoch, Occasion
from shared.runtime.commands import CommandHandler, Request


def found(log: Log, *, restored: bool = False) -> Head:
    """Make sure that a migrated store holds a founded log.

    Args:
        restored: the store was brought back from a copy: begin a new epoch, so that no reader mistakes
            what follows for what it may have seen before.

    Returns:
        Where the log stands afterwards.
    """
    with log.store.write() as connection:
        found_log(connection)
    head = log.head()
    if head.position == 0:
        _begin(log, head, "founded")
    elif restored:
        _begin(log, head, "restored")
    return log.head()


def _begin(log: Log, head: Head, occasion: Occasion) -> None:
    command = BeginEpoch(log_id=head.log_id, service=log.language.service, occasion=occasion)
    # Two processes that found the same log at once make one epoch: the id is the same for both.
    CommandHandler(log).handle(Request(command, HOUSE, command_id=f"house/{occasion}/{head.epoch + 1}"))
