"""Finding services: the one place that knows how the command line comes from a name to a service's parts."""

from collections.abc import Iterable
from difflib import get_close_matches
from importlib import import_module
from types import ModuleType

from shared.cli.sentences import Mistake, Sentence, visible
from shared.rules.language import Language
from shared.runtime.finding import module_of, package_of, service_names
from shared.runtime.settings import Settings, read_settings

NEAREST = 3


def settings_of(service: str) -> Settings:
    """A service's settings from the environment. Raises Mistake, WrongSetting."""
    check_service(service)
    return read_settings(service)


def language_of(service: str) -> Language:
    """A service's language, without the rest of it. Raises Mistake."""
    check_service(service)
    language: Language = import_module(f"{package_of(service)}.aggregates").language
    return language


def part_of(service: str, module: str) -> ModuleType | None:
    """One of a service's modules; None where it has no such one. Raises Mistake for an unknown service."""
    check_service(service)
    return module_of(service, module)


def check_service(service: str) -> None:
    """Raises Mistake with the names of the services that are there."""
    found = service_names()
    if service not in found:
        near, names = nearest(service, found), ", ".join(found)
        raise Mistake(
            Sentence(f"没有名为“{visible(service)}”的服务", f"there is no service “{visible(service)}”"),
            Sentence(
                f"{f'相近的有：{near}；' if near else ''}可用的服务：{names}",
                f"{f'near it: {near}; ' if near else ''}the services are: {names}",
            ),
        )


def nearest(name: str, names: Iterable[str]) -> str:
    """The names that look most like one, in words; empty where none does."""
    return ", ".join(get_close_matches(name, list(names), NEAREST))
