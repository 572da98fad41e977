"""A measured process: issues cards at even intervals, and tells when each was recorded."""

import time

# The same order as in a service's process: psycopg's wait function, eventlet's patch, then all else.
if __name__ == "__main__":
    from shared.runtime.green import patch

    patch()

import eventlet

from bench.log import cards
from bench.processes import given, tell, wait_for_start
from tests.log.house import open_house


def main() -> None:
    chosen = given()
    house = open_house(chosen["url"], cards.language)
    house.send(cards.issue_card())  # opens the connection before the clock starts
    committed: list[tuple[int, float]] = []

    def issue() -> None:
        answer = house.send(cards.issue_card())
        committed.append((answer.position, time.monotonic()))

    wait_for_start()
    began = time.monotonic()
    pool = eventlet.GreenPool(chosen["events"])
    for number in range(chosen["events"]):
        # By the clock and not after the one before: a slow moment must not thin out the load.
        eventlet.sleep(max(began + number / chosen["per_second"] - time.monotonic(), 0))
        pool.spawn(issue)
    pool.waitall()
    tell(committed=committed, seconds=time.monotonic() - began)
    house.close()


if __name__ == "__main__":
    main()
