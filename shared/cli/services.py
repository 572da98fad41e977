"""Finding services: the one place that knows how the command line comes from a name to a service's parts."""

from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from shared.cli.sentences import Mistake, Sentence, visible
from shared.rules.language import Language
from shared.runtime.settings import Settings, read_settings

GROUP = "gonghui.services"


def settings_of(service: str) -> Settings:
    """A service's settings from the environment. Raises Mistake, WrongSetting."""
    _declared(service)
    return read_settings(service)


def language_of(service: str) -> Language:
    """A service's language. Raises Mistake for an unknown service and for one without a log of its own."""
    package = _declared(service).module.rpartition(".")[0]
    module = f"{package}.aggregates"
    try:
        language: Language = import_module(module).language
    except ModuleNotFoundError as missing:
        if missing.name not in (package, module):
            raise
        raise Mistake(
            Sentence(f"服务“{service}”没有自己的日志", f"the service “{service}” has no log of its own"),
            Sentence("请选择其他服务", "choose another service"),
        ) from None
    return language


def _declared(service: str) -> EntryPoint:
    found = {each.name: each for each in entry_points(group=GROUP)}
    if service not in found:
        names = ", ".join(sorted(found))
        raise Mistake(
            Sentence(f"没有名为“{visible(service)}”的服务", f"there is no service “{visible(service)}”"),
            Sentence(f"可用的服务：{names}", f"the services are: {names}"),
        )
    return found[service]
