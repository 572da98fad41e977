"""Feeds: a service's own log, or its ordered replica of another's; followed by position."""

from collections.abc import Collection
from typing import Protocol

from sqlalchemy import Connection

from shared.log.envelope import Envelope


class Feed(Protocol):
    """Events in a dense order, read in the reader's own store.

    Log and replica are feeds. In a replica's envelopes the personal values are absent.
    """

    @property
    def source(self) -> str:
        """The service whose events these are."""

    def page(
        self, connection: Connection, after: int, limit: int, types: Collection[str] | None = None
    ) -> list[Envelope]:
        """The events at the ``limit`` positions that follow one, in order; of some types only, or of all."""

    def position(self, connection: Connection) -> int:
        """The last position there is."""
