"""Memory of a process that serves: how often it looks for cycles, and what it gives back."""

import ctypes
import gc
from contextlib import suppress

NEW_OBJECTS_MOST = 100_000
LARGE_BYTES = 1 << 20
M_MMAP_THRESHOLD = -3
"""As in malloc.h of the GNU C library."""


def collect_rarely() -> None:
    """Look for cycles more rarely than Python does by itself; called once, after the imports.

    A batch of appends makes thousands of small objects that live as long as the batch and form no cycles;
    Python's own limits walk over all of them again and again, which is a fifth of what an append costs.
    """
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS_MOST, 20, 50)


def give_large_blocks_back() -> None:
    """Have blocks of a megabyte and more returned to the system when they are freed; called once.

    By itself the C library keeps the 19 MB that hashing a password takes, in every thread that ever did it.
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)
