"""What the runtime's tests share: settings of the four services, what people type, waiting."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nameko.standalone.rpc import ClusterRpcProxy

from demo.people import person
from shared.runtime.access import ROLES
from shared.runtime.finding import service_class, service_names
from shared.runtime.service import Service
from shared.runtime.settings import Settings, embedded_settings
from shared.runtime.signing_keys import make_signing_key, read_signing_key
from shared.runtime.tokens import Grant, sign


def suite_settings(folder: Path) -> dict[type[Service], Settings]:
    """The embedded settings of all services."""
    return {service_class(name): embedded_settings(name, folder) for name in service_names()}


def token_of(folder: Path, *roles: str, person_id: str = "wang", scope: str | None = None) -> str:
    """The token of somebody with these roles, or with all, in the suite whose keys lie in a folder.

    Args:
        scope: the organisation in whose subtree the roles hold; None: the whole district.
    """
    staffing = embedded_settings("staffing", folder)
    make_signing_key(staffing)
    grants = [Grant(role, scope) for role in roles or sorted(ROLES)]
    return sign(staffing, read_signing_key(staffing), person_id=person_id, grants=grants)


def calling(
    bus_url: str,
    folder: Path,
    *roles: str,
    person_id: str = "wang",
    scope: str | None = None,
    seconds_max: int = 10,
    **context: str,
) -> Any:
    """nameko's own proxy, as other systems call with, under such a token.

    Args:
        context: what further headers tell.
    """
    token = token_of(folder, *roles, person_id=person_id, scope=scope)
    headers = {"auth_token": token} | context
    return ClusterRpcProxy({"AMQP_URI": bus_url}, context_data=headers, timeout=seconds_max)


def person_given(index: int) -> dict[str, Any]:
    """What a clerk types to register the person with this index."""
    someone = person(index)
    return {
        "document_type": "resident_identity_card",
        "identity_number": str(someone.identity_number),
        "name": str(someone.name),
    }


def await_true(condition: Callable[[], bool], seconds_max: float = 30) -> None:
    """Return once a condition holds; fail when it does not in time. Other tests keep the machine busy too."""
    deadline = time.monotonic() + seconds_max
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def folder_of(suite: Any) -> Path:
    """Where a suite's keys lie."""
    folder: Path = next(iter(suite.houses.values())).settings.folder
    return folder
