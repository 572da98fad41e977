"""``gonghui bootstrap`` makes the first administrator, who then logs in and finds what others may do."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from demo.people import person
from services.staffing.service import FAILED, attempts
from shared.cli.main import app
from shared.cli.reaching import reaching
from shared.runtime.local import token_of_the_house
from shared.runtime.settings import embedded_settings
from shared.runtime.tokens import Grant, Verifier

PASSWORD = "correct horse battery canary"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("GONGHUI_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GONGHUI_FOLDER", str(tmp_path))
    attempts.__init__()  # type: ignore[misc]
    return tmp_path


def gonghui(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(app, arguments, input=typed)


def bootstrapped() -> Result:
    return gonghui("--json", "bootstrap", "first", "--person-id", "wang", typed=f"{PASSWORD}\n{PASSWORD}\n")


def test_the_first_administrator_is_made_and_logs_in(folder: Path) -> None:
    made = bootstrapped()
    assert made.exit_code == 0, made.output

    done = gonghui("login", "first", typed=f"{PASSWORD}\n")

    assert done.exit_code == 0, done.output
    file = folder / "token"
    assert file.stat().st_mode & 0o777 == 0o600
    token = Verifier(embedded_settings("reporting", folder)).verify(file.read_text())
    assert token.person_id == "wang"
    assert token.grants == (Grant("administrator", None), Grant("personnel", None))


def test_a_wrong_password_is_told_in_a_sentence(folder: Path) -> None:
    bootstrapped()

    done = gonghui("--lang", "zh", "login", "first", typed="something else\n")

    assert done.exit_code == 2
    assert FAILED.zh in done.stderr
    assert not (folder / "token").exists()


def test_the_administrator_is_registered_as_a_person_where_no_id_is_given() -> None:
    number, name = str(person(7).identity_number), str(person(7).name)

    done = gonghui("--json", "bootstrap", "first", "--generate", typed=f"{number}\n{name}\n")

    assert done.exit_code == 0, done.output
    made = json.loads(done.stdout.splitlines()[-1])
    assert len(made["person_id"]) == 36
    assert gonghui("login", "first", typed=f"{made['password']}\n").exit_code == 0
    assert number not in done.stdout


def test_bootstrapping_again_sets_the_password_anew_and_only_for_the_same_person() -> None:
    bootstrapped()
    another = PASSWORD + "2"

    again = gonghui("bootstrap", "first", "--person-id", "wang", typed=f"{another}\n{another}\n")
    stranger = gonghui("bootstrap", "first", "--person-id", "li", typed=f"{another}\n{another}\n")

    assert again.exit_code == 0, again.output
    assert stranger.exit_code == 2
    assert gonghui("login", "first", typed=f"{another}\n").exit_code == 0


def test_a_long_name_is_as_good_as_a_short_one() -> None:
    made = gonghui(
        "--json", "bootstrap", "a" * 32, "--person-id", "p" * 36, typed=f"{PASSWORD}\n{PASSWORD}\n"
    )

    assert made.exit_code == 0, made.output


def test_a_second_administrator_is_made_only_on_purpose() -> None:
    bootstrapped()
    asking = ("--lang", "en", "bootstrap", "second", "--person-id", "li", "--generate")

    refused = gonghui(*asking)
    made = gonghui(*asking, "--another")

    assert refused.exit_code == 2
    assert "there is an administrator already: first" in refused.stderr
    assert "--another" in refused.stderr
    assert made.exit_code == 0, made.output


def test_once_no_administrator_is_left_another_one_is_the_first(folder: Path) -> None:
    login_id = json.loads(bootstrapped().stdout.splitlines()[-1])["login_id"]
    with reaching(20, own="staffing") as ask:
        token = token_of_the_house(embedded_settings("staffing", folder), "administrator")
        ask("staffing", "revoke_login", token, login_id=login_id, reason="离职")

    made = gonghui("bootstrap", "second", "--person-id", "li", "--generate")

    assert made.exit_code == 0, made.output


def test_what_the_program_writes_is_for_its_owner_alone(folder: Path) -> None:
    environment = os.environ | {"GONGHUI_FOLDER": str(folder)}
    folder.chmod(0o755)
    program = [sys.executable, "-c", "from shared.cli.main import main; main()", "migrate", "staffing"]

    done = subprocess.run(program, env=environment, umask=0o022, capture_output=True, check=False)

    assert done.returncode == 0, done.stderr
    assert {file.stat().st_mode & 0o077 for file in folder.glob("staffing*")} == {0}


def test_no_password_is_kept_in_the_clear(folder: Path) -> None:
    bootstrapped()

    assert b"horse battery" not in b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


def test_a_service_gets_a_new_signing_key_beside_the_old_one(folder: Path) -> None:
    bootstrapped()

    done = gonghui("--json", "signing-key", "staffing")

    assert done.exit_code == 0, done.output
    key_id = json.loads(done.stdout)["key_id"]
    found = {file.name for file in (folder / "public_keys").glob("staffing.*")}
    assert len(found) == 2
    assert f"staffing.{key_id}.pem" in found
