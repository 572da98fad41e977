"""A worker killed on the way from a release to its bank file writes the file after all, and the same."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from services.assistance.aggregates import language
from services.assistance.reactions import bank_files
from shared.runtime.commands import CommandHandler
from shared.runtime.house import open_house
from shared.runtime.settings import embedded_settings
from tests.assistance.town import Town, furnish
from tests.log.house import House
from tests.runtime.suite import await_true
from tests.servers.postgresql import PostgreSQL
from tests.servers.rabbitmq import RabbitMQ
from tests.suite.deployment import STEP_SECONDS_MAX, Deployment, held, stalled

SERVICE = "assistance"


class Cashier:
    """Assistance's worker and its log, in which a batch after the other is released."""

    def __init__(self, deployment: Deployment, folder: Path, town: Town) -> None:
        self.deployment, self.town, self.out = deployment, town, folder / "bank" / "out"
        self.database = deployment.databases[SERVICE]

    def approve(self, number: int) -> None:
        """A batch of one household stands ready to be released."""
        self.town.settle([number])
        self.town.grant([number])
        self.town.open_batch(f"batch-{number}", [number])
        self.town.approve_batch(f"batch-{number}")

    def release(self, number: int) -> None:
        self.town.release_batch(f"batch-{number}")

    def file(self, number: int) -> Path:
        return self.out / f"batch-{number}.csv"

    def kill(self) -> None:
        self.deployment.kill(SERVICE, "worker")

    def restart(self) -> None:
        self.deployment.start(SERVICE, "worker")
        self.deployment.await_ready()

    def is_level(self) -> bool:
        return self.checkpoint() == self.town.house.log.head().position

    def checkpoint(self) -> int:
        query = f"SELECT position FROM checkpoints WHERE subscription = '{bank_files.name}'"
        ((position,),) = self.deployment.rows(SERVICE, query)
        return int(position)


@pytest.fixture(scope="module")
def cashier(
    postgresql: PostgreSQL, rabbitmq: RabbitMQ, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cashier]:
    folder = tmp_path_factory.mktemp("cashier")
    deployment = Deployment(postgresql, rabbitmq, folder, "cashier", [SERVICE])
    url = deployment.databases[SERVICE].service_url
    settings = replace(embedded_settings(SERVICE, folder), database_url=url)
    try:
        with closing(open_house(settings, language)) as house:
            town = Town(House(house.store, house.log, CommandHandler(house.log)))
            furnish(town)
            made = Cashier(deployment, folder, town)
            made.restart()
            yield made
    finally:
        deployment.close()


def test_the_worker_is_killed_between_the_release_and_the_file(cashier: Cashier) -> None:
    cashier.approve(1)
    with stalled(cashier.database, "access_log") as stall:
        cashier.release(1)
        stall.await_parked()
        assert not cashier.file(1).exists()
        cashier.kill()
    cashier.restart()

    await_true(cashier.is_level, STEP_SECONDS_MAX)
    assert "grant-1.1" in cashier.file(1).read_text()


def test_the_worker_is_killed_between_the_file_and_its_checkpoint(cashier: Cashier) -> None:
    cashier.approve(2)
    await_true(cashier.is_level, STEP_SECONDS_MAX)
    before = cashier.checkpoint()
    with held(cashier.database, "checkpoints", f"subscription = '{bank_files.name}'"):
        cashier.release(2)
        await_true(cashier.file(2).exists, STEP_SECONDS_MAX)
        written = cashier.file(2).read_bytes()
        cashier.kill()
        assert cashier.checkpoint() == before
    cashier.restart()

    await_true(cashier.is_level, STEP_SECONDS_MAX)
    assert cashier.file(2).read_bytes() == written
    assert cashier.deployment.rows(SERVICE, "SELECT * FROM parked") == []
