"""A measured process: so many callers in it, as in a service's process, that append until the time is up."""

import time

# The same order as in a service's process: psycopg's wait function, eventlet's patch, then all else.
if __name__ == "__main__":
    from shared.runtime.green import patch

    patch()

from collections.abc import Callable
from typing import Any

import eventlet

from bench.log import cards
from bench.processes import given, tell, wait_for_start
from tests.log import fund
from tests.log.house import House, open_house

FUND_ID = "fund"


def spend() -> fund.Spend:
    """Of the one fund that all callers share; the rule looks at the balance that the one before left."""
    return fund.Spend(fund_id=FUND_ID, amount_fen=1)


WORK: dict[str, tuple[Any, Callable[[], Any]]] = {
    "cards": (cards.language, cards.issue_card),
    "fund": (fund.language, spend),
}


def call(house: House, command: Callable[[], Any], ends: float) -> int:
    """What one caller does: the next command once the last was answered; how many were answered."""
    answered = 0
    while time.monotonic() < ends:
        house.send(command())
        answered += 1
    return answered


def main() -> None:
    chosen = given()
    language, command = WORK[chosen["work"]]
    house = open_house(chosen["url"], language)
    house.send(command())  # opens the connection before the clock starts
    wait_for_start()
    began = time.monotonic()
    pool = eventlet.GreenPool(chosen["callers"])
    callers = [pool.spawn(call, house, command, began + chosen["seconds"]) for _ in range(chosen["callers"])]
    answered = sum(caller.wait() for caller in callers)
    tell(answered=answered, began=began, ended=time.monotonic())
    house.close()


if __name__ == "__main__":
    main()
