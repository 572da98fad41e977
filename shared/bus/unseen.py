"""What may not be shown: messages that nobody could read are told apart in the log by size and digest."""

import hmac
from os import urandom


class Unseen:
    """Describes messages without showing them; its key lives as long as its process."""

    def __init__(self) -> None:
        self._key = urandom(32)

    def described(self, body: bytes | str) -> str:
        """The size of a message, and the beginning of its keyed digest."""
        content = body if isinstance(body, bytes) else str(body).encode()
        digest = hmac.digest(self._key, content, "sha256").hex()[:16]
        return f"{len(content)} bytes, digest {digest}"
