"""A measured process: neutral services together on the embedded bus, as ``together`` runs the four."""

import time

# The same order as in a service's process: psycopg's wait function, eventlet's patch, then all else.
if __name__ == "__main__":
    from shared.runtime.green import patch

    patch()

import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

import eventlet
from nameko.standalone.rpc import ClusterRpcProxy

from bench.bus.services import SERVICES, CardsService
from bench.log import cards
from bench.processes import given, tell, wait_for_start
from shared.log.store import Store
from shared.projections import checkpoints
from shared.rules.context import Actor
from shared.runtime.commands import Request
from shared.runtime.process_settings import ProcessSettings
from shared.runtime.settings import BUS_URL, embedded_settings
from shared.runtime.signing_keys import make_signing_key, read_signing_key
from shared.runtime.together import Together
from shared.runtime.tokens import PEOPLE_SIGNED_BY, Grant, sign

A_CALL = 1_000
WAIT_SECONDS_MAX = 120
LOOK_SECONDS = 0.002
CALLS_BEFORE = 20


def burst(together: Together, events: int) -> dict[str, float]:
    """Events a second from when they are recorded until the reader's projection has them all."""
    log = together.houses[CardsService].log
    store = together.houses[SERVICES["reader1"]].store
    handler = together.houses[CardsService]._handler
    for _ in range(events // A_CALL):
        for outcome in handler.handle_many([cards_request() for _ in range(A_CALL)]):
            if isinstance(outcome, Exception):
                raise outcome
    began, before, head = time.monotonic(), applied(store), log.head().position
    together.houses[CardsService].handle(cards_request())
    await_true(lambda: applied(store) > head)
    return {"per_second": (head + 1 - before) / (time.monotonic() - began)}


def cards_request() -> Request:
    return Request(cards.issue_card(), Actor("clerk"))


def calls(together: Together, events: int) -> dict[str, float]:
    """Medians of so many calls of each kind, one after the other, by nameko's own proxy; milliseconds."""
    given_card = {
        "organisation_id": cards.ORGANISATION_ID,
        "name": "王建国",
        "identity_number": "11010519491231002X",
        "account_number": "6222020200112233445",
        "issued_on": "2026-03-01",
        "trade": "woodworker",
    }
    token = token_of_a_clerk(together.houses[CardsService].settings.folder)
    with ClusterRpcProxy({"AMQP_URI": BUS_URL}, context_data={"auth_token": token}, timeout=10) as proxy:
        echoes = [milliseconds(lambda: proxy.cards.echo(text="好")) for _ in range(events)]
        issued = [milliseconds(lambda: proxy.cards.issue_card(**given_card)) for _ in range(events)]
    return {"echo_ms": median(echoes[CALLS_BEFORE:]), "command_ms": median(issued[CALLS_BEFORE:])}


def token_of_a_clerk(folder: Path) -> str:
    staffing = embedded_settings(PEOPLE_SIGNED_BY, folder)
    make_signing_key(staffing)
    return sign(staffing, read_signing_key(staffing), person_id="clerk", grants=[Grant("clerk", None)])


def milliseconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1_000


def applied(store: Store) -> int:
    """Up to which position the reader's projection knows the cards."""
    with store.read() as connection:
        return checkpoints.position_of(connection, "card_rows")


def await_true(holds: Callable[[], bool]) -> None:
    """Return once something holds. Raises eventlet.Timeout."""
    with eventlet.Timeout(WAIT_SECONDS_MAX):
        while not holds():
            eventlet.sleep(LOOK_SECONDS)


def main() -> None:
    chosen = given()
    with tempfile.TemporaryDirectory() as folder:
        services = (CardsService, SERVICES["reader1"])
        settings = {each: embedded_settings(each.name, Path(folder)) for each in services}
        together = Together(settings, ProcessSettings())
        together.start()
        await_true(lambda: not together.reasons())
        wait_for_start()
        work = {"burst": burst, "calls": calls}[chosen["work"]]
        told = work(together, chosen["events"])
        tell(**told)


if __name__ == "__main__":
    main()
