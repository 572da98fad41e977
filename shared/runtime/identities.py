"""New identities: time-ordered UUIDs (RFC 9562, version 7), so that indexes stay local."""

import time
from os import urandom


def new_identity() -> str:
    """A UUID of version 7 as text."""
    value = (time.time_ns() // 1_000_000 & 0xFFFF_FFFF_FFFF) << 80 | int.from_bytes(urandom(10))
    value = value & ~(0xF << 76) | 7 << 76
    value = value & ~(0x3 << 62) | 2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
