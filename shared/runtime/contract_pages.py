"""The pages beside the contracts: which event travels where, and every setting."""

from collections.abc import Iterable, Iterator, Sequence

from shared.rules.language import Language
from shared.runtime.service import Service
from shared.runtime.variables import VARIABLES

MADE = "Made by `make contracts`; not edited by hand."

EVENTS = f"""# Contracts

{MADE}

- `<service>/events/<Event>.json`: what a listener finds in a message's `data`. Personal fields are listed \
under `x-personal-fields`: they are recorded sealed and never travel.
- `<service>/commands/<Command>.json`: what callers send; `x-methods` names the RPC methods that take it.
- `<service>/methods.json`: every RPC method, its kind and the role it asks for. A `commands` method takes \
`rows`, at most 1,000 of its command.
- `<service>/refusals.json`: every answer "no" by its code.
- `every_service/`: what all services have. `message.json`: the CloudEvent around each event.

Nothing here is taken away or narrowed: `gonghui contracts` refuses a change that would break a caller or a \
listener.

## Which event travels where

Each event goes to the topic exchange `<service>.events` under its name as routing key, for anybody to \
listen to. Services that follow a source keep a replica of all of its events; named here are those that do \
something with it.
"""


def events_page(services: Sequence[type[Service]]) -> str:
    """Each event with the projections and reactions that take it up."""
    common = Language("every_service", ()).events
    rows = []
    for source in services:
        for event in sorted(source.language.events):
            takers = sorted(_takers(services, source.name, event))
            if takers or event not in common:
                rows.append(f"| {source.name} | `{event}` | {', '.join(takers) or '–'} |")
    head = ["| service | event | taken up by |", "|---|---|---|"]
    also = ", ".join(f"`{event}`" for event in sorted(common))
    return "\n".join([EVENTS, *head, *rows, "", f"Every service also records {also}.", ""])


def _takers(services: Iterable[type[Service]], source: str, event: str) -> Iterator[str]:
    for service in services:
        for projection in service.projections:
            if projection.source == source and event in projection.handled:
                yield f"{service.name}: projection `{projection.name}`"
        for reaction in service.reactions:
            if reaction.source == source and event in reaction.event_names:
                yield f"{service.name}: reaction `{reaction.name}`"


def settings_page() -> str:
    """Every environment variable that is read."""
    rows = [
        f"| `{each.name}` | {f'`{each.default}`' if each.default else '–'} | {each.meaning} |"
        for each in VARIABLES
    ]
    return "\n".join(
        [
            "# Settings",
            "",
            MADE,
            "",
            "Read from the environment and checked at start. `<SERVICE>` is a service's name in capitals.",
            "",
            "| variable | default | meaning |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )
