"""Finding services, each of which its distribution declares as an entry point, and their methods."""

from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shared.runtime.methods import Declared
    from shared.runtime.service import Service

GROUP = "gonghui.services"


def service_names() -> list[str]:
    """All services that are installed here."""
    return sorted(each.name for each in entry_points(group=GROUP))


def service_class(name: str) -> "type[Service]":
    """The class of a service. Raises LookupError for an unknown one."""
    found = entry_points(group=GROUP, name=name)
    if not found:
        raise LookupError(f"there is no service {name!r}")
    made: Any = next(iter(found)).load()
    return made  # type: ignore[no-any-return]


def methods_of(service: "type[Service]") -> "dict[str, Declared]":
    """What is declared of each RPC method of a service, by the method's name."""
    declared = ((name, getattr(getattr(service, name), "declared", None)) for name in dir(service))
    return {name: each for name, each in declared if each is not None}
