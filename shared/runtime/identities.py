"""New identities: time-ordered UUIDs (RFC 9562, version 7), so that indexes stay local."""

import time
from hashlib import sha256
from os import urandom
from uuid import UUID


def new_identity() -> str:
    """A UUID of version 7 as text."""
    value = (time.time_ns() // 1_000_000 & 0xFFFF_FFFF_FFFF) << 80 | int.from_bytes(urandom(10))
    value = value & ~(0xF << 76) | 7 << 76
    value = value & ~(0x3 << 62) | 2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


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
