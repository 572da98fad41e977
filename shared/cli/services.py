"""Finding services: the one place that knows how the command line comes from a name to a service's parts."""

from collections.abc import Iterable
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from shared.cli.sentences import Mistake, Sentence, visible
from shared.rules.language import Language
from shared.runtime.finding import GROUP
from shared.runtime.settings import Settings, read_settings

NEAREST = 3


def settings_of(service: str) -> Settings:
    """A service's settings from the environment. Raises Mistake, WrongSetting."""
    entry_point_of(service)
    return read_settings(service)


def language_of(service: str) -> Language:
    """A service's language, without the rest of it. Raises Mistake."""
    package = entry_point_of(service).module.rpartition(".")[0]
    language: Language = import_module(f"{package}.aggregates").language
    return language


def entry_point_of(service: str) -> EntryPoint:
    """Where a service is found. Raises Mistake with the names of those that are there."""
    found = {each.name: each for each in entry_points(group=GROUP)}
    if service not in found:
        near, names = nearest(service, found), ", ".join(sorted(found))
        raise Mistake(
            Sentence(f"没有名为“{visible(service)}”的服务", f"there is no service “{visible(service)}”"),
            Sentence(
                f"{f'相近的有：{near}；' if near else ''}可用的服务：{names}",
                f"{f'near it: {near}; ' if near else ''}the services are: {names}",
            ),
        )
    return found[service]


def nearest(name: str, names: Iterable[str]) -> str:
    """The names that look most like one, in words; empty where none does."""
    return ", ".join(get_close_matches(name, list(names), NEAREST))
