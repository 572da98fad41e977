"""Checkpoints: how far each subscription has come in its feed."""

from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from shared.projections.tables import checkpoints


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Up to which position a subscription has done its work, and by which version of its functions.

    Args:
        version: that of the functions; below zero where the feed has begun anew since (see ``begin_anew``).
    """

    position: int
    version: int

    @property
    def of_another_history(self) -> bool:
        """Whether what was done was done with events that the feed may not hold any more."""
        return self.version < 0


def begin(connection: Connection, subscription: str, version: int) -> None:
    """Make sure that a subscription has a checkpoint; a new one starts before the first event."""
    if read(connection, subscription) is None:
        connection.execute(
            checkpoints.insert().values(subscription=subscription, position=0, version=version)
        )


def read(connection: Connection, subscription: str) -> Checkpoint | None:
    """The checkpoint as it stands, without holding it; None for a subscription that has not begun."""
    row = connection.execute(
        select(checkpoints.c.position, checkpoints.c.version).where(
            checkpoints.c.subscription == subscription
        )
    ).one_or_none()
    return None if row is None else Checkpoint(*row)


def position_of(connection: Connection, subscription: str) -> int:
    """Up to which position a subscription has done its work; 0 for one that has not begun."""
    checkpoint = read(connection, subscription)
    return 0 if checkpoint is None else checkpoint.position


def positions(connection: Connection) -> dict[str, int]:
    """Up to which position each subscription has done its work."""
    rows = connection.execute(select(checkpoints.c.subscription, checkpoints.c.position))
    return {row.subscription: row.position for row in rows}


def lock(connection: Connection, subscription: str, *, wait: bool = False) -> Checkpoint | None:
    """The checkpoint, held until the transaction ends; None where another instance holds it.

    Args:
        wait: wait for the other instance, as long as the store lets one wait for a lock.
    """
    row = connection.execute(
        select(checkpoints.c.position, checkpoints.c.version)
        .where(checkpoints.c.subscription == subscription)
        .with_for_update(skip_locked=not wait)
    ).one_or_none()
    return None if row is None else Checkpoint(*row)


def move(connection: Connection, subscription: str, position: int) -> None:
    """Move a checkpoint forward; who comes second with less changes nothing."""
    connection.execute(
        update(checkpoints)
        .where(checkpoints.c.subscription == subscription, checkpoints.c.position < position)
        .values(position=position)
    )


def set_to(connection: Connection, subscription: str, checkpoint: Checkpoint) -> None:
    """Note where a subscription stands, wherever it stood before."""
    connection.execute(
        update(checkpoints)
        .where(checkpoints.c.subscription == subscription)
        .values(position=checkpoint.position, version=checkpoint.version)
    )


def begin_anew(connection: Connection, subscription: str) -> None:
    """Set a subscription before the first event, because its feed tells another history from now on.

    The version is one that it never had: who is in mid-page sees that by it, and a projection that it has
    to be rebuilt.
    """
    found = lock(connection, subscription, wait=True)
    if found is not None:
        set_to(connection, subscription, Checkpoint(0, min(found.version, 0) - 1))
