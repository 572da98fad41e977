"""How a service stands, told by its store alone: to whoever asks its interface, or holds the store."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal

from shared.bus.levels import LEVEL_SECONDS_MAX, seconds_since_level
from shared.bus.relay import SUBSCRIPTION as RELAY
from shared.bus.replica import Replica
from shared.log.store import Store
from shared.projections.feed import Feed
from shared.projections.following import standing
from shared.projections.projection import Projection
from shared.runtime.house import House
from shared.runtime.lags import parked_by, progress_of

if TYPE_CHECKING:
    from shared.runtime.service import Service

SubscriptionKind = Literal["relay", "projection", "reaction"]


def status_of(service: "type[Service]", house: House) -> dict[str, Any]:
    """How a service stands, as JSON data. Raises SQLAlchemyError.

    Returns:
        ``epoch``, ``position``, ``recorded_at`` of its log; ``replicas``, each with its ``position`` and how
        long ago it was level (None: never); ``subscriptions``, each with ``position``, the ``head`` of its
        feed, and how far it is behind, in ``events`` and in ``seconds``; what is ``parked``; and the
        ``reasons`` why the service is not ready: none when it is.
    """
    head = house.log.head()
    replicas = [replica_of(house.store, source) for source in sources_of(service)]
    return {
        "epoch": head.epoch,
        "position": head.position,
        "recorded_at": head.recorded_at,
        "replicas": replicas,
        "subscriptions": list(_subscriptions(service, house)),
        "parked": [each._asdict() for each in parked_by(house.store)],
        "reasons": [*reasons_of(replicas), *_incomplete(service, house)],
    }


def sources_of(service: "type[Service]") -> list[str]:
    """The other services whose events a service follows."""
    followed = {each.source for each in service.projections} | {each.source for each in service.reactions}
    return sorted(followed - {service.name})


def replica_of(store: Store, source: str) -> dict[str, Any]:
    """How far the replica of a source has come; what it lacks only the source can tell."""
    replica = Replica(store, source)
    with store.read() as connection:
        position = replica.position(connection)
        level_seconds = seconds_since_level(connection, source)
    return {
        "source": source,
        "position": position,
        "level_seconds": level_seconds,
        "stopped": replica.stopped() is not None,
    }


def _subscriptions(service: "type[Service]", house: House) -> Iterator[dict[str, Any]]:
    yield _subscription(house.store, "relay", RELAY, house.log)
    for projection in service.projections:
        yield _subscription(house.store, "projection", projection.name, house.feed(projection.source))
    for reaction in service.reactions:
        yield _subscription(house.store, "reaction", reaction.name, house.feed(reaction.source))


def _subscription(store: Store, kind: SubscriptionKind, name: str, feed: Feed) -> dict[str, Any]:
    progress = progress_of(store, feed, name)
    return {
        "name": str(name),  # of a table it is a kind of text that JSON does not know
        "kind": kind,
        "source": feed.source,
        "position": progress.position,
        "head": progress.head,
        "events": progress.events,
        "seconds": round(max(progress.seconds, 0.0), 3),
    }


def reasons_of(replicas: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Why replicas, as of ``replica_of``, do not tell what their sources have come to."""
    for each in replicas:
        if each["stopped"]:
            yield f"replica.stopped: {each['source']}"
        elif each["level_seconds"] is None or each["level_seconds"] > LEVEL_SECONDS_MAX:
            yield f"replica.not_level: {each['source']}"


def _incomplete(service: "type[Service]", house: House) -> Iterator[str]:
    for each in service.projections:
        if not _is_complete(house, each):
            yield f"projection.incomplete: {each.name}"


def _is_complete(house: House, projection: Projection) -> bool:
    with house.store.read() as connection:
        return standing(connection, house.feed(projection.source), projection).complete
