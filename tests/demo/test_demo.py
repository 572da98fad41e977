"""The demonstration runs to its end on a real store, and fails when something is not as it must be."""

import io
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console
from sqlalchemy import text

from demo import story
from demo.district import organisations
from demo.people import identity_number, person
from demo.plan import Plan, read_plan
from demo.story import Story
from shared.log.store import Store
from shared.log.verify import Verdict, verify
from shared.log.verify_chunk import Finding
from shared.runtime.finding import service_names
from shared.runtime.replaying import Replay, replay
from shared.standards.credit_code import CreditCode
from shared.standards.identity_number import IdentityNumber
from tests.runtime.process import START_SECONDS_MAX, Process, readiness
from tests.runtime.suite import await_true
from tests.servers.process import free_port

ROOT = Path(__file__).resolve().parents[2]
replace_ = msgspec.structs.replace


SMALL = Path(__file__).with_name("small.toml")


def told(folder: Path, plan: Plan | None = None) -> tuple[bool, str]:
    """Whether the demonstration of the small plan succeeded, and what it printed."""
    printed = io.StringIO()
    whole = Story(folder, Console(file=printed, width=200), plan or read_plan(SMALL)).tell()
    return whole, printed.getvalue()


def test_the_demonstration_succeeds_from_the_command_line_and_can_be_repeated(tmp_path: Path) -> None:
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-m", "demo", str(tmp_path), str(SMALL)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "新增 36 人" in done.stdout
        assert "建档 8 户" in done.stdout
        assert "银行退回 3 笔" in done.stdout
        assert "一笔错发已冲回" in done.stdout
        assert "发现 0 处不符" in done.stdout
        assert "默克尔根" in done.stdout


def test_the_plan_of_mentougou_adds_up_to_what_was_published() -> None:
    plan = read_plan()
    published = {each.figure: each.value for each in plan.published}
    amounts = {
        "preschool": 3_000,
        "primary": 300,
        "junior_secondary": 300,
        "senior_secondary": 2_000,
        "bachelor": 2_000,
    }

    stages = plan.households.stages()

    assert sum(each.households for each in plan.campaigns) == published["relief.person_times"]
    assert len(stages) == published["student.persons"]
    assert sum(100 * amounts[each] for each in stages) == published["student.amount"]
    assert plan.members.joined == published["member.joined"]


def test_a_figure_that_is_not_what_was_published_fails_the_demonstration(tmp_path: Path) -> None:
    plan = read_plan(SMALL)
    wrong = [replace_(plan.published[0], value=37), *plan.published[1:]]

    whole, printed = told(tmp_path, replace_(plan, published=tuple(wrong)))

    assert not whole
    assert "37" in printed


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
    assert "memberships: 30 rows differ" in printed


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


def test_a_decision_that_the_rules_would_not_make_again_fails_the_demonstration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found_out(*arguments: Any) -> Replay:
        replayed = replay(*arguments)
        replayed.findings.append(Finding("replay.other_events", "command 5"))
        return replayed

    monkeypatch.setattr(story, "replay", found_out)

    whole, printed = told(tmp_path)

    assert not whole
    assert "replay.other_events" in printed


def test_a_number_in_the_clear_fails_the_demonstration(tmp_path: Path) -> None:
    leak = person(3).identity_number
    plan = read_plan(SMALL)
    leaking = replace_(plan.campaigns[0], name=f"{leak}送温暖")

    whole, printed = told(tmp_path, replace_(plan, campaigns=(leaking, *plan.campaigns[1:])))

    assert not whole
    assert "in the clear" in printed
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
