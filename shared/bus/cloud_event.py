"""CloudEvents: how an event's public part stands in a message, and how a reader makes it out again.

Source: CloudEvents 1.0, JSON format in structured mode; the sequence extension.
"""

from datetime import date
from hashlib import sha256
from typing import Any, Literal, NamedTuple

import msgspec

from shared.log.envelope import Envelope, Keys, canonical, leaf_of

CONTENT_TYPE = "application/json"
LARGEST_BYTES = 1_048_576
"""No message is larger; what would be is not sent, and readers pull it (faults.md, 1.7)."""

SEQUENCE_DIGITS = 19
NO_KEYS = msgspec.Raw(b"{}")


class Malformed(Exception):
    """What arrived is no event of the source. It names the fault and never what the message holds."""


class PublicEvent(NamedTuple):
    """One event as a replica holds it: the public text verbatim, and what is read out of it."""

    position: int
    stream: str
    version: int
    type: str
    recorded_at: str
    leaf: bytes
    public: str
    log_id: str
    epoch: int


class CloudEvent(
    msgspec.Struct,
    kw_only=True,
    omit_defaults=True,
    gc=False,
    rename={
        "actor_id": "actorid",
        "causation_id": "causationid",
        "command_digest": "commanddigest",
        "command_id": "commandid",
        "correlation_id": "correlationid",
        "effective_on": "effectiveon",
        "log_id": "logid",
        "schema": "schemanumber",
        "version": "streamversion",
        "sealed_hash": "sealedhash",
    },
):
    """A message's body; extension attributes have names of lower-case letters and plain values.

    Args:
        keys: the unique keys as JSON text, absent where there are none.
        sealed_hash: in hexadecimal; with it the leaf can be worked out without the sealed part.
    """

    specversion: Literal["1.0"]
    id: str
    source: str
    type: str
    subject: str
    time: str
    datacontenttype: Literal["application/json"]
    sequence: str
    data: dict[str, Any]
    actor_id: str
    causation_id: str | None = None
    command_digest: str
    command_id: str
    correlation_id: str
    effective_on: date
    epoch: int
    idle: str = ""
    keys: str = ""
    log_id: str
    schema: int
    version: int
    sealed_hash: str


class PublicPart(msgspec.Struct, gc=False):
    """The public part of an envelope (`Facts`), with the keys kept as the text that they are."""

    actor_id: str
    causation_id: str | None
    command_digest: str
    command_id: str
    correlation_id: str
    data: dict[str, Any]
    effective_on: date
    epoch: int
    idle: str
    keys: msgspec.Raw
    log_id: str
    position: int
    recorded_at: str
    schema: int
    stream: str
    type: str
    version: int


_read = msgspec.json.Decoder(PublicPart).decode
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(CloudEvent).decode
_decode_keys = msgspec.json.Decoder(Keys).decode


def source_of(district: str, service: str) -> str:
    """The CloudEvents source of a service's events."""
    return f"gonghui/{district}/{service}"


def message_of(envelope: Envelope, source: str) -> bytes:
    """The message that tells an event of the log."""
    facts = _read(envelope.public)
    return _encode(
        CloudEvent(
            specversion="1.0",
            id=f"{facts.log_id}/{facts.epoch}/{facts.position}",
            source=source,
            type=facts.type,
            subject=facts.stream,
            time=facts.recorded_at,
            datacontenttype="application/json",
            sequence=str(facts.position).zfill(SEQUENCE_DIGITS),
            data=facts.data,
            actor_id=facts.actor_id,
            causation_id=facts.causation_id,
            command_digest=facts.command_digest,
            command_id=facts.command_id,
            correlation_id=facts.correlation_id,
            effective_on=facts.effective_on,
            epoch=facts.epoch,
            idle=facts.idle,
            keys="" if facts.keys == NO_KEYS else bytes(facts.keys).decode(),
            log_id=facts.log_id,
            schema=facts.schema,
            version=facts.version,
            sealed_hash=sha256(envelope.sealed.encode()).hexdigest(),
        )
    )


def event_of(body: bytes, service: str) -> PublicEvent:
    """The event that a message tells, its public text as the source has it, byte for byte.

    Args:
        service: whose event it has to be.

    Raises:
        Malformed: the body is no such event.
    """
    if len(body) > LARGEST_BYTES:
        raise Malformed("too large")
    try:
        told = _decode(body)
        position = int(told.sequence)
        public = canonical(
            PublicPart(
                told.actor_id,
                told.causation_id,
                told.command_digest,
                told.command_id,
                told.correlation_id,
                told.data,
                told.effective_on,
                told.epoch,
                told.idle,
                _keys_of(told.keys),
                told.log_id,
                position,
                told.time,
                told.schema,
                told.subject,
                told.type,
                told.version,
            )
        )
        leaf = leaf_of(public, bytes.fromhex(told.sealed_hash))
        if not told.source.endswith(f"/{service}"):
            raise Malformed("of another source")
        if position < 1:
            raise Malformed("without a position")
        return PublicEvent(
            position,
            told.subject,
            told.version,
            told.type,
            told.time,
            leaf,
            public.decode(),
            told.log_id,
            told.epoch,
        )
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        # Raised anew without its cause: the decoder's sentence may quote what it read.
        raise Malformed(type(error).__name__) from None


def _keys_of(text: str) -> msgspec.Raw:
    if not text:
        return NO_KEYS
    _decode_keys(text)
    return msgspec.Raw(text.encode())


def event_of_text(public: str, sealed_hash: str) -> PublicEvent:
    """The event of a public text that was handed over verbatim, as in a page.

    Raises:
        Malformed: the text is no event.
    """
    try:
        facts = _read(public)
        leaf = leaf_of(public.encode(), bytes.fromhex(sealed_hash))
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Malformed(type(error).__name__) from None
    return PublicEvent(
        facts.position,
        facts.stream,
        facts.version,
        facts.type,
        facts.recorded_at,
        leaf,
        public,
        facts.log_id,
        facts.epoch,
    )
