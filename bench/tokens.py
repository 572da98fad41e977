"""What it costs to see who calls, whether they may, and for which organisation, beside the whole command."""

import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from bench.measure import Row, machine, medians_of_three
from bench.rpc.commands import OUTSTANDING, beside_echo
from shared.runtime.access import Access
from shared.runtime.access_feeds import organisation_parents_table
from shared.runtime.calls import Call
from shared.runtime.finding import service_class
from shared.runtime.house import House
from shared.runtime.settings import embedded_settings
from shared.runtime.signing_keys import make_signing_key, read_signing_key
from shared.runtime.together import open_prepared
from shared.runtime.tokens import PEOPLE_SIGNED_BY, REMEMBERED_SECONDS, Grant, Verifier, sign
from tests.servers.rabbitmq import RabbitMQ

TITLE = "Tokens: who calls, whether they may, and for which organisation"
SERVICE = "membership"
LEVELS = 6


def measure(*, quick: bool = False) -> tuple[str, list[Row]]:
    """A row for the tokens as they are checked in use, and one for a token that is new to a service."""
    checks, seconds = (1_000, 1.0) if quick else (20_000, 3.0)

    def run() -> dict[str, float]:
        found = costs(checks)
        # One instance, as busy as it can be: what a command takes of it, and not how long its caller waits.
        commands = beside_echo(None, broker, seconds, worker=False)["commands"]
        command_us = 1_000_000 / commands
        # Whoever calls is verified by each instance once in that time, however often they call.
        in_use_us = found["remembered_us"] + found["verified_us"] / (commands * REMEMBERED_SECONDS)
        return found | {
            "command_us": command_us,
            "in_use_us": in_use_us,
            "percent": in_use_us / command_us * 100,
            "first_percent": (found["remembered_us"] + found["verified_us"]) / command_us * 100,
        }

    with closing(RabbitMQ()) as broker:
        broker.start()
        found = medians_of_three(run)
    return machine("SQLite (WAL, synchronous=FULL)", "RabbitMQ (one node)"), [
        Row(
            what=f"a token's check in use, and an organisation {LEVELS} levels below, "
            "% of a command over RabbitMQ",
            must="≤ 3",
            measured=str(found["percent"]),
            beside=f"{found['in_use_us']} of {found['command_us']} µs, {OUTSTANDING} outstanding; "
            f"its signature once in {REMEMBERED_SECONDS:.0f} s among them",
        ),
        Row(
            what="the first check of a token that is new to a service, % of such a command",
            must="printed beside it",
            measured=str(found["first_percent"]),
            beside=f"of it the signature: {found['verified_us']} µs",
        ),
    ]


def costs(checks: int) -> dict[str, float]:
    """Microseconds of a check with a token that is remembered, and of one with a token that is new."""
    with tempfile.TemporaryDirectory() as folder:
        staffing = embedded_settings(PEOPLE_SIGNED_BY, Path(folder))
        make_signing_key(staffing)
        grants = [Grant("auditor", "level-0"), Grant("clerk", "level-0")]
        token = sign(staffing, read_signing_key(staffing), person_id="wang", login_id="wang", grants=grants)
        service = service_class(SERVICE)
        house = open_prepared(service, embedded_settings(SERVICE, Path(folder)), connections=4)
        put_levels(house)
        access, verifier = Access(house, service.projections), Verifier(staffing)

        def check() -> None:
            call = Call(house, {"auth_token": token}, access)
            call.admit(("clerk",))
            (actor,) = call.acting("organisation_id", [{"organisation_id": f"level-{LEVELS - 1}"}])
            assert not isinstance(actor, Exception)

        told = {
            "remembered_us": microseconds(check, checks),
            "verified_us": microseconds(lambda: verifier._verify(token), checks // 10),
        }
        house.close()
    return told


def put_levels(house: House) -> None:
    """Organisations each under the one before."""
    with house.store.write() as connection:
        for level in range(LEVELS):
            above = f"level-{level - 1}" if level else None
            connection.execute(
                organisation_parents_table.insert().values(organisation_id=f"level-{level}", parent_id=above)
            )


def microseconds(work: Callable[[], object], times: int) -> float:
    work()
    began = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - began) / times * 1_000_000
