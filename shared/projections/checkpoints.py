"""Checkpoints: how far each subscription has come in its feed."""

from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from shared.projections.tables import checkpoints


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Up to which position a subscription has done its work, and by which version of its functions."""

    position: int
    version: int


def begin(connection: Connection, subscription: str, version: int) -> None:
    """Make sure that a subscription has a checkpoint; a new one starts before the first event."""
    if read(connection, subscription) is None:
        connection.execute(
            checkpoints.insert().values(subscription=subscription, position=0, version=version)
        )


def read(connection: Connection, subscription: str) -> Checkpoint | None:
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


def set_version(connection: Connection, subscription: str, version: int) -> None:
    """Note by which version of a projection's functions its rows were made."""
    connection.execute(
        update(checkpoints).where(checkpoints.c.subscription == subscription).values(version=version)
    )
