"""``gonghui``: looking at a log, verifying it, and being told a mistake in a sentence."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from demo.district import join, organisations, parameters, register
from demo.people import person
from services.membership.aggregates import language
from shared.cli.findings import MEANINGS
from shared.cli.main import app
from shared.log.store import Store
from shared.rules.context import Actor
from shared.runtime.commands import CommandHandler, Request
from shared.runtime.opening import open_log, prepare
from shared.runtime.settings import embedded_settings

ROOT = Path(__file__).resolve().parents[2]
HEARING_CTRL_C = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
"""A process that a shell has in its background, and all that it starts, is deaf to it otherwise."""

CLERK = Actor("registrar-1")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a house in which nothing is founded yet."""
    for name in [name for name in os.environ if name.startswith("GONGHUI_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GONGHUI_FOLDER", str(tmp_path))
    return tmp_path


@pytest.fixture
def district(folder: Path) -> Path:
    """A folder with membership's log: 11 events, the last of which is that person 0 joined."""
    settings = embedded_settings("membership", folder)
    prepare(settings, language)
    log = open_log(settings, language)
    commands = [
        *parameters(),
        *organisations(),
        register(0, "person-0"),
        join(person(0), "person-0", "member-0", "longquan-hospital"),
    ]
    CommandHandler(log).handle_many([Request(command, CLERK) for command in commands])
    assert log.head().position == 11
    log.store.close()
    return folder


def gonghui(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def damage(folder: Path, *statements: str) -> None:
    """Change rows behind the log's back, as somebody with the file in hand could."""
    store = Store(f"sqlite:///{folder / 'membership.sqlite'}")
    with store.write() as connection:
        for trigger in ("events_refuse_update", "events_refuse_delete"):
            connection.execute(text(f"DROP TRIGGER {trigger}"))
        for statement in statements:
            connection.execute(text(statement))
    store.close()


def test_migrate_founds_a_log_and_may_be_repeated(folder: Path) -> None:
    first = gonghui("--json", "migrate", "membership")
    second = gonghui("--json", "migrate", "membership")

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert json.loads(first.stdout) == json.loads(second.stdout)
    assert json.loads(first.stdout)["position"] == 1


def test_tail_shows_the_last_events_without_personal_values(district: Path) -> None:
    shown = gonghui("log", "tail", "membership", "--limit", "2")

    assert shown.exit_code == 0
    assert "PersonRegistered" in shown.stdout
    assert "member/member-0 #1  MemberJoined  registrar-1" in shown.stdout
    assert "OrganisationFounded" not in shown.stdout
    assert "identity_number=‹personal›" in shown.stdout
    somebody = person(0)
    assert not [each for each in (somebody.identity_number, somebody.name) if each in shown.stdout]


def test_tail_as_json_is_one_list(district: Path) -> None:
    events = json.loads(gonghui("log", "tail", "membership", "--after", "2", "--limit", "3", "--json").stdout)

    assert [event["position"] for event in events] == [3, 4, 5]
    assert events[0]["data"]["name"] == "门头沟区总工会"


def test_tail_follows_what_is_recorded_until_it_is_interrupted(district: Path) -> None:
    command = f"{HEARING_CTRL_C}; from shared.cli.main import main; main()"
    following = subprocess.Popen(
        [sys.executable, "-c", command, "--json", "log", "tail", "membership", "--limit", "1", "--follow"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert following.stdout is not None
    try:
        assert json.loads(following.stdout.readline())["position"] == 11
        assert gonghui("log", "restored", "membership").exit_code == 0
        assert json.loads(following.stdout.readline())["type"] == "EpochBegan"
        time.sleep(0.2)
        following.send_signal(signal.SIGINT)
        _, errors = following.communicate(timeout=10)
    finally:
        following.kill()
    assert "Traceback" not in errors


def test_show_gives_one_event_or_a_whole_stream(district: Path) -> None:
    by_position = gonghui("--lang", "en", "log", "show", "membership", "11")
    by_stream = gonghui("--lang", "en", "log", "show", "membership", "member/member-0")

    assert by_position.exit_code == 0
    assert by_position.stdout == by_stream.stdout
    assert "MemberJoined" in by_position.stdout
    assert "recorded at" in by_position.stdout
    assert "‹personal›" in by_position.stdout


def test_show_writes_out_what_could_steer_a_terminal(district: Path) -> None:
    damage(district, "UPDATE events SET type = 'Joined' || char(27) || '[2J' WHERE position = 11")

    assert "\x1b" not in gonghui("log", "show", "membership", "11").stdout


def test_show_says_that_an_event_cannot_be_read(district: Path) -> None:
    damage(district, "UPDATE events SET public = '{' WHERE position = 11")

    for command in ("show", "tail"):
        shown = gonghui("log", command, "membership", *(["11"] if command == "show" else []))
        assert shown.exit_code == 0
        assert "无法读取" in shown.stdout


def test_verifying_a_whole_log_succeeds(district: Path) -> None:
    shown = gonghui("log", "verify", "membership")
    plain = json.loads(gonghui("--json", "log", "verify", "membership").stdout)

    assert shown.exit_code == 0
    assert "核验无误" in shown.stdout
    assert plain["root"] in shown.stdout
    assert (plain["clean"], plain["events"], plain["commands"]) == (True, 11, 11)


def test_verifying_a_changed_log_fails_and_says_where(district: Path) -> None:
    damage(district, "UPDATE events SET public = replace(public, '1958', '1959') WHERE position >= 10")

    shown = gonghui("log", "verify", "membership")
    plain = json.loads(gonghui("--json", "log", "verify", "membership").stdout)

    assert shown.exit_code == 1
    assert "event.leaf" in shown.stdout
    assert MEANINGS["event.leaf"].zh[:6] in shown.stdout
    assert {"event 10", "event 11"} <= {
        finding["place"].partition(":")[0] for finding in plain["findings"] if finding["code"] == "event.leaf"
    }


def test_every_finding_that_a_verification_or_an_audit_makes_has_its_sentence() -> None:
    finding = (
        "shared/log/verify.py",
        "shared/log/verify_chunk.py",
        "shared/log/verify_digests.py",
        "shared/runtime/replaying.py",
        "shared/runtime/auditing.py",
        "shared/cli/witnessing.py",
        "services/assistance/audit/tally.py",
    )
    told = "".join((ROOT / source).read_text() for source in finding)

    codes = {
        word
        for word in told.split('"')
        if word.count(".") == 1
        and word.partition(".")[0]
        in ("event", "command", "head", "stream", "keys", "replay", "witness", "projection", "total", "bank")
    }
    assert codes == set(MEANINGS)


def test_after_a_restore_a_new_epoch_begins(district: Path) -> None:
    told = gonghui("--json", "log", "restored", "membership")

    assert told.exit_code == 0
    assert json.loads(told.stdout)["epoch"] == 2
    assert gonghui("log", "verify", "membership").exit_code == 0


@pytest.mark.parametrize("command", [["tail"], ["verify"], ["restored"], ["show", "1"]])
def test_a_log_that_was_not_founded_is_told_and_nothing_is_made(command: list[str], folder: Path) -> None:
    told = gonghui("log", command[0], "membership", *command[1:])

    assert told.exit_code == 2
    assert told.stdout == ""
    if command != ["restored"]:
        assert "gonghui migrate membership" in told.stderr
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["log", "verify", "membershi"],
        ["log", "verify", "membership", "--processes", "0"],
        ["log", "verify", "membership", "--processes", "many"],
        ["log", "tail", "membership", "--limit", "-1"],
        ["log", "tail", "membership", "--nothing"],
        ["log", "tail"],
        ["log", "show", "membership", "12"],
        ["log", "show", "membership", "9" * 30],
        ["log", "show", "membership", "member/nobody"],
        ["log", "mend", "membership"],
        ["migrate", "membership", "--role", "service"],
    ],
)
def test_a_mistake_is_a_sentence_with_a_hint_in_the_chosen_language(
    arguments: list[str], district: Path
) -> None:
    zh, en = gonghui(*arguments), gonghui("--lang", "en", *arguments)
    plain = gonghui("--json", *arguments)

    assert [zh.exit_code, en.exit_code, plain.exit_code] == [2, 2, 2]
    assert zh.stderr.startswith("错误：")
    assert "提示：" in zh.stderr
    assert en.stderr.startswith("Error: ")
    assert "Hint: " in en.stderr
    assert json.loads(plain.stdout)["error"]["zh"]
    assert plain.stderr == ""


@pytest.mark.parametrize("arguments", [["--lang", "fr", "log"], ["--loud"], ["nothing"]])
def test_a_mistake_before_any_command_is_told_too(arguments: list[str]) -> None:
    told = gonghui(*arguments)

    assert told.exit_code == 2
    assert told.stderr.startswith("错误：")


def test_an_unreachable_database_is_told_without_its_password(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "membership.key").write_text("0f" * 32)
    monkeypatch.setenv(
        "GONGHUI_MEMBERSHIP_DATABASE_URL", "postgresql+psycopg://m:hunter2@127.0.0.1:1/membership"
    )

    for command in (["log", "verify"], ["log", "restored"], ["migrate"]):
        told = gonghui(*command, "membership")
        assert told.exit_code == 2
        assert "GONGHUI_MEMBERSHIP_DATABASE_URL" in told.stderr
        assert "hunter2" not in told.output


def test_a_wrong_setting_is_told_by_its_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GONGHUI_DISTRICT", "here")

    told = gonghui("log", "tail", "membership")

    assert told.exit_code == 2
    assert "GONGHUI_DISTRICT" in told.stderr


def test_a_file_that_is_no_database_is_told(folder: Path) -> None:
    (folder / "membership.sqlite").write_text("no database" * 100)

    told = gonghui("log", "verify", "membership")

    assert told.exit_code == 2
    assert told.stderr.startswith("错误：")


@pytest.mark.parametrize(
    ("column", "value"),
    [("position", "position + 1"), ("position", "1"), ("frontier", "x''"), ("log_id", "CAST(x'ff' AS TEXT)")],
)
def test_a_damaged_head_is_a_finding(district: Path, column: str, value: str) -> None:
    damage(district, f"UPDATE head SET {column} = {value}")

    told = gonghui("log", "verify", "membership")

    assert told.exit_code == 1
    assert f"head: {column}" in told.output
    assert gonghui("log", "tail", "membership").exit_code == 0


def test_a_digest_that_was_changed_is_a_finding_for_who_has_the_master_key(district: Path) -> None:
    damage(district, "UPDATE digests SET digest = '0' WHERE rowid = 1")

    assert gonghui("log", "verify", "membership").exit_code == 1
    (district / "membership.key").unlink()
    assert gonghui("log", "verify", "membership").exit_code == 0


def test_asking_for_help_imports_nothing_heavy() -> None:
    heavy = ("sqlalchemy", "cryptography", "alembic", "nameko", "marshmallow")
    script = f"""
import sys
from typer.testing import CliRunner
from shared.cli.main import app
assert CliRunner().invoke(app, ["log", "--help"]).exit_code == 0
sys.exit(", ".join(name for name in {heavy} if name in sys.modules))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.stderr == "\n"
