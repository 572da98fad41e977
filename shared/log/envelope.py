"""Envelopes: how an event stands in the log, as canonical text that is hashed once and kept for ever."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cached_property
from hashlib import sha256
from typing import Any

import orjson

from shared.log.merkle import leaf_hash

HOUSE_TIME = timezone(timedelta(hours=8))
"""China Standard Time: the day on which something is recorded is a day there."""


def canonical(data: Any) -> bytes:
    """The one text of some plain data: keys sorted, no spaces, UTF-8 (after RFC 8785; no floats occur).

    Raises:
        TypeError: the data cannot be told in JSON, or holds half a surrogate pair.
    """
    return orjson.dumps(data, option=orjson.OPT_SORT_KEYS)


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


@dataclass(frozen=True, slots=False)
class Envelope:
    """One event as it was recorded; the texts are verbatim, the rest is read out of them when asked for."""

    position: int
    stream: str
    version: int
    type: str
    recorded_at: str
    leaf: bytes
    public: str
    sealed: str = field(repr=False)

    @cached_property
    def facts(self) -> dict[str, Any]:
        """The public part."""
        facts: dict[str, Any] = orjson.loads(self.public)
        return facts

    @property
    def data(self) -> dict[str, Any]:
        """The event's own fields, without the personal ones."""
        data: dict[str, Any] = self.facts["data"]
        return data

    @property
    def schema(self) -> int:
        schema: int = self.facts["schema"]
        return schema

    @property
    def effective_on(self) -> date:
        return date.fromisoformat(self.facts["effective_on"])

    @property
    def id(self) -> str:
        """Unique for ever: the log, its epoch and the position."""
        return f"{self.facts['log_id']}/{self.facts['epoch']}/{self.position}"
