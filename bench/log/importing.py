"""A measured process: an import of people, 1,000 a call, each from the JSON data that a caller sends."""

import time

# The same order as in a service's process: psycopg's wait function, eventlet's patch, then all else.
if __name__ == "__main__":
    from shared.runtime.green import patch

    patch()

import json
from typing import Any

from bench.processes import given, tell, wait_for_start
from services.membership.aggregates import language
from services.membership.aggregates.member import JoinMember
from services.membership.aggregates.person import RegisterPerson
from shared.log.entry import Answer
from shared.rules.plain import personal_fields, to_plain
from shared.runtime.schemas import load
from tests.log.house import House, join, open_house, register

A_CALL = 1_000


def sent(command: Any) -> Any:
    """A command as a caller sends it: plain data that went through JSON."""
    personal = {name: str(value.content) for name, _, value in personal_fields(command)}
    return json.loads(json.dumps(to_plain(command) | personal))


def import_per_second(house: House, command_type: type[Any], rows: list[Any]) -> float:
    """Events a second. Raises what the first row came to that was not recorded."""
    began = time.perf_counter()
    for start in range(0, len(rows), A_CALL):
        page = [load(command_type, row) for row in rows[start : start + A_CALL]]
        for outcome in house.send_many(*page):
            if not isinstance(outcome, Answer):
                raise outcome
    return len(rows) / (time.perf_counter() - began)


def main() -> None:
    chosen = given()
    house = open_house(chosen["url"], language)
    people = range(chosen["new"], chosen["new"] + chosen["calls"] * A_CALL)
    known = range(chosen["registered"], chosen["registered"] + chosen["calls"] * A_CALL)
    registering = [sent(register(index)) for index in people]
    joining = [sent(join(index)) for index in people]
    joining_known = [sent(join(index)) for index in known]
    house.log.head()  # opens the connection before the clock starts
    wait_for_start()
    registered = import_per_second(house, RegisterPerson, registering)
    joined = import_per_second(house, JoinMember, joining)
    joined_from_store = import_per_second(house, JoinMember, joining_known)
    tell(
        registered=registered,
        joined=joined,
        joined_from_store=joined_from_store,
        recorded=len(registering) + len(joining) + len(joining_known),
    )
    house.close()


if __name__ == "__main__":
    main()
