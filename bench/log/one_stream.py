"""64 callers on one stream, a fund, each decided on the state that the one before left."""

from contextlib import closing

from bench.log.appends import plain_url
from bench.log.callers import FUND_ID
from bench.log.honest import NotHonestError, check_log
from bench.measure import Row, machine, medians_of_three, postgresql
from bench.processes import run_process
from tests.log.fund import Add, Fund, evolve, language
from tests.log.house import found_house
from tests.servers.postgresql import PostgreSQL

TITLE = "64 callers on one stream"
PAID_IN_FEN = 10_000_000
CALLERS = 64


def measure(*, quick: bool = False) -> tuple[str, list[Row]]:
    """One row; on PostgreSQL."""
    seconds = 1.0 if quick else 6.0
    with closing(PostgreSQL()) as server:
        server.start()
        here = machine(postgresql(plain_url(server.create_database())))
        found = medians_of_three(lambda: {"appends": appends_per_second(server, seconds)})
    return here, [
        Row(
            what="64 callers on one fund, each decided on the balance before it, appends/s",
            must="≥ 2,500",
            measured=str(found["appends"]),
            beside="the balance at the end is what was paid in less what was spent",
        )
    ]


def appends_per_second(server: PostgreSQL, seconds: float) -> float:
    """Appends a second. Raises NotHonestError unless log and balance agree with what was acknowledged."""
    database = server.create_database()
    with closing(found_house(database.owner_url, language)) as house:
        house.send(Add(fund_id=FUND_ID, amount_fen=PAID_IN_FEN))
        told = run_process(
            "bench.log.callers", url=database.owner_url, work="fund", callers=CALLERS, seconds=seconds
        )
        spent = 1 + told["answered"]  # one by which the process opened its connection
        check_log(house.store, events=2 + spent)
        fund = Fund()
        for envelope in house.log.stream(f"fund/{FUND_ID}"):
            facts = envelope.facts
            fund = evolve(fund, language.event(envelope.type, facts.schema, facts.data, {}))
        if fund.balance_fen != PAID_IN_FEN - spent:
            raise NotHonestError(f"{spent} fen were spent, but the balance is {fund.balance_fen}")
    server.drop_database(database)
    appended: float = told["answered"] / (told["ended"] - told["began"])
    return appended
