"""``gonghui call``, ``status``, ``login``, ``bootstrap``: alike at the door of ``up`` and over a broker."""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from demo.people import person
from shared.bus import embedded
from shared.cli import status as status_command
from shared.cli.arguments import arguments_from
from shared.cli.main import app
from shared.cli.session import current_token, ends_at
from shared.runtime.door import SOCKET_FILE, Door
from shared.runtime.folder_lock import lock_folder
from shared.runtime.process_settings import ProcessSettings
from shared.runtime.settings import embedded_settings
from shared.runtime.signing_keys import read_signing_key
from shared.runtime.together import Together
from shared.runtime.tokens import Grant, sign
from tests.runtime.suite import await_true, suite_settings, token_of
from tests.servers.rabbitmq import RabbitMQ

UNION = {
    "organisation_id": "federation",
    "name": "门头沟区总工会",
    "kind": "federation",
    "level": "4",
    "founded_on": "1985-05-01",
    "basis": "京工组〔1985〕1号",
}


@pytest.fixture(scope="module", params=["embedded", "rabbitmq"])
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """A folder in which all services run, and the environment in which commands find them."""
    folder = tmp_path_factory.mktemp("calling")
    bus_url = "embedded://calling"
    if request.param == "rabbitmq":
        node: RabbitMQ = request.getfixturevalue("rabbitmq")
        bus_url = node.url()
    every = {service: replace(each, bus_url=bus_url) for service, each in suite_settings(folder).items()}
    with lock_folder(folder):
        together = Together(every, ProcessSettings())
        door = Door(folder, together.houses)
        together.start()
        if request.param == "embedded":
            door.start()
        await_true(lambda: together.reasons() == [], 30)
        yield {"GONGHUI_FOLDER": str(folder), "GONGHUI_BUS_URL": bus_url}
        door.close()
        assert together.stop(10)
    embedded.drop("calling")


@pytest.fixture(autouse=True)
def folder(running: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("GONGHUI_")]:
        monkeypatch.delenv(name)
    for name, value in running.items():
        monkeypatch.setenv(name, value)
    folder = Path(running["GONGHUI_FOLDER"])
    (folder / "token").write_text(token_of(folder))
    return folder


def gonghui(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(app, arguments, input=typed)


def values(given: dict[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in given.items()]


def test_the_first_administrator_is_made_and_logs_in_while_all_services_run(folder: Path) -> None:
    number, name = str(person(7).identity_number), str(person(7).name)

    made = gonghui("bootstrap", "first", "--generate", "--json", typed=f"{number}\n{name}\n")
    assert made.exit_code == 0, made.output
    done = gonghui("login", "first", "--json", typed=json.loads(made.stdout)["password"] + "\n")

    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["expires_in_seconds"] > 0
    assert (folder / "token").stat().st_mode & 0o777 == 0o600


def test_a_call_is_answered_and_its_second_sending_is_the_same_command(folder: Path) -> None:
    given = values(UNION | {"command_id": "founding"})

    first = gonghui("call", "membership.found_organisation", *given, "--json")
    second = gonghui("--lang", "en", "call", "membership.found_organisation", *given)

    assert first.exit_code == 0, first.output
    assert json.loads(first.stdout)["streams"] == {"organisation/federation": 1}
    assert second.exit_code == 0, second.output
    assert "repeated" in second.stdout


def test_values_are_read_as_their_fields_take_them(tmp_path: Path) -> None:
    somebody = person(11)
    (tmp_path / "number.json").write_text(json.dumps(str(somebody.identity_number)))

    done = gonghui(
        "call",
        "membership.identify_person",
        "document_type=resident_identity_card",
        f"identity_number=@{tmp_path / 'number.json'}",
        f"name={somebody.name}",
        "--json",
    )
    again = gonghui(
        "call",
        "membership.identify_person",
        "document_type=resident_identity_card",
        f"identity_number={somebody.identity_number}",
        f"name={somebody.name}",
        "--json",
    )

    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == json.loads(again.stdout)


def test_rows_are_sent_from_a_file_and_each_has_its_outcome(tmp_path: Path) -> None:
    rows = [
        {
            "document_type": "resident_identity_card",
            "identity_number": str(person(index).identity_number),
            "name": str(person(index).name),
        }
        for index in (20, 21)
    ]
    (tmp_path / "rows.json").write_text(json.dumps([*rows, {"name": "x"}]))

    done = gonghui("call", "membership.register_person_many", "--rows", str(tmp_path / "rows.json"), "--json")
    shown = gonghui("call", "membership.register_person_many", "--rows", str(tmp_path / "rows.json"))

    assert done.exit_code == 1, done.output
    assert ["refused" in each for each in json.loads(done.stdout)] == [False, False, True]
    assert "共3行" in shown.stdout


def test_a_refusal_is_a_sentence_with_its_code_and_field() -> None:
    zh = gonghui("call", "membership.found_organisation", "name=x", "level=many")
    told = json.loads(gonghui("call", "membership.found_organisation", "name=x", "--json").stdout)["error"]

    assert zh.exit_code == 2
    assert "level: " in zh.stderr
    assert "gonghui call membership" in zh.stderr
    assert {each["field"] for each in told["problems"]} >= {"kind", "level"}


def test_without_a_login_one_is_told_to_log_in(folder: Path) -> None:
    (folder / "token").unlink()

    done = gonghui("call", "membership.log_head")

    assert done.exit_code == 2
    assert "请先登录" in done.stderr
    assert "gonghui login" in done.stderr


def test_a_token_is_renewed_before_it_ends_and_an_ended_one_asks_for_a_login(folder: Path) -> None:
    made = gonghui("bootstrap", "second", "--another", "--person-id", "wang", "--generate", "--json")
    gonghui("login", "second", typed=json.loads(made.stdout)["password"] + "\n")
    claims = {"person_id": "wang", "grants": [Grant("administrator", None)], "logged_in_at": time.time()}
    staffing = embedded_settings("staffing", folder)
    key, login_id = read_signing_key(staffing), json.loads(made.stdout)["login_id"]
    short = sign(staffing, key, **claims, login_id=login_id, epoch=9, life_seconds=60)  # type: ignore[arg-type]
    (folder / "token").write_text(short)

    renewed = current_token(10)
    (folder / "token").write_text(sign(staffing, key, **claims, life_seconds=-1))  # type: ignore[arg-type]
    done = gonghui("call", "membership.log_head")

    assert renewed is not None
    assert ends_at(renewed) > ends_at(short) + 60
    assert done.exit_code == 2
    assert "登录已过期" in done.stderr


def test_a_password_is_changed_without_ever_being_an_argument(folder: Path) -> None:
    made = gonghui("bootstrap", "third", "--another", "--person-id", "zhao", "--generate", "--json")
    old, new, newest = json.loads(made.stdout)["password"], "a horse of another colour", "and yet another one"
    gonghui("login", "third", typed=f"{old}\n")

    mistyped = gonghui("password", typed=f"{old}\n{new}\n{new}!\n")
    done = gonghui("password", "--json", typed=f"{old}\n{new}\n{new}\n")
    assert mistyped.exit_code == 2
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {"changed": True}
    assert gonghui("login", "third", typed=f"{old}\n").exit_code == 2
    assert gonghui("login", "third", typed=f"{new}\n").exit_code == 0

    secrets = ("password=-", "new_password=-")
    short = gonghui("call", "staffing.change_password", *secrets, typed=f"{new}\n")
    called = gonghui("call", "staffing.change_password", *secrets, typed=f"{new}\n{newest}\n")
    assert short.exit_code == 2
    assert "new_password" in short.stderr
    assert called.exit_code == 0, called.output
    assert gonghui("login", "third", typed=f"{newest}\n").exit_code == 0


def test_what_is_asked_for_is_not_shown_while_it_is_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[bool] = []

    def prompt(question: str, *, hide_input: bool, **_: object) -> str:
        shown.append(not hide_input)
        return f"{question.partition(' ')[0]} 1"

    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("typer.prompt", prompt)
    assert arguments_from(["password=-", "level=4"], {"password": {"type": "string"}}) == {
        "password": "password 1",
        "level": 4,
    }
    assert shown == [False]


def test_status_is_fine_where_all_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status_command, "SETTLE_SECONDS", 5.0)

    done = gonghui("status", "--json")

    assert done.exit_code == 0, done.output
    services = json.loads(done.stdout)["services"]
    assert [each["running"] for each in services] == [True] * 4
    assert all(each["reasons"] == [] for each in services)
    assert "就绪" in gonghui("status", "membership").stdout


def test_a_service_that_cannot_be_asked_is_told_and_not_waited_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch, running: dict[str, str]
) -> None:
    if running["GONGHUI_BUS_URL"].startswith("embedded"):
        (folder / SOCKET_FILE).rename(folder / "elsewhere")
    else:
        monkeypatch.setenv("GONGHUI_BUS_URL", "amqp://guest:guest@127.0.0.1:1/")
    try:
        began = time.monotonic()
        done = gonghui("call", "membership.log_head", "--timeout", "2")
        seconds = time.monotonic() - began
    finally:
        if (folder / "elsewhere").exists():
            (folder / "elsewhere").rename(folder / SOCKET_FILE)

    assert done.exit_code == 2
    assert done.stderr.startswith("错误：")
    assert seconds < 10


def test_a_login_without_the_role_is_refused(folder: Path) -> None:
    (folder / "token").write_text(token_of(folder, "auditor"))

    done = gonghui("--lang", "en", "call", "membership.found_organisation", *values(UNION))

    assert done.exit_code == 2
    assert "your roles do not allow this" in done.stderr
    assert "access.role" in done.stderr
