"""Whoever is refused, and whoever looks at personal data, stands in the store: for good, without a secret."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from demo.people import person
from services.staffing.service import StaffingService
from shared.log.migrations import migrate
from shared.log.store import Store
from shared.runtime import access_log
from shared.runtime.access_log import ROWS_A_MINUTE_MAX, AccessLog, Attempt
from shared.runtime.calls import RefusedCall
from shared.runtime.finding import service_class, service_names
from shared.runtime.house import House
from shared.runtime.local import Local
from shared.runtime.settings import embedded_settings
from shared.runtime.signing_keys import make_signing_key, read_signing_key
from shared.runtime.together import open_prepared
from shared.runtime.tokens import Grant, sign
from tests.runtime.suite import person_given, token_of
from tests.runtime.test_tokens import (
    changed,
    forged,
    of_a_key_that_is_retired,
    of_another_district,
    signed_with_the_public_key_as_a_secret,
    unsigned,
)
from tests.servers.postgresql import Database

PASSWORD = "correct horse battery canary"
PERSONAL = (person(1).name, person(1).identity_number, PASSWORD)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("access_log")
    return folder


@contextmanager
def opened(service: str, folder: Path) -> Iterator[House]:
    make_signing_key(embedded_settings("staffing", folder))
    house = open_prepared(service_class(service), embedded_settings(service, folder), connections=4)
    yield house
    house.close()


@pytest.fixture(scope="module")
def membership(folder: Path) -> Iterator[House]:
    with opened("membership", folder) as house:
        yield house


@pytest.fixture(scope="module")
def staffing(folder: Path) -> Iterator[House]:
    with opened("staffing", folder) as house:
        yield house


def code_of(house: House, token: Any, method: str, **given: Any) -> str:
    try:
        Local(service_class(house.log.source), house, token).call(method, **given)
    except RefusedCall as refused:
        return refused.code
    return "accepted"


def rows_after(house: House, number: int = 0, **filters: Any) -> list[dict[str, Any]]:
    """What the auditor is told, of what has been written by now."""
    assert house.access_log.flush()
    auditor = token_of(house.settings.folder, "auditor", person_id="the-auditor")
    local = Local(service_class(house.log.source), house, auditor)
    rows: list[dict[str, Any]] = local.call("access_log", after=number, **filters)["answer"]
    return rows


def last_number(house: House) -> int:
    return max((row["number"] for row in rows_after(house)), default=0)


def signed_for(house: House, **changes: Any) -> str:
    staffing = embedded_settings("staffing", house.settings.folder)
    given = {"person_id": "wang", "login_id": "login-wang", "grants": [Grant("clerk", None)]} | changes
    return sign(staffing, read_signing_key(staffing), **given)


def expired(house: House) -> str:
    return signed_for(house, life_seconds=-60)


FAULTS: dict[str, tuple[Callable[[Any], Any], str, str]] = {
    "expired": (lambda house: expired(house), "ExpiredSignatureError", "login-wang"),
    "forged": (lambda house: forged(staffing_settings(house)), "InvalidSignatureError", ""),
    "changed": (lambda house: changed(staffing_settings(house)), "InvalidSignatureError", ""),
    "alg none": (lambda house: unsigned(staffing_settings(house)), "InvalidAlgorithmError", ""),
    "public key as a secret": (
        lambda house: signed_with_the_public_key_as_a_secret(staffing_settings(house)),
        "InvalidAlgorithmError",
        "",
    ),
    "another district": (lambda house: of_another_district(staffing_settings(house)), "Invalid", ""),
    "old key": (lambda house: of_a_key_that_is_retired(staffing_settings(house)), "unknown key", ""),
    "no token at all": (lambda _: "wang", "DecodeError", ""),
}


def staffing_settings(house: House) -> Any:
    return embedded_settings("staffing", house.settings.folder)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_token_that_is_not_accepted_is_recorded_with_why_and_where_known_with_whose_it_was(
    membership: House, fault: str
) -> None:
    make, why, login_id = FAULTS[fault]
    token, before = make(membership), last_number(membership)

    assert code_of(membership, token, "register_person", **person_given(1)) == "access.token_refused"

    (row,) = rows_after(membership, before)
    assert (row["code"], row["method"], row["login_id"]) == (
        "access.token_refused",
        "register_person",
        login_id,
    )
    assert row["fault"].startswith(why)
    assert row["at"][:4].isdigit()


@pytest.mark.parametrize("service", service_names())
def test_a_revoked_logins_token_is_refused_and_recorded_by_name_in_every_service(
    tmp_path: Path, service: str
) -> None:
    with opened(service, tmp_path) as house:
        token = signed_for(house, grants=[Grant("auditor", None)], epoch=1, position=4)
        assert code_of(house, token, "log_head") == "accepted"
        with house.store.write() as connection:
            connection.execute(text("INSERT INTO void_tokens VALUES ('login-wang', 1, 5)"))

        assert code_of(house, token, "log_head") == "access.token_refused"

        (row,) = rows_after(house)
        assert (row["fault"], row["login_id"], row["person_id"]) == ("void", "login-wang", "wang")


@pytest.mark.parametrize("service", ["assistance", "membership", "reporting"])
def test_a_service_that_cannot_tell_what_was_revoked_refuses_old_tokens_and_says_whose(
    tmp_path: Path, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(service, tmp_path) as house:
        now = time.time()
        with monkeypatch.context() as earlier:
            earlier.setattr(time, "time", lambda: now - 65)
            old = signed_for(house, grants=[Grant("auditor", None)])

        assert code_of(house, old, "log_head") == "access.not_level"

        (row,) = rows_after(house)
        assert (row["code"], row["login_id"]) == ("access.not_level", "login-wang")


def test_a_wrong_role_and_an_organisation_out_of_scope_are_recorded_with_who_it_was(
    membership: House,
) -> None:
    before = last_number(membership)
    cashier = signed_for(membership, grants=[Grant("cashier", None)])
    elsewhere = signed_for(membership, grants=[Grant("clerk", "union-a")])
    founding = {"name": "甲", "kind": "basic_union", "level": 7, "founded_on": "2020-01-01", "basis": "1"}

    code_of(membership, cashier, "register_person", **person_given(1))
    code_of(membership, elsewhere, "found_organisation", parent_id="union-b", **founding)
    code_of(membership, None, "log_head")

    role, scope, nobody = rows_after(membership, before)
    assert (role["code"], role["person_id"], role["login_id"]) == ("access.role", "wang", "login-wang")
    assert (scope["code"], scope["method"]) == ("access.scope", "found_organisation")
    assert (nobody["code"], nobody["person_id"], nobody["login_id"]) == ("access.no_token", "", "")


def test_a_refused_command_is_recorded_by_its_code_and_of_many_rows_each_code_once(membership: House) -> None:
    clerk = signed_for(membership)
    code_of(membership, clerk, "register_person", **person_given(2))
    before = last_number(membership)

    code_of(membership, clerk, "register_person", **person_given(2))
    rows = [person_given(2), person_given(2), {"name": 7}]
    Local(service_class("membership"), membership, clerk).call("register_person_many", rows=rows)

    found = [(row["code"], row["method"], row["times"]) for row in rows_after(membership, before)]
    assert found == [
        ("person.already_registered", "register_person", 1),
        ("person.already_registered", "register_person_many", 2),
        ("input.invalid", "register_person_many", 1),
    ]


def test_a_wrong_password_is_recorded_with_the_login_that_was_tried_and_so_is_the_right_one(
    staffing: House,
) -> None:
    house_token = token_of(staffing.settings.folder, "administrator", person_id="the-house")
    administrator = Local(StaffingService, staffing, house_token)
    answer = administrator.call("open_login", person_id="system:fang", name="wangfang")
    login_id = next(iter(answer["streams"])).partition("/")[2]
    administrator.call("set_password", login_id=login_id, password=PASSWORD)
    administrator.call("grant_role", login_id=login_id, role="clerk", begins_on="2026-01-01")
    before = last_number(staffing)

    code_of(staffing, None, "log_in", name="wangfang", password="not the right one")
    code_of(staffing, None, "log_in", name="somebody", password=PASSWORD)
    code_of(staffing, None, "log_in", name="wangfang", password=PASSWORD)

    found = [(row["code"], row["login_id"]) for row in rows_after(staffing, before)]
    assert found == [("log_in.failed", login_id), ("log_in.failed", ""), ("logged_in", login_id)]


def test_a_look_at_personal_data_is_recorded_with_whose_it_was_and_which_before_it_is_shown(
    membership: House,
) -> None:
    clerk = Local(service_class("membership"), membership, signed_for(membership))
    answer = clerk.call("register_person", **person_given(3))
    (stream,) = answer["streams"]
    before = last_number(membership)
    auditor = token_of(membership.settings.folder, "auditor", person_id="the-auditor")

    (shown,) = Local(service_class("membership"), membership, auditor).call(
        "personal_values", position=answer["position"]
    )

    assert shown["values"] == {"identity_number": person(3).identity_number, "name": person(3).name}
    (row,) = rows_after(membership, before)
    assert (row["code"], row["person_id"]) == (access_log.LOOKED, "the-auditor")
    assert row["about_id"] == shown["person_id"] == stream.partition("/")[2]
    assert row["fields"] == ["identity_number", "name"]
    assert rows_after(membership, about_id=row["about_id"]) == [row]


def test_what_cannot_be_recorded_is_not_shown(membership: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Any) -> None:
        raise OperationalError("", {}, Exception())

    answer = Local(service_class("membership"), membership, signed_for(membership)).call(
        "register_person", **person_given(4)
    )
    monkeypatch.setattr(membership.access_log, "write", fail)
    auditor = token_of(membership.settings.folder, "auditor")

    assert code_of(membership, auditor, "personal_values", position=answer["position"]) != "accepted"


def test_no_token_no_password_and_nothing_personal_stands_in_the_access_log(
    membership: House, staffing: House
) -> None:
    """After all that the tests above tried."""
    everything = repr([rows_after(membership), rows_after(staffing)])

    assert len(everything) > 1_000
    for secret in (*PERSONAL, person(3).name, person(3).identity_number, "eyJ"):
        assert str(secret) not in everything


# the auditor's query


def test_the_auditor_filters_by_person_method_and_day_and_turns_pages(tmp_path: Path) -> None:
    with opened("reporting", tmp_path) as house:
        for number in range(7):
            house.access_log.note(
                Attempt(method=f"m{number % 2}", code=f"c{number}", person_id="a" if number < 4 else "b")
            )
        rows = rows_after(house)

        assert [row["code"] for row in rows] == [f"c{number}" for number in range(7)]
        assert [row["code"] for row in rows_after(house, person_id="b")] == ["c4", "c5", "c6"]
        assert [row["code"] for row in rows_after(house, person_id="a", method="m1")] == ["c1", "c3"]
        today = rows[0]["at"][:10]
        assert rows_after(house, first_on="2099-01-01") == rows_after(house, last_on="2020-01-01") == []
        assert len(rows_after(house, first_on="2020-01-01", last_on="2099-01-01")) == 7
        page = rows_after(house, limit=3)
        assert [row["code"] for row in rows_after(house, page[-1]["number"], limit=3)] == ["c3", "c4", "c5"]
        assert today
        assert code_of(house, token_of(tmp_path, "clerk"), "access_log") == "access.role"


# nothing is lost, and nothing fills the disk


def test_a_clean_stop_loses_no_attempt(tmp_path: Path) -> None:
    with opened("reporting", tmp_path) as house:
        for _ in range(20):
            house.access_log.note(Attempt(method="m", code="c"))

    with opened("reporting", tmp_path) as house:
        assert len(rows_after(house)) == 20


DYING = """
import os, sys, signal, time
from pathlib import Path
from shared.runtime.access_log import AccessLog, Attempt
from shared.log.store import Store
log = AccessLog(Store(sys.argv[1]))
for number in range(10):
    log.note(Attempt(method="m", code="c"))
time.sleep(1.0)
log.note(Attempt(method="m", code="late"))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_kill_loses_at_most_the_attempts_of_the_last_second(tmp_path: Path) -> None:
    with opened("reporting", tmp_path) as house:
        url = house.settings.database_url
        done = subprocess.run([sys.executable, "-c", DYING, url], timeout=30, env=os.environ, check=False)

        assert done.returncode == -signal.SIGKILL
        assert [row["code"] for row in rows_after(house)][:10] == ["c"] * 10


def test_a_store_that_is_away_loses_no_attempt_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened("reporting", tmp_path) as house:
        insert = house.access_log._insert
        fails = [True]

        def away(rows: Any) -> None:
            if fails:
                raise OperationalError("", {}, Exception())
            insert(rows)

        monkeypatch.setattr(house.access_log, "_insert", away)
        monkeypatch.setattr(access_log, "WAITING_MAX", 5)
        for number in range(12):
            house.access_log.note(Attempt(method="m", code=f"c{number}"))
        assert not house.access_log.flush()
        fails.clear()

        rows = rows_after(house)
    assert sorted(row["code"] for row in rows) == sorted(f"c{number}" for number in range(12))
    assert sum(row["times"] for row in rows) == 12


def test_a_flood_of_nobody_is_counted_and_not_kept_row_by_row(tmp_path: Path) -> None:
    with opened("reporting", tmp_path) as house:
        for _ in range(5_000):
            house.access_log.note(Attempt(method="log_head", code="access.no_token"))
        house.access_log.note(Attempt(method="log_head", code="access.no_token", login_id="a", person_id="a"))
        rows = rows_after(house)

    assert len(rows) <= 2 * ROWS_A_MINUTE_MAX + 10
    assert sum(row["times"] for row in rows) == 5_001
    assert [row["times"] for row in rows if row["login_id"] == "a"] == [1]


# written once

CHANGES = (
    "UPDATE access_log SET code = 'x'",
    "DELETE FROM access_log",
    "DELETE FROM access_log WHERE number = 1",
)


@pytest.mark.parametrize("change", CHANGES)
def test_the_database_refuses_to_change_or_delete_a_row(store_url: str, change: str) -> None:
    store = Store(store_url)
    migrate(store)
    log = AccessLog(store)
    log.write([Attempt(method="m", code="c")])

    with pytest.raises(DBAPIError, match="are written once"), store.write() as connection:
        connection.execute(text(change))

    store.close()


def test_sqlites_insert_or_replace_replaces_no_row(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    migrate(store)
    AccessLog(store).write([Attempt(method="m", code="c")])

    with pytest.raises(DBAPIError, match="are written once"), store.write() as connection:
        connection.execute(text("INSERT OR REPLACE INTO access_log SELECT * FROM access_log"))

    store.close()


def test_a_services_role_writes_and_reads_the_access_log_and_cannot_change_it(database: Database) -> None:
    owner = Store(database.owner_url)
    migrate(owner, role=database.service)
    owner.close()
    store = Store(database.service_url)
    AccessLog(store).write([Attempt(method="m", code="c")])
    with store.read() as connection:
        assert [row["code"] for row in access_log.access_log(connection)] == ["c"]

    for change in (*CHANGES, "TRUNCATE access_log", "ALTER TABLE access_log DISABLE TRIGGER ALL"):
        with pytest.raises(DBAPIError), store.write() as connection:
            connection.execute(text(change))

    store.close()
