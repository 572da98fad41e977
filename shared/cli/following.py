"""What the command line needs of whatever follows feeds: a service opened with its feeds."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from shared.cli.mistakes import told
from shared.cli.sentences import Mistake, Sentence, visible
from shared.cli.services import settings_of
from shared.log.store import PATIENCE_SECONDS
from shared.projections.feed import Feed
from shared.projections.projection import Projection
from shared.projections.reacting import ReactionFollower
from shared.runtime.acting import act_of
from shared.runtime.finding import service_class, service_names
from shared.runtime.house import House, open_house
from shared.runtime.service import Service


@dataclass(frozen=True, slots=True)
class Following:
    """One service, opened: its house, and what it declares."""

    service: type[Service]
    house: House

    @property
    def name(self) -> str:
        return self.service.name

    def feed(self, source: str) -> Feed:
        """The service's own log, or its replica of another's."""
        return self.house.feed(source)

    def projections(self, name: str | None) -> list[Projection]:
        """All projections, or the one that is named. Raises Mistake where there is none of that name."""
        found = [each for each in self.service.projections if name in (None, each.name)]
        if name is not None and not found:
            raise nothing_called(name, [each.name for each in self.service.projections])
        return found

    def reactions(self, name: str | None) -> list[ReactionFollower]:
        """All reactions, or the one that is named. Raises Mistake where there is none of that name."""
        found = [each for each in self.service.reactions if name in (None, each.name)]
        if name is not None and not found:
            raise nothing_called(name, [each.name for each in self.service.reactions])
        store, act = self.house.store, act_of(self.house)
        return [ReactionFollower(store, self.feed(each.source), each, act) for each in found]


@contextmanager
def opened(service: str, patience_seconds: float = PATIENCE_SECONDS) -> Iterator[Following]:
    """A service opened for following; what goes wrong with it is told as a mistake.

    Args:
        patience_seconds: how long an answer of the database is waited for.
    """
    with told(service):
        settings = settings_of(service)
        declared = service_class(service)
        house = open_house(settings, declared.language, patience_seconds=patience_seconds)
        try:
            yield Following(declared, house)
        finally:
            house.close()


def chosen(service: str | None) -> list[str]:
    """The service that is named, or all."""
    return service_names() if service is None else [service]


def nothing_called(name: str, there: list[str]) -> Mistake:
    names = ", ".join(there) or "-"
    return Mistake(
        Sentence(f"没有名为“{visible(name)}”的", f"there is nothing called “{visible(name)}”"),
        Sentence(f"可选：{names}", f"there is: {names}"),
    )


def not_prepared(service: str, name: str) -> Mistake:
    return Mistake(
        Sentence(f"投影“{name}”尚未建立", f"the projection “{name}” has not been prepared"),
        Sentence(f"请先启动一次服务：gonghui run {service}", f"run the service once: gonghui run {service}"),
    )
