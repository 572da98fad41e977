"""Envelopes: how an event stands in the log, as canonical text that is hashed once and kept for ever."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cached_property
from hashlib import sha256
from typing import Any

import msgspec

from shared.log.merkle import leaf_hash

ENCODER = msgspec.json.Encoder(order="sorted")
HOUSE_TIME = timezone(timedelta(hours=8))
"""China Standard Time: the day on which something is recorded is a day there."""


def canonical(data: Any) -> bytes:
    """The one text of some plain data: keys sorted, no spaces, UTF-8 (after RFC 8785; no floats occur).

    Raises:
        TypeError: the data cannot be told in JSON.
        UnicodeEncodeError: a text holds half a surrogate pair.
    """
    return ENCODER.encode(data)


def two_part_hash(public: bytes, sealed: bytes) -> bytes:
    """What a leaf or a digest is taken of: both parts' hashes, so that either can be shown alone."""
    return sha256(public).digest() + sha256(sealed).digest()


def leaf_of(public: bytes, sealed_hash: bytes) -> bytes:
    """The leaf of an event whose sealed part is known by its hash only, as in a replica."""
    return leaf_hash(sha256(public).digest() + sealed_hash)


def moment_text(moment: datetime) -> str:
    """A moment as text that sorts like time: UTC, six decimals."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def house_day(moment: str) -> date:
    """The day in the house on which a moment falls."""
    return datetime.fromisoformat(moment).astimezone(HOUSE_TIME).date()


class Keys(msgspec.Struct, gc=False):
    """The unique keys that an event takes and releases; of personal ones the names only."""

    takes: tuple[str, ...] = ()
    releases: tuple[str, ...] = ()
    personal_takes: tuple[str, ...] = ()
    personal_releases: tuple[str, ...] = ()


class Facts(msgspec.Struct):
    """The public part of an envelope.

    Args:
        data: the event's own fields, without the personal ones.
        effective_on: the day from which it is true in the world.
        idle: digest of the commands since the event before that were accepted and decided nothing.
    """

    actor_id: str
    causation_id: str | None
    command_digest: str
    command_id: str
    correlation_id: str
    data: dict[str, Any]
    effective_on: date
    epoch: int
    idle: str
    keys: Keys
    log_id: str
    position: int
    recorded_at: str
    schema: int
    stream: str
    type: str
    version: int


read_facts: Callable[[str], Facts] = msgspec.json.Decoder(Facts).decode


class Envelope(msgspec.Struct, frozen=True, dict=True):
    """One event as it was recorded; the texts are verbatim, the rest is read out of them when asked for."""

    position: int
    stream: str
    version: int
    type: str
    recorded_at: str
    leaf: bytes
    public: str
    sealed: str = "{}"

    @cached_property
    def facts(self) -> Facts:
        """The public part, read."""
        return read_facts(self.public)

    @property
    def sealed_hash(self) -> bytes:
        """The hash of the sealed part, with which others can work out the leaf without holding that part."""
        return sha256(self.sealed.encode()).digest()

    @property
    def id(self) -> str:
        """Unique for ever: the log, its epoch and the position."""
        return f"{self.facts.log_id}/{self.facts.epoch}/{self.position}"
