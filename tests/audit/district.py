"""A folder with a season of disbursements: assistance's log, and reporting, which follows it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

from services.assistance.aggregates.batch.commands import Result
from services.assistance.aggregates.budget import AllocateBudget
from services.assistance.aggregates.goods_issue import IssueGoods
from services.assistance.aggregates.goods_item import ReceiveGoods
from services.assistance.aggregates.payment import ApproveReversal, RequestReversal, SettleContradiction
from shared.bus.catch_up import page_after, pull
from shared.bus.replica import Replica
from shared.log.entry import Answer
from shared.log.log import Log
from shared.projections.following import ProjectionFollower
from shared.runtime.finding import service_class
from shared.runtime.house import House, open_house
from shared.runtime.opening import prepare
from shared.runtime.settings import embedded_settings
from shared.runtime.signing_keys import make_signing_key
from shared.runtime.worker import prepare_followers
from tests.assistance.town import AMOUNT_FEN, DISTRICT, FACTORY, PAID_ON, Town, account, found_town
from tests.log.house import MASTER_KEY

REVERSED_ON = date(2024, 3, 8)


class Direct:
    """A service whose events are asked for without a bus between."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def events_after(self, position: int, limit: int) -> dict[str, object]:
        return page_after(self._log, position, limit)


def live(folder: Path) -> None:
    """Four households on file: paid at once, after a failure, after a doubt, or reversed; goods issued."""
    with founded(folder) as town:
        town.settle([1, 2, 3, 4])
        town.grant([1, 2, 3, 4])
        town.grant([1], "frost")
        pay(town, "first", paid=("grant-1.1", "grant-3.1"), failed=("grant-2.1",), in_doubt=("grant-4.1",))
        town.each("chen", [settlement("grant-4")])
        town.each("wang", [account(2, 99)])
        pay(town, "second", paid=("grant-2.2",))
        reverse(town, "grant-3")
        give_rice(town, 4)
        town.each("sun", [budget("frost")])
        follow(folder, town.house.log)


@contextmanager
def founded(folder: Path) -> Iterator[Town]:
    """Assistance, founded in a folder, and reporting beside it."""
    settings = embedded_settings("assistance", folder)
    settings.master_key_file.write_text(MASTER_KEY.hex())
    settings.master_key_file.chmod(0o600)
    make_signing_key(settings)
    town = found_town(settings.database_url)
    with closing(town.house):
        for name in ("staffing", "reporting"):
            prepare(embedded_settings(name, folder), service_class(name).language)
        yield town


def pay(
    town: Town,
    batch_id: str,
    paid: tuple[str, ...],
    failed: tuple[str, ...] = (),
    in_doubt: tuple[str, ...] = (),
) -> None:
    """A batch of these lines is made, handed on, released and answered."""
    numbers = sorted(
        int(each.partition(".")[0].removeprefix("grant-")) for each in (*paid, *failed, *in_doubt)
    )
    town.open_batch(batch_id, numbers)
    town.approve_batch(batch_id)
    assert isinstance(town.release_batch(batch_id), Answer)
    town.record(
        batch_id,
        *(Result(line_id=each, outcome="paid", amount_fen=AMOUNT_FEN) for each in paid),
        *(
            Result(line_id=each, outcome="failed", amount_fen=AMOUNT_FEN, code="account_closed")
            for each in failed
        ),
        *(
            Result(line_id=each, outcome="failed", amount_fen=AMOUNT_FEN, code="bank_other")
            for each in in_doubt
        ),
    )


def settlement(grant_id: str) -> SettleContradiction:
    """The bank's paper says that a grant's first line was paid."""
    return SettleContradiction(
        grant_id=grant_id,
        organisation_id=FACTORY,
        line_id=f"{grant_id}.1",
        settlement="paid",
        document_no="1",
        settled_on=PAID_ON,
    )


def reverse(town: Town, grant_id: str) -> None:
    """Feng asks for a payment to be reversed, Sun approves."""
    of = {"grant_id": grant_id, "organisation_id": FACTORY}
    asked = RequestReversal(**of, reversed_fen=AMOUNT_FEN, reason="not_entitled", requested_on=REVERSED_ON)
    town.each("feng", [asked])
    town.each("sun", [ApproveReversal(**of, approved_on=REVERSED_ON)])


def give_rice(town: Town, number: int) -> None:
    """Ten bags come, two go to a household."""
    received = ReceiveGoods(
        item_id="rice",
        organisation_id=DISTRICT,
        name="大米10公斤",
        unit="袋",
        unit_value_fen=6_000,
        quantity=10,
        source="purchase",
        document_no="1",
        received_on=PAID_ON,
    )
    town.each("wang", [received, two_bags(number)])


def two_bags(number: int) -> IssueGoods:
    """Two bags for a household."""
    return IssueGoods(
        issue_id=f"rice-{number}",
        organisation_id=DISTRICT,
        item_id="rice",
        file_id=f"file-{number}",
        person_id=f"person-{number}",
        quantity=2,
        witness_id="zhou",
        signed_on=PAID_ON,
    )


def budget(budget_id: str) -> AllocateBudget:
    return AllocateBudget(
        budget_id=budget_id,
        organisation_id=DISTRICT,
        fund_source="union_funds",
        programme="winter_warmth",
        year=2025,
        document_no="2",
        amount_fen=1_000_000,
        allocated_on=PAID_ON,
    )


def follow(folder: Path, log: Log) -> None:
    """Bring assistance's and reporting's read models level with assistance's log."""
    with opened(folder, "assistance") as house:
        follow_all(house)
    with opened(folder, "reporting") as house:
        assert pull(Replica(house.store, "assistance"), Direct(log), lambda *_: True)
        follow_all(house)


def follow_all(house: House) -> None:
    service = service_class(house.settings.service)
    prepare_followers(service, house)
    for projection in service.projections:
        follower = ProjectionFollower(house.store, house.feed(projection.source), projection)
        while follower.step():
            pass


@contextmanager
def opened(folder: Path, name: str) -> Iterator[House]:
    house = open_house(embedded_settings(name, folder), service_class(name).language)
    try:
        yield house
    finally:
        house.close()
