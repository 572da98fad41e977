"""Settings are checked, have embedded defaults and show no secret; stores are prepared on command."""

from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from services.membership.aggregates import language
from shared.log.log import NotFounded
from shared.runtime.opening import make_master_key, open_log, prepare
from shared.runtime.process_settings import read_process_settings
from shared.runtime.settings import embedded_settings, read_master_key, read_settings
from shared.runtime.wrong_setting import WrongSetting
from tests.servers.postgresql import Database

KEY = "0f" * 32


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("DISTRICT", "BUS_URL", "MEMBERSHIP_DATABASE_URL", "MEMBERSHIP_MASTER_KEY_FILE"):
        monkeypatch.delenv(f"GONGHUI_{name}", raising=False)
    monkeypatch.setenv("GONGHUI_FOLDER", str(tmp_path / "house"))


def test_a_service_needs_no_setting_at_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GONGHUI_FOLDER")
    monkeypatch.chdir(tmp_path)

    settings = read_settings("membership")

    folder = tmp_path / "var/gonghui"
    assert settings == embedded_settings("membership", folder)
    assert settings.district == "110109"
    assert settings.database_url == f"sqlite:///{folder}/membership.sqlite"
    assert settings.master_key_file == folder / "membership.key"
    assert settings.bus_url == "embedded://gonghui"
    assert not folder.exists()


def test_each_setting_is_read_from_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "GONGHUI_DISTRICT": "440305",
        "GONGHUI_MEMBERSHIP_DATABASE_URL": "postgresql+psycopg://m:secret@db/membership",
        "GONGHUI_MEMBERSHIP_MASTER_KEY_FILE": "/run/secrets/membership",
        "GONGHUI_BUS_URL": "amqp://g:secret@mq/440305",
        "GONGHUI_STAFFING_DATABASE_URL": "sqlite:////elsewhere/staffing.sqlite",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    settings = read_settings("membership")

    assert settings.district == "440305"
    assert settings.database_url == given["GONGHUI_MEMBERSHIP_DATABASE_URL"]
    assert settings.master_key_file == Path("/run/secrets/membership")
    assert settings.bus_url == given["GONGHUI_BUS_URL"]
    assert not settings.on_sqlite


def test_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GONGHUI_MEMBERSHIP_DATABASE_URL", "postgresql+psycopg://m:hunter2@db/membership")
    monkeypatch.setenv("GONGHUI_BUS_URL", "amqp://g:hunter2@mq/vhost")

    assert "hunter2" not in repr(read_settings("membership"))


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("GONGHUI_DISTRICT", "Mentougou"),
        ("GONGHUI_DISTRICT", ""),
        ("GONGHUI_FOLDER", " "),
        ("GONGHUI_MEMBERSHIP_DATABASE_URL", "hunter2"),
        ("GONGHUI_MEMBERSHIP_DATABASE_URL", "sqlite://"),
        ("GONGHUI_MEMBERSHIP_DATABASE_URL", "sqlite:///:memory:"),
        ("GONGHUI_MEMBERSHIP_DATABASE_URL", "mysql://m:hunter2@db/membership"),
        ("GONGHUI_MEMBERSHIP_DATABASE_URL", "postgresql+psycopg://m:hunter2@db:port/membership"),
        ("GONGHUI_MEMBERSHIP_MASTER_KEY_FILE", ""),
        ("GONGHUI_BUS_URL", "hunter2"),
        ("GONGHUI_BUS_URL", "embedded://"),
    ],
)
def test_a_wrong_setting_is_named_at_start_but_not_shown(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(WrongSetting) as caught:
        read_settings("membership")

    wrong = caught.value
    assert wrong.variable == variable
    assert wrong.zh
    assert wrong.en
    assert "hunter2" not in str(wrong)


def test_a_number_of_one_service_goes_before_that_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GONGHUI_GRACE_SECONDS", "20")
    monkeypatch.setenv("GONGHUI_MEMBERSHIP_GRACE_SECONDS", "90")
    monkeypatch.setenv("GONGHUI_RPC_WORKERS", "")

    assert read_process_settings("membership").grace_seconds == 90
    assert read_process_settings("staffing").grace_seconds == 20
    assert read_process_settings("membership").rpc_workers == 32


@pytest.mark.parametrize("variable", ["GONGHUI_GRACE_SECONDS", "GONGHUI_MEMBERSHIP_GRACE_SECONDS"])
@pytest.mark.parametrize("value", ["abc", "0", "-1", "3601", "3.5", "٣", "9" * 5_000])
def test_a_wrong_number_is_named_as_it_was_given(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(WrongSetting) as wrong:
        read_process_settings("membership")
    assert wrong.value.variable == variable
    assert value not in str(wrong.value) or value == "0"


def test_preparing_founds_the_log_and_makes_its_key_once() -> None:
    settings = read_settings("membership")

    head = prepare(settings, language)
    key = read_master_key(settings)

    assert (head.epoch, head.position) == (1, 1)
    assert len(key) == 32
    assert settings.master_key_file.stat().st_mode & 0o777 == 0o600
    assert prepare(settings, language) == head
    assert read_master_key(settings) == key
    assert not list(settings.folder.glob(".membership.key*"))


def test_two_who_make_a_key_at_once_end_up_with_the_same(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "membership.key"
    make_master_key(file)
    first = file.read_text()

    make_master_key(file)

    assert file.read_text() == first


def test_a_founded_log_gets_no_second_key() -> None:
    settings = read_settings("membership")
    prepare(settings, language)
    settings.master_key_file.unlink()

    with pytest.raises(WrongSetting, match="GONGHUI_MEMBERSHIP_MASTER_KEY_FILE"):
        prepare(settings, language)

    assert not settings.master_key_file.exists()


def test_opening_prepares_nothing(tmp_path: Path) -> None:
    settings = read_settings("membership")
    make_master_key(settings.master_key_file)

    with pytest.raises(NotFounded):
        open_log(settings, language)

    assert not list(settings.folder.glob("*.sqlite*"))


@pytest.mark.parametrize("content", ["", "0f" * 31, "0f" * 33, "xy" * 32, "钥" * 64])
def test_a_master_key_of_another_form_is_refused(content: str) -> None:
    settings = read_settings("membership")
    settings.folder.mkdir()
    settings.master_key_file.write_text(content)

    with pytest.raises(WrongSetting) as caught:
        read_master_key(settings)

    assert caught.value.variable == "GONGHUI_MEMBERSHIP_MASTER_KEY_FILE"
    assert not content or content not in str(caught.value)


def test_on_postgresql_the_master_key_must_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GONGHUI_MEMBERSHIP_DATABASE_URL", "postgresql+psycopg://m@127.0.0.1:1/membership")
    settings = read_settings("membership")

    for opening in (open_log, prepare):
        with pytest.raises(WrongSetting, match="GONGHUI_MEMBERSHIP_MASTER_KEY_FILE"):
            opening(settings, language)

    assert not settings.folder.exists()


def test_on_postgresql_the_owner_prepares_and_the_service_opens(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    key_file = tmp_path / "membership.key"
    key_file.write_text(KEY)
    monkeypatch.setenv("GONGHUI_MEMBERSHIP_MASTER_KEY_FILE", str(key_file))
    monkeypatch.setenv("GONGHUI_MEMBERSHIP_DATABASE_URL", database.owner_url)
    head = prepare(read_settings("membership"), language, role=database.service)

    monkeypatch.setenv("GONGHUI_MEMBERSHIP_DATABASE_URL", database.service_url)
    log = open_log(read_settings("membership"), language)

    assert log.head() == head
    log.store.close()


def test_passwords_stand_in_files_of_their_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("s/e@c:r et\n")
    monkeypatch.setenv("GONGHUI_MEMBERSHIP_DATABASE_URL", "postgresql+psycopg://m@127.0.0.1/membership")
    monkeypatch.setenv("GONGHUI_MEMBERSHIP_DATABASE_PASSWORD_FILE", str(secret))
    monkeypatch.setenv("GONGHUI_BUS_URL", "amqp://membership@127.0.0.1/gonghui")
    monkeypatch.setenv("GONGHUI_BUS_PASSWORD_FILE", str(secret))

    settings = read_settings("membership")

    assert make_url(settings.database_url).password == "s/e@c:r et"
    assert settings.bus_url == "amqp://membership:s%2Fe%40c%3Ar%20et@127.0.0.1/gonghui"


@pytest.mark.parametrize(
    ("variable", "bus_url"),
    [
        ("GONGHUI_BUS_PASSWORD_FILE", "amqp://membership@127.0.0.1/gonghui"),
        ("GONGHUI_BUS_URL", "amqp://127.0.0.1/gonghui"),
        ("GONGHUI_BUS_URL", "amqp://membership:known@127.0.0.1/gonghui"),
    ],
)
def test_a_password_without_a_place_or_a_file_is_refused(
    variable: str, bus_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secret = tmp_path / "password"
    secret.write_text("secret" if variable == "GONGHUI_BUS_URL" else "")
    monkeypatch.setenv("GONGHUI_BUS_URL", bus_url)
    monkeypatch.setenv("GONGHUI_BUS_PASSWORD_FILE", str(secret))

    with pytest.raises(WrongSetting) as caught:
        read_settings("membership")

    assert caught.value.variable == variable
