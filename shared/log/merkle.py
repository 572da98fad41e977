"""The Merkle tree of RFC 6962 over a log's leaves: hashes, and the frontier that leads to the next root."""

from collections.abc import Iterable
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf (RFC 6962, 2.1)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node (RFC 6962, 2.1)."""
    return sha256(b"\x01" + left + right).digest()


def complete_subtrees(leaves: list[bytes]) -> list[tuple[bytes, int]]:
    """The complete subtrees over leaves that start at a boundary, with their sizes, largest first."""
    subtrees: list[tuple[bytes, int]] = []
    level, size = leaves, 1
    while level:
        if len(level) % 2:
            subtrees.append((level[-1], size))
        level = [
            sha256(b"\x01" + left + right).digest()
            for left, right in zip(level[::2], level[1::2], strict=False)
        ]
        size *= 2
    return subtrees[::-1]


class Frontier:
    """The roots of the complete subtrees that make up a tree of ``size`` leaves, largest first.

    It is all that an append needs to know of the leaves before it: one hash for each bit set in the size.
    """

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size = size
        self.hashes = list(hashes)
        if [len(each) for each in self.hashes] != [32] * size.bit_count():
            raise ValueError("a frontier has one hash for each bit set in its size, of 32 bytes")

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> "Frontier":
        return cls(size, [data[start : start + 32] for start in range(0, len(data), 32)])

    def __bytes__(self) -> bytes:
        return b"".join(self.hashes)

    def append(self, leaf: bytes) -> None:
        """Add a leaf's hash."""
        self.append_subtree(leaf, 1)

    def append_subtree(self, subtree: bytes, leaves: int) -> None:
        """Add a complete subtree; ``leaves`` is a power of two that divides the present size."""
        if leaves.bit_count() != 1 or self.size % leaves:
            raise ValueError("the subtree does not stand at a boundary of its own size")
        hashes, size = self.hashes, self.size
        while size & leaves:
            subtree = node_hash(hashes.pop(), subtree)
            size ^= leaves
            leaves <<= 1
        hashes.append(subtree)
        self.size = size | leaves

    def root(self) -> bytes:
        """The root of the whole tree."""
        if not self.hashes:
            return EMPTY_ROOT
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = node_hash(left, root)
        return root
