"""A long history of disbursements, recorded in bulk by the command handler, kept in a file and used again."""

from contextlib import closing

from bench.processes import ROOT
from services.assistance.aggregates import language
from services.assistance.aggregates.batch.commands import Result
from services.assistance.aggregates.paying import line_id
from shared.log.entry import Answer
from tests.assistance.town import AMOUNT_FEN, CAMPAIGNS, Town, account, found_town, grant_id
from tests.log.house import open_house

FORMAT = 2
"""Raise it when tables, envelopes or the town change: a file of another format is not used."""
HOUSEHOLDS = 1_000
"""So many come on file together, and are paid by one batch a campaign."""
FAILS_ONE_IN = 20


def history(events: int) -> str:
    """The URL of a SQLite log of at least so many events, which is lived on first if it is shorter."""
    path = ROOT / "var" / "bench" / f"disbursements-of-{events}-format-{FORMAT}.sqlite"
    path.parent.mkdir(parents=True, exist_ok=True)
    url = f"sqlite:///{path}"
    town = Town(open_house(url, language)) if path.exists() else found_town(url)
    with closing(town.house) as house:
        while house.log.head().position < events:
            # A round that was broken off is left as it is: the next one has other households.
            live(town, first=house.log.head().position + 1)
        with house.store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("COMMIT")  # a checkpoint cannot be made within a transaction
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return url


def live(town: Town, first: int) -> None:
    """So many households, numbered from the first, come on file and are paid by each campaign.

    Of the first campaign every so many lines come back and are issued again.
    """
    numbers = range(first, first + HOUSEHOLDS)
    town.settle(numbers)
    for campaign_id in CAMPAIGNS:
        town.grant(numbers, campaign_id)
        failing = set(numbers[::FAILS_ONE_IN]) if campaign_id == CAMPAIGNS[0] else set()
        pay(town, f"{campaign_id}-{first}", campaign_id, numbers, failing, attempt=1)
        if failing:
            town.each("wang", (account(number, 10**12 + number) for number in sorted(failing)))
            pay(town, f"{campaign_id}-{first}-again", campaign_id, sorted(failing), set(), attempt=2)


def pay(
    town: Town, batch_id: str, campaign_id: str, numbers: "range | list[int]", failing: set[int], attempt: int
) -> None:
    """A batch of these households' grants is made, handed on, released and answered."""
    town.open_batch(batch_id, numbers, campaign_id)
    town.approve_batch(batch_id)
    outcome = town.release_batch(batch_id)
    if not isinstance(outcome, Answer):
        raise outcome
    town.record(
        batch_id,
        *(
            Result(
                line_id=line_id(grant_id(number, campaign_id), attempt),
                outcome="failed" if number in failing else "paid",
                amount_fen=AMOUNT_FEN,
                code="account_closed" if number in failing else None,
            )
            for number in numbers
        ),
    )
