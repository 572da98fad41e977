"""One correlation id goes with a wish from service to service: through calls, events and their replicas."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import structlog

from services.assistance.service import AssistanceService
from services.membership.service import MembershipService
from services.reporting.service import ReportingService
from shared.bus import embedded
from shared.bus.replica import Replica
from shared.runtime import correlation
from shared.runtime.access import ANYWHERE
from shared.runtime.calls import Call, RefusedCall
from shared.runtime.methods import operation
from shared.runtime.process_settings import ProcessSettings
from shared.runtime.remote import call_remotely
from shared.runtime.settings import embedded_settings
from shared.runtime.together import Together
from tests.runtime.suite import await_true, calling, folder_of, person_given, token_of

BUS = "embedded://correlated"


def forward(call: Call, *, index: int, name: str) -> dict[str, Any]:
    """Have membership register somebody, as one service asks another within a call."""
    token = token_of(call.house.settings.folder, "clerk")
    given = person_given(index) | {"name": name}
    answer: dict[str, Any] = call_remotely(BUS, "membership", "register_person", token, 10, **given)
    return answer


class AskingService(AssistanceService):
    """Assistance, which asks membership while it answers."""

    forward = operation(forward, role="clerk", scope=ANYWHERE)


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Together]:
    folder: Path = tmp_path_factory.mktemp("correlated")
    together = Together(
        {
            service: replace(embedded_settings(service.name, folder), bus_url=BUS)
            for service in (AskingService, MembershipService, ReportingService)
        },
        ProcessSettings(),
    )
    together.start()
    await_true(lambda: together.houses[MembershipService].log.head().position >= 1)
    await_true(lambda: not [each for each in together.reasons() if "staffing" not in each])
    yield together
    together.stop(10)
    embedded.drop("correlated")


def test_a_wish_keeps_its_id_from_service_to_service_and_in_every_replica(suite: Together) -> None:
    with calling(BUS, folder_of(suite), "clerk", correlation_id="wish-9") as caller:
        answer = caller.assistance.forward(index=1, name="王芳")

    (event,) = suite.houses[MembershipService].log.read(answer["position"] - 1, 1)
    assert event.facts.correlation_id == "wish-9"

    store = suite.houses[ReportingService].store
    replica = Replica(store, "membership")

    def replicated() -> Any:
        with store.read() as connection:
            return replica.page(connection, answer["position"] - 1, 1)

    await_true(lambda: bool(replicated()))
    assert replicated()[0].facts.correlation_id == "wish-9"


def test_what_the_second_service_refuses_stands_in_its_logs_under_the_same_id(
    suite: Together, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[Any] = []
    caplog.set_level(logging.INFO, logger="gonghui.access")

    def tell(record: logging.LogRecord) -> bool:
        told.append((record.getMessage(), dict(structlog.contextvars.get_contextvars())))
        return True

    caplog.handler.addFilter(tell)
    with (
        calling(BUS, folder_of(suite), "clerk", correlation_id="wish-10") as caller,
        pytest.raises(RefusedCall),
    ):
        caller.assistance.forward(index=2, name="")

    house = suite.houses[MembershipService]
    assert house.access_log.flush()
    auditor = token_of(folder_of(suite), "auditor")
    rows = call_remotely(BUS, "membership", "access_log", auditor, 10)["answer"]
    assert (rows[-1]["code"], rows[-1]["correlation_id"]) == ("input.invalid", "wish-10")
    (context,) = [context for line, context in told if line.startswith("membership.register_person")]
    assert (context["correlation_id"], context["call"]) == ("wish-10", "membership.register_person")


def test_a_call_outside_of_any_wish_tells_no_id() -> None:
    assert correlation.headers("token") == {"nameko.auth_token": "token"}
    with correlation.carried("wish-11"):
        assert correlation.headers(None) == {"nameko.correlation_id": "wish-11"}
