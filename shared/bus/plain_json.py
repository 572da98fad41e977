"""JSON on the bus, and nothing more.

kombu's own JSON has types besides: it takes ``{"__type__": …, "__value__": …}`` for one of Python's, leaves a
message unanswered whose type it does not know, and looks into every object for them.
"""

import json

from kombu import serialization


def register() -> None:
    """Make "json" plain JSON to kombu and nameko; harmless when repeated."""
    serialization.register("json", json.dumps, json.loads, "application/json", "utf-8")
