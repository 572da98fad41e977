"""New identities: time-ordered UUIDs (RFC 9562, version 7), so that indexes stay local."""

import time
from hashlib import sha256
from os import urandom
from uuid import UUID

VARIANT = dict(zip("0123456789abcdef", 4 * "89ab", strict=True))
"""A digit with its two highest bits set to 10."""


def new_identity() -> str:
    """A UUID of version 7 as text."""
    text = ((time.time_ns() // 1_000_000).to_bytes(6) + urandom(10)).hex()
    return f"{text[:8]}-{text[8:12]}-7{text[13:16]}-{VARIANT[text[16]]}{text[17:20]}-{text[20:]}"


def derived_identity(cause: str, name: str) -> str:
    """The identity that follows from a cause, a command or a message: the same each time it comes again.

    It keeps the moment within a time-ordered cause, so that indexes stay local; all that follow from another
    begin alike, too.
    """
    value = int.from_bytes(sha256(f"{cause}/{name}".encode(errors="surrogatepass")).digest()[:16])
    try:
        moment = UUID(cause).int >> 80
    except ValueError:
        moment = int.from_bytes(sha256(cause.encode(errors="surrogatepass")).digest()[:6])
    value = moment << 80 | value & (1 << 80) - 1
    value = value & ~(0xF << 76) | 7 << 76
    value = value & ~(0x3 << 62) | 2 << 62
    return str(UUID(int=value))
