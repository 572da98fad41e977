"""The demonstration runs to its end on a real store, and fails when something is not as it must be."""

import io
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from sqlalchemy import text

from demo import story
from demo.district import organisations
from demo.people import identity_number, person
from demo.story import Story
from services.reporting.projections.memberships import memberships
from shared.log.store import Store
from shared.log.verify import Verdict, verify
from shared.log.verify_chunk import Finding
from shared.runtime.finding import service_names
from shared.standards.credit_code import CreditCode
from shared.standards.identity_number import IdentityNumber
from tests.runtime.process import START_SECONDS_MAX, Process, readiness
from tests.runtime.suite import await_true
from tests.servers.process import free_port

ROOT = Path(__file__).resolve().parents[2]


def told(folder: Path, people: int = 12) -> tuple[bool, str]:
    """Whether the demonstration succeeded, and what it printed."""
    printed = io.StringIO()
    whole = Story(folder, Console(file=printed, width=200), people).tell()
    return whole, printed.getvalue()


def test_the_demonstration_succeeds_from_the_command_line_and_can_be_repeated(tmp_path: Path) -> None:
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-m", "demo", str(tmp_path)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "登记 300 人，300 人入会" in done.stdout
        assert "入会时须年满16周岁" in done.stdout
        assert "membership recorded 300, reporting counted 300" in done.stdout
        assert "默克尔根" in done.stdout
        assert "memberships was made anew" in done.stdout


def test_all_services_go_on_in_the_folder_that_the_demonstration_left(tmp_path: Path) -> None:
    whole, _ = told(tmp_path)
    port = free_port()
    suite = Process(tmp_path, "together", *service_names(), GONGHUI_SUITE_HEALTH_PORT=str(port))
    try:
        await_true(lambda: readiness(port) == (200, []), START_SECONDS_MAX)
        held, _ = told(tmp_path)
        code, _ = suite.stop()
    finally:
        suite.kill()

    assert whole
    assert not held, "the demonstration began in a folder that services work in"
    assert code == 0
    assert (tmp_path / "membership.sqlite").exists()


def test_a_member_who_is_not_counted_fails_the_demonstration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyError

    handled = memberships.handled["MemberJoined"]
    monkeypatch.setitem(memberships.handled, "MemberJoined", replace(handled, apply=fail))

    whole, printed = told(tmp_path)

    assert not whole
    assert "membership recorded 12, reporting counted 0" in printed


def test_a_projection_that_is_not_what_the_events_make_fails_the_demonstration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tampering(store: Store) -> Verdict:
        if str(store.url.database).endswith("reporting.sqlite"):
            with store.write() as connection:
                connection.execute(text("UPDATE memberships SET migrant_worker = 1"))
        return verify(store)

    monkeypatch.setattr(story, "verify", tampering)

    whole, printed = told(tmp_path)

    assert not whole
    assert "memberships: 12 rows differ" in printed


def test_a_log_that_is_not_whole_fails_the_demonstration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found_out(*arguments: object) -> Verdict:
        clean = verify(*arguments)  # type: ignore[arg-type]
        return replace(clean, findings=(Finding("event.leaf", "event 5"),))

    monkeypatch.setattr(story, "verify", found_out)

    whole, printed = told(tmp_path)

    assert not whole
    assert "event.leaf" in printed


def test_a_number_in_the_clear_fails_the_demonstration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leak = person(3).identity_number
    founded = organisations()
    leaking = replace(founded[1], organisation_id="leak", name=f"{leak}工会", credit_code=None)
    monkeypatch.setattr(story, "organisations", lambda: [*founded, leaking])

    whole, printed = told(tmp_path)

    assert not whole
    assert leak not in printed


def test_a_folder_with_other_files_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "membership.key").write_text("precious")

    whole, _ = told(tmp_path)

    assert not whole
    assert (tmp_path / "membership.key").read_text() == "precious"


def test_the_numbers_of_the_demonstration_are_valid() -> None:
    for founding in organisations():
        assert founding.credit_code is not None
        assert CreditCode.parse(founding.credit_code).organisation_check_holds
    young = identity_number(person(0).born_on, 103)
    assert IdentityNumber.parse(young).sex == "male"
