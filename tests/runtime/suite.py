"""What the runtime's tests share: settings of the four services, what people type, waiting."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from demo.people import person
from shared.runtime.finding import service_class, service_names
from shared.runtime.service import Service
from shared.runtime.settings import Settings, embedded_settings


def suite_settings(folder: Path) -> dict[type[Service], Settings]:
    """The embedded settings of all services."""
    return {service_class(name): embedded_settings(name, folder) for name in service_names()}


def person_given(index: int) -> dict[str, Any]:
    """What a clerk types to register the person with this index."""
    someone = person(index)
    return {
        "document_type": "resident_identity_card",
        "identity_number": str(someone.identity_number),
        "name": str(someone.name),
    }


def await_true(condition: Callable[[], bool], seconds_max: float = 10) -> None:
    """Return once a condition holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds_max
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
