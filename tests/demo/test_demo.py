"""The demonstration runs to its end on a real store, and fails when something is not as it must be."""

import io
import re
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
from demo.population import Population
from demo.roster import roster_cells
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


def test_the_demonstration_succeeds_from_the_command_line_where_an_earlier_one_was(
    lived: tuple[Path, str],
) -> None:
    folder, said = lived

    assert not (folder / "earlier").exists()
    assert "新增 36 人" in said
    assert "建档 8 户" in said
    assert "银行退回 3 笔" in said
    assert "一笔错发已冲销" in said
    assert "发现 0 处不符" in said
    assert "默克尔根" in said


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
    # Who has retired is not counted, and yet they are fifty thousand and more.
    active = sum(roster_cells(each, plan.district.year)[3] != "退休" for each in Population(plan).roster())
    assert plan.published[0].agrees(active)


def test_all_services_go_on_in_the_folder_that_the_demonstration_left(lived: tuple[Path, str]) -> None:
    folder, _ = lived
    port = free_port()
    suite = Process(folder, "together", *service_names(), GONGHUI_SUITE_HEALTH_PORT=str(port))
    try:
        await_true(lambda: readiness(port) == (200, []), START_SECONDS_MAX)
        held, _ = told(folder)
        code, _ = suite.stop()
    finally:
        suite.kill()

    assert not held, "the demonstration began in a folder that services work in"
    assert code == 0


def test_whatever_is_not_as_it_must_be_fails_the_demonstration_and_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All at once, since a year takes its time: five faults, and each is told."""

    def verified(store: Store) -> Verdict:
        clean = verify(store)
        if not str(store.url.database).endswith("reporting.sqlite"):
            return clean
        with store.write() as connection:
            connection.execute(text("UPDATE memberships SET migrant_worker = 1"))
        return replace(clean, findings=(Finding("event.leaf", "event 5"),))

    def replayed(*arguments: Any) -> Replay:
        found = replay(*arguments)
        found.findings.append(Finding("replay.other_events", "command 5"))
        return found

    monkeypatch.setattr(story, "verify", verified)
    monkeypatch.setattr(story, "replay", replayed)
    leak = person(3).identity_number
    plan = read_plan(SMALL)
    leaking = replace_(plan.campaigns[0], name=f"{leak}送温暖")
    wrong = replace_(plan.published[0], value=37)
    plan = replace_(plan, campaigns=(leaking, *plan.campaigns[1:]), published=(wrong, *plan.published[1:]))

    whole, printed = told(tmp_path, plan)

    assert not whole
    assert re.search(r"全区会员 +│ 37 +│ 35 +│ ✗", printed)
    assert "reporting: event.leaf: event 5" in printed
    assert "replay.other_events" in printed
    assert "memberships: 30 rows differ" in printed
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
