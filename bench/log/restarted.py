"""A measured process: has just been started, and sends its first command on a stream; then many more."""

import time

# The same order as in a service's process: psycopg's wait function, eventlet's patch, then all else.
if __name__ == "__main__":
    from shared.runtime.green import patch

    patch()

from statistics import median

from bench.processes import given, tell, wait_for_start
from tests.log.fund import Spend
from tests.log.house import House, open_house


def spend_seconds(house: House, fund_id: str) -> float:
    """How long one command takes."""
    began = time.perf_counter()
    house.send(Spend(fund_id=fund_id, amount_fen=1))
    return time.perf_counter() - began


def main() -> None:
    chosen = given()
    wait_for_start()
    began = time.perf_counter()
    house = open_house(chosen["url"])
    house.send(Spend(fund_id=chosen["funds"][0], amount_fen=1))
    first_seconds = time.perf_counter() - began
    other_process = open_house(chosen["url"])
    for fund_id in chosen["funds"]:
        house.send(Spend(fund_id=fund_id, amount_fen=1))
    # In turn, so that a noisy moment falls on both alike.
    following: dict[str, list[float]] = {fund_id: [] for fund_id in chosen["funds"]}
    after_another: dict[str, list[float]] = {fund_id: [] for fund_id in chosen["funds"]}
    for _ in range(chosen["commands"]):
        for fund_id in chosen["funds"]:
            following[fund_id].append(spend_seconds(house, fund_id))
    for _ in range(chosen["commands"]):
        for fund_id in chosen["funds"]:
            other_process.send(Spend(fund_id=fund_id, amount_fen=1))
            after_another[fund_id].append(spend_seconds(house, fund_id))
    tell(
        first_seconds=first_seconds,
        following_seconds=[median(following[fund_id]) for fund_id in chosen["funds"]],
        after_another_seconds=[median(after_another[fund_id]) for fund_id in chosen["funds"]],
    )
    house.close()


if __name__ == "__main__":
    main()
