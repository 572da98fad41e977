"""Memory of a process that serves: how often it looks for cycles."""

import gc

NEW_OBJECTS_MOST = 100_000


def collect_rarely() -> None:
    """Look for cycles more rarely than Python does by itself; called once, after the imports.

    A batch of appends makes thousands of small objects that live as long as the batch and form no cycles;
    Python's own limits walk over all of them again and again, which is a fifth of what an append costs.
    """
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS_MOST, 20, 50)
