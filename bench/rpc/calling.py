"""A measured process: callers, each with nameko's own proxy, in turns to the echo and to the command."""

import time

if __name__ == "__main__":
    import eventlet

    eventlet.monkey_patch()

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import eventlet
from kombu import pools
from nameko.exceptions import UnknownService
from nameko.standalone.rpc import ClusterRpcProxy

from bench.processes import given, tell, wait_for_start

ANSWER_SECONDS_MAX = 30
START_SECONDS_MAX = 60
LOOK_SECONDS = 0.1
CARD = {
    "organisation_id": "0199f0a2-7c1e-7cc3-9d5e-2f1f6f0c8b12",
    "name": "王建国",
    "identity_number": "11010519491231002X",
    "account_number": "6222020200112233445",
    "issued_on": "2026-03-01",
    "trade": "woodworker",
}


def per_second(methods: Sequence[Any], seconds: float) -> float:
    """Calls answered a second; each caller sends its next as the one before is answered."""
    began = time.perf_counter()

    def call(method: Any) -> int:
        answered = 0
        while time.perf_counter() - began < seconds:
            method(**CARD)
            answered += 1
        return answered

    answered = float(sum(eventlet.GreenPool(len(methods)).imap(call, methods)))
    return answered / (time.perf_counter() - began)


def await_answer(method: Any) -> None:
    """Return once a service answers that was started beside us. Raises UnknownService."""
    deadline = time.monotonic() + START_SECONDS_MAX
    while True:
        try:
            method(**CARD)
        except UnknownService:
            if time.monotonic() > deadline:
                raise
            time.sleep(LOOK_SECONDS)
        else:
            return


def main() -> None:
    chosen = given()
    # A publisher waits until the broker has confirmed: by default ten connections do so at a time.
    pools.set_limit(chosen["outstanding"])
    settings, context = {"AMQP_URI": chosen["bus_url"]}, {"auth_token": chosen["token"]}
    with ExitStack() as opened:
        proxies = [
            opened.enter_context(
                ClusterRpcProxy(settings, context_data=dict(context), timeout=ANSWER_SECONDS_MAX)
            )
            for _ in range(chosen["outstanding"])
        ]
        both = [each.echo.echo for each in proxies], [each.cards.issue_card for each in proxies]
        for methods in both:
            await_answer(methods[0])
            per_second(methods, 1.0)
        wait_for_start()
        turns = [[per_second(methods, chosen["seconds"]) for methods in both] for _ in range(chosen["turns"])]
    tell(turns=turns)


if __name__ == "__main__":
    main()
