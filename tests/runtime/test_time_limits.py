"""A call that takes too long is refused in time, leaves nothing half done, and holds up nobody else."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import eventlet
import pytest

from services.membership.aggregates.person import RegisterPerson
from services.membership.service import MembershipService, birth_year, sex
from shared.bus import embedded
from shared.bus.answering import send_answer
from shared.runtime import entrypoints
from shared.runtime.access import ANYWHERE
from shared.runtime.calls import TIMEOUT, Call, RefusedCall
from shared.runtime.house import House
from shared.runtime.interface import Interface
from shared.runtime.methods import command, operation
from shared.runtime.settings import embedded_settings
from shared.runtime.signing_keys import make_signing_key
from shared.runtime.together import open_prepared
from tests.runtime.suite import await_true, calling, person_given, token_of

BUS = "embedded://patience"
LIMIT_SECONDS, LONG_SECONDS = 0.4, 1.2
begun: list[str] = []
ended: list[str] = []


def work_long(call: Call, *, secret: str) -> str:
    """Takes longer than it may."""
    begun.append(secret)
    eventlet.sleep(LONG_SECONDS)
    ended.append(secret)
    return secret


def finding_takes_long(call: Call, rows: Any) -> list[Any]:
    """A look-up that takes longer than the whole call may."""
    eventlet.sleep(LONG_SECONDS)
    ended.append("found")
    return ["somebody" for _ in rows]


class SlowService(MembershipService):
    """Membership with methods that take too long."""

    work_long = operation(work_long, role="clerk", scope=ANYWHERE)
    register_slowly = command(
        RegisterPerson,
        role="clerk",
        scope=ANYWHERE,
        derived={"sex": sex, "birth_year": birth_year},
        found={"person_id": finding_takes_long},
    )


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder: Path = tmp_path_factory.mktemp("patience")
    make_signing_key(embedded_settings("staffing", folder))
    settings = replace(embedded_settings("membership", folder), bus_url=BUS)
    house = open_prepared(SlowService, settings, connections=6)
    interface = Interface({SlowService: house}, BUS, rpc_workers=2, call_seconds=LIMIT_SECONDS)
    interface.start()
    await_true(lambda: interface.reasons() == [])
    yield house
    assert interface.stop(5)
    house.close()
    embedded.drop("patience")


@pytest.fixture
def caller(house: House) -> Iterator[Any]:
    with calling(BUS, house.settings.folder) as proxy:
        yield proxy


def refused_after(call: Any, **given: Any) -> tuple[RefusedCall, float]:
    start = time.monotonic()
    with pytest.raises(RefusedCall) as refused:
        call(**given)
    return refused.value, time.monotonic() - start


def test_a_call_past_its_time_is_refused_in_time_and_tells_nothing_internal(caller: Any) -> None:
    refused, seconds = refused_after(caller.membership.work_long, secret="canary")

    assert refused.code == TIMEOUT.code
    assert LIMIT_SECONDS <= seconds < LONG_SECONDS
    assert "canary" not in repr(refused.args)
    await_true(lambda: "canary" in ended)
    assert caller.membership.log_head()["epoch"] == 1


@pytest.mark.parametrize("many", [False, True])
def test_a_command_past_its_time_is_not_recorded_afterwards(house: House, caller: Any, many: bool) -> None:
    before = house.log.head().position
    ended.clear()
    given = person_given(50)
    method = caller.membership.register_slowly_many if many else caller.membership.register_slowly

    refused, _ = refused_after(method, **({"rows": [given, given]} if many else given))

    assert refused.code == TIMEOUT.code
    await_true(lambda: ended == ["found"])
    eventlet.sleep(0.1)
    assert house.log.head().position == before


def test_a_command_that_was_recorded_too_late_to_be_told_is_found_by_its_id(
    house: House, caller: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = house.handle

    def handle_slowly(request: Any) -> Any:
        outcome = handle(request)
        eventlet.sleep(LONG_SECONDS)
        return outcome

    monkeypatch.setattr(house, "handle", handle_slowly)
    refused, _ = refused_after(
        caller.membership.register_person, **person_given(51), command_id="told-too-late"
    )

    assert refused.code == TIMEOUT.code
    assert caller.membership.find_command(command_id="told-too-late")["position"] == house.log.head().position


def test_the_timeout_is_recorded_with_who_called(house: House, caller: Any) -> None:
    refused_after(caller.membership.work_long, secret="recorded")

    rows = refusals_recorded(house, TIMEOUT.code)
    assert (rows[-1]["method"], rows[-1]["person_id"]) == ("work_long", "wang")


def test_a_call_past_its_time_keeps_its_place_until_it_ends_so_that_they_do_not_pile_up(house: House) -> None:
    """Two workers: the third begins when one of the first two has ended, long after both were refused."""
    begun.clear()
    token_of(house.settings.folder, "clerk")

    def ask(number: int) -> str:
        with calling(BUS, house.settings.folder) as proxy:
            return refused_after(proxy.membership.work_long, secret=str(number))[0].code

    asking = [eventlet.spawn(ask, number) for number in range(3)]
    eventlet.sleep(2 * LIMIT_SECONDS)
    assert len(begun) == 2

    assert [each.wait() for each in asking] == [TIMEOUT.code] * 3
    await_true(lambda: len(begun) == 3)


def refusals_recorded(house: House, code: str) -> list[dict[str, Any]]:
    assert house.access_log.flush()
    with calling(BUS, house.settings.folder, "auditor") as auditor:
        rows: list[dict[str, Any]] = auditor.membership.access_log(code=code)["answer"]
    return rows


def test_a_call_past_its_time_is_not_answered_a_second_time_when_it_ends(
    caller: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []

    def send(config: Any, message: Any, answer: Any) -> None:
        sent.append(answer["error"]["value"]["code"] if answer["error"] else "answered")
        send_answer(config, message, answer)

    monkeypatch.setattr(entrypoints, "send_answer", send)
    ended.clear()
    refused_after(caller.membership.work_long, secret="once")
    await_true(lambda: "once" in ended)
    eventlet.sleep(0.1)

    assert sent == [TIMEOUT.code]


def test_a_call_in_time_is_answered_once_and_not_refused_afterwards(house: House, caller: Any) -> None:
    before = refusals_recorded(house, TIMEOUT.code)
    for _ in range(20):
        assert caller.membership.log_head()["epoch"] == 1
    eventlet.sleep(LIMIT_SECONDS + 0.2)

    assert caller.membership.log_head()["epoch"] == 1
    assert refusals_recorded(house, TIMEOUT.code) == before


def test_a_method_that_does_not_exist_is_recorded_without_the_name_that_was_sent(
    house: House, caller: Any
) -> None:
    refused, _ = refused_after(caller.membership.drop_everything)

    (row,) = refusals_recorded(house, refused.code)
    assert (refused.code, row["method"]) == ("call.unknown_method", "")
