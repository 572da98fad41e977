"""A process of its own that follows, writes or rebuilds, to be killed or frozen by tests."""

import json
import sys
from pathlib import Path
from subprocess import Popen
from typing import Any

# The same order as in a service's process: psycopg's wait function, eventlet's patch, then all else.
if __name__ == "__main__":
    from shared.runtime.green import patch

    patch()

import itertools
import threading
import time

from sqlalchemy import select

from shared.projections import following, rebuilding
from shared.projections.following import ProjectionFollower
from shared.projections.subscriptions import Subscriptions
from tests.log.fund import Add, Spend
from tests.log.house import House, open_house
from tests.projections.balances import balances
from tests.servers.process import ONE_OF_MANY, spawn

FUNDS = 20


def start(work: str, url: str, folder: Path, **more: Any) -> "Popen[bytes]":
    """Start a process that does one kind of work until it is ended; it tells nothing but its mistakes."""
    argument = json.dumps({"work": work, "url": url, **more})
    module = [sys.executable, "-m", "tests.projections.following_process", argument]
    return spawn(module, log=folder / f"{work}.output", environment=ONE_OF_MANY)


def follow(house: House, page: int) -> None:
    """Keep the balances level."""
    following.PAGE = page
    followers = [ProjectionFollower(house.store, house.log, balances())]
    Subscriptions(house.store, followers, poll_seconds=0.1).run(threading.Event())


def write(house: House) -> None:
    """Append for ever: two are added, one is spent, in turn over some funds."""
    for number in itertools.count():
        fund_id = str(number % FUNDS)
        house.send_many(Add(fund_id=fund_id, amount_fen=2), Spend(fund_id=fund_id, amount_fen=1))
        time.sleep(0.002)  # SQLite's lock knows no turns: who never leaves it keeps all others out


def rebuild(house: House, page: int) -> None:
    """Rebuild the balances over and over."""
    rebuilding.PAGE = page
    while True:
        rebuilding.rebuild(house.store, house.log, balances())


def read(house: House) -> None:
    """Query the balances for ever; an answer that misses a fund, or none at all, ends it with an error."""
    table = balances().table
    while True:
        with house.store.read() as connection:
            found = len(connection.execute(select(table)).all())
        if found != FUNDS:
            raise AssertionError(f"a query saw {found} of {FUNDS} funds")


def main() -> None:
    given = json.loads(sys.argv[1])
    house = open_house(given["url"])
    if given["work"] == "write":
        write(house)
    elif given["work"] == "follow":
        follow(house, given.get("page", 1_000))
    elif given["work"] == "read":
        read(house)
    else:
        rebuild(house, given.get("page", 100))


if __name__ == "__main__":
    main()
