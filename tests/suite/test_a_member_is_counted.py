"""A member joins in one service and is counted in another: in one process, and as in production."""

from dataclasses import replace
from pathlib import Path

from shared.bus import embedded
from shared.runtime.finding import service_names
from shared.runtime.process_settings import ProcessSettings
from shared.runtime.together import Together
from tests.runtime.suite import await_true, calling, suite_settings
from tests.servers.postgresql import PostgreSQL
from tests.servers.rabbitmq import RabbitMQ
from tests.suite.deployment import Deployment
from tests.suite.joining import counted, found_district, joining

BUS = "embedded://counted"
STOP_SECONDS_MAX = 10


def test_a_member_who_joined_is_counted_in_one_process(tmp_path: Path) -> None:
    together = Together(
        {service: replace(each, bus_url=BUS) for service, each in suite_settings(tmp_path).items()},
        ProcessSettings(),
    )
    together.start()
    await_true(lambda: together.reasons() == [])

    with calling(BUS, tmp_path) as caller:
        found_district(caller)
        first = counted(caller, caller.membership.join_member(**joining(1)))
        second = counted(caller, caller.membership.join_member(**joining(2)))

    assert (first, second) == (1, 2)
    assert together.stop(STOP_SECONDS_MAX)
    embedded.drop("counted")


def test_a_member_who_joined_is_counted_by_services_that_run_as_in_production(
    postgresql: PostgreSQL, rabbitmq: RabbitMQ, tmp_path: Path
) -> None:
    deployment = Deployment(postgresql, rabbitmq, tmp_path, "counted", service_names())
    try:
        for service in service_names():
            deployment.start(service, "supervise")
        deployment.await_ready()

        with deployment.caller() as caller:
            found_district(caller)
            first = counted(caller, caller.membership.join_member(**joining(1)))
            second = counted(caller, caller.membership.join_member(**joining(2)))
        stopped = {name: process.stop() for (name, *_), process in deployment.processes.items()}
        log = (tmp_path / "process.log").read_text()
    finally:
        deployment.close()

    assert (first, second) == (1, 2)
    assert {code for code, _ in stopped.values()} == {0}, log
    assert all(seconds < STOP_SECONDS_MAX for _, seconds in stopped.values())
