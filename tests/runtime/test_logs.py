"""Log lines say what they belong to and never whose: no number of anybody's, no text of SQL's parameters."""

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from demo.people import person
from services.membership.service import MembershipService
from shared.bus import embedded
from shared.log.envelope import Envelope
from shared.log.store import Store
from shared.rules.policy_parameter import SetParameter
from shared.runtime import correlation
from shared.runtime.acting import act_of
from shared.runtime.calls import RefusedCall
from shared.runtime.logs import FORMATS, MASK, formatter, masked_text, set_up
from shared.runtime.process_settings import ProcessSettings
from shared.runtime.settings import embedded_settings
from shared.runtime.together import Together
from tests.runtime.suite import await_true, calling, folder_of, person_given

CANARY = person_given(77)


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What a process in production writes, as JSON lines."""
    before = logging.getLogger().handlers[:], logging.getLogger().level
    written = io.StringIO()
    set_up("json")
    output = logging.getLogger().handlers[0]
    assert isinstance(output, logging.StreamHandler)
    output.setStream(written)
    yield written
    logging.getLogger().handlers[:], level = before
    logging.getLogger().setLevel(level)


def parsed(lines: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Together]:
    folder: Path = tmp_path_factory.mktemp("logs")
    started = Together({MembershipService: embedded_settings("membership", folder)}, ProcessSettings())
    started.start()
    await_true(lambda: started.reasons() == [])
    yield started
    assert started.stop(10)
    embedded.drop("gonghui")


def called(together: Together, **context: Any) -> Any:
    return calling("embedded://gonghui", folder_of(together), **context)


@given(
    st.integers(min_value=0, max_value=5_000),
    st.sampled_from(["{}", "号码{}。", "id={}", "x{}y", "({})", '"{}"']),
)
def test_no_number_of_anybody_passes_whatever_stands_around_it(index: int, around: str) -> None:
    someone = person(index)
    for number in (str(someone.identity_number), str(someone.mobile), "6222020200112233445"):
        assert number not in masked_text(around.format(number))


@pytest.mark.parametrize(
    "number",
    [
        "13812345678",
        "138 1234 5678",
        "+86 138-1234-5678",
        "+8613812345678",
        "6222 0202 0011 2233 445",
        "6222-0202-0011-2233",
        "110101 19900307 0097",
        "11010119900307007X",
        "１３８１２３４５６７８",
    ],
)
def test_numbers_are_found_as_people_write_them(number: str) -> None:
    masked = masked_text(f"电话或证件 {number}，请核对")
    assert MASK in masked
    assert sum(each.isdigit() for each in masked) <= 2


@pytest.mark.parametrize(
    "harmless",
    [
        "0199a1b2-7c3d-7e4f-8123-123456789012",
        "2026-11-20T11:06:47.123456Z",
        "position 1234567890",
        "a3f1c2d4" * 8,
        "amount_fen=1000000",
        "127.0.0.1:65535",
    ],
)
def test_identities_moments_positions_and_hashes_stay_readable(harmless: str) -> None:
    assert masked_text(harmless) == harmless


def test_numbers_are_masked_wherever_they_stand_in_a_line(lines: io.StringIO) -> None:
    number = CANARY["identity_number"]
    log = logging.getLogger("shared.sample")
    log.info("found %s", number)
    log.warning("of %s", {"rows": [{number: int(number[:17])}]})
    log.warning("parts", extra={"identity_number": number})
    try:
        int(number + "!")
    except ValueError:
        log.exception("broke")

    written = parsed(lines)

    assert len(written) == 4
    assert number not in lines.getvalue()
    assert number[:17] not in lines.getvalue()
    assert "ValueError" in written[3]["exception"]


@pytest.mark.parametrize("wanted", FORMATS)
def test_a_line_says_when_where_and_how_bad(wanted: str) -> None:
    record = logging.LogRecord("shared.sample", logging.WARNING, __file__, 1, "%d events", (7,), None)
    line = formatter(wanted).format(record)
    assert all(each in line for each in ("7 events", "warning", "shared.sample", "T"))


def test_what_libraries_say_goes_the_same_way_and_only_from_warnings_on(lines: io.StringIO) -> None:
    logging.getLogger("kombu.connection").info("a detail")
    logging.getLogger("kombu.connection").warning("lost: %s", CANARY["identity_number"])

    (line,) = parsed(lines)

    assert (line["level"], line["logger"], line["event"]) == ("warning", "kombu.connection", f"lost: {MASK}")


def test_sql_is_written_without_its_parameters(tmp_path: Path, lines: io.StringIO) -> None:
    """Source: faults.md S-12."""
    logging.getLogger("sqlalchemy.engine").setLevel(logging.INFO)
    store = Store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    with pytest.raises(Exception, match="no such table") as caught, store.write() as connection:
        connection.execute(text("INSERT INTO missing VALUES (:name)"), {"name": CANARY["name"]})
    logging.getLogger("shared.sample").error("broke", exc_info=caught.value)
    store.close()
    logging.getLogger("sqlalchemy.engine").setLevel(logging.NOTSET)

    assert "INSERT INTO missing" in lines.getvalue()
    assert CANARY["name"] not in lines.getvalue()


def test_a_callers_correlation_id_reaches_command_event_and_log_line(
    together: Together, lines: io.StringIO
) -> None:
    with called(together, correlation_id="wish-1") as caller:
        position = caller.membership.register_person(**person_given(1))["position"]
        with pytest.raises(RefusedCall):
            caller.membership.register_person(**person_given(1))

    (event,) = together.houses[MembershipService].log.read(position - 1, 1)

    assert event.facts.correlation_id == "wish-1"
    (refused,) = parsed(lines)
    assert refused["logger"] == "gonghui.access"
    assert (refused["correlation_id"], refused["call"]) == ("wish-1", "membership.register_person")


def test_without_a_correlation_id_a_command_is_its_own_beginning(together: Together) -> None:
    with called(together) as caller:
        answer = caller.membership.register_person(**person_given(2), command_id="command-2")

    (event,) = together.houses[MembershipService].log.read(answer["position"] - 1, 1)

    assert event.facts.correlation_id == "command-2"


@pytest.mark.parametrize("sent", [CANARY["identity_number"], "two words", "x" * 65, ""])
def test_what_is_no_correlation_id_is_left_out_and_refuses_nothing(
    sent: str, together: Together, lines: io.StringIO
) -> None:
    with called(together, correlation_id=sent) as caller, pytest.raises(RefusedCall, match=r"input\.invalid"):
        caller.membership.register_person(name="王")

    (line,) = parsed(lines)
    assert "correlation_id" not in line


def test_one_call_leaves_no_correlation_id_to_the_next(together: Together, lines: io.StringIO) -> None:
    for context in ({"correlation_id": "wish-3"}, {}):
        with called(together, **context) as caller, pytest.raises(RefusedCall):
            caller.membership.register_person(name="王")

    first, second = parsed(lines)
    assert first["correlation_id"] == "wish-3"
    assert "correlation_id" not in second


def test_a_reaction_goes_on_under_the_events_correlation_id(together: Together) -> None:
    house = together.houses[MembershipService]
    with called(together, correlation_id="wish-4") as caller:
        position = caller.membership.register_person(**person_given(4))["position"]
    caused: Envelope = house.log.read(position - 1, 1)[0]
    command = SetParameter(
        key="member.joining_age_years",
        value=16,
        unit="years",
        region="CN",
        effective_from=caused.facts.effective_on,
        document_no="样本〔2026〕1号",
        sureness="sample",
    )

    act_of(house)(command, "reaction/sample/1/0", caused)

    (event,) = house.log.read(house.log.head().position - 1, 1)
    assert (event.facts.correlation_id, event.facts.causation_id) == ("wish-4", caused.id)
    assert correlation.current() is None


def test_nothing_personal_is_written_while_a_call_is_answered_or_breaks(
    together: Together, lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Source: faults.md S-12."""
    with called(together) as caller:
        caller.membership.register_person(**CANARY)
        for wrong in (CANARY, CANARY | {"sex": CANARY["name"]}, CANARY | {"identity_number": "1" * 18}):
            with pytest.raises(RefusedCall):
                caller.membership.register_person(**wrong)
        house = together.houses[MembershipService]

        def breaks(requests: Any) -> Any:
            raise ValueError(repr([request.command.identity_number.content for request in requests]))

        monkeypatch.setattr(house, "handle_many", breaks)
        with pytest.raises(RefusedCall, match="internal"):
            caller.membership.register_person(**person_given(78))

    assert len(parsed(lines)) >= 4
    for someone in (CANARY, person_given(78)):
        assert someone["identity_number"] not in lines.getvalue()
        assert someone["name"] not in lines.getvalue()


def test_a_format_that_does_not_exist_is_refused_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GONGHUI_LOG_FORMAT", "xml")
    done = subprocess.run(
        [sys.executable, "-m", "shared.runtime.start", "supervise"],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 2
    assert "GONGHUI_LOG_FORMAT" in done.stderr
