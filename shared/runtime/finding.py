"""Finding services, each of which its distribution declares as an entry point, their modules and methods."""

from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
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
    made: Any = _declared(name).load()
    return made  # type: ignore[no-any-return]


def package_of(name: str) -> str:
    """The package of a service, which holds its modules. Raises LookupError for an unknown one."""
    return _declared(name).module.rpartition(".")[0]


def module_of(name: str, module: str) -> ModuleType | None:
    """One of the modules that a service may have, such as ``audit``; None where it needs no such one.

    Raises LookupError for an unknown service. The service's class is not loaded: it brings nameko with it.
    """
    wanted = f"{package_of(name)}.{module}"
    try:
        return import_module(wanted)
    except ModuleNotFoundError as missing:
        # What a module that is there imports in vain is a fault, and no lack of the module.
        if missing.name != wanted:
            raise
        return None


def _declared(name: str) -> EntryPoint:
    found = entry_points(group=GROUP, name=name)
    if not found:
        raise LookupError(f"there is no service {name!r}")
    return next(iter(found))


def methods_of(service: "type[Service]") -> "dict[str, Declared]":
    """What is declared of each RPC method of a service, by the method's name."""
    declared = ((name, getattr(getattr(service, name), "declared", None)) for name in dir(service))
    return {name: each for name, each in declared if each is not None}
