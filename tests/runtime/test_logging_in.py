"""People log in with staffing, act everywhere with what they are given, and stop when it is taken away."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from nameko.standalone.rpc import ClusterRpcProxy

from services.staffing import service as staffing_service
from services.staffing.aggregates.login import NAME_TAKEN
from services.staffing.service import (
    FAILED,
    NO_ROLES,
    SESSION_OVER,
    SESSION_SECONDS_MAX,
    TOO_MANY_ROLES,
    StaffingService,
    attempts,
)
from shared.runtime.attempts import TOO_MANY, TRIES_MOST
from shared.runtime.calls import RefusedCall
from shared.runtime.finding import service_names
from shared.runtime.local import token_of_the_house
from shared.runtime.passwords import BUSY, LENGTH, WAITING_MOST, hashing
from shared.runtime.signing_keys import read_signing_key
from shared.runtime.together import Together
from shared.runtime.tokens import Grant, sign
from tests.runtime.suite import await_true, calling, folder_of, person_given

PASSWORD = "correct horse battery canary"
ANOTHER = "another horse battery canary"
TODAY = "2026-01-01"


@pytest.fixture(autouse=True)
def no_attempts() -> None:
    attempts.__init__()  # type: ignore[misc]


@pytest.fixture
def administrator(suite: Together, bus_url: str) -> Iterator[Any]:
    """Whoever set the house up: a token that the house itself signed."""
    with calling_with(
        bus_url, token_of_the_house(suite.houses[StaffingService].settings, "administrator")
    ) as proxy:
        yield proxy


@contextmanager
def calling_with(bus_url: str, token: str | None) -> Iterator[Any]:
    data = {} if token is None else {"auth_token": token}
    with ClusterRpcProxy({"AMQP_URI": bus_url}, context_data=data, timeout=10) as proxy:
        yield proxy


def opened(administrator: Any, name: str, *roles: str, organisation_id: str | None = None) -> str:
    """Open a login with a password and roles; its id."""
    answer = administrator.staffing.open_login(person_id=f"system:{name}", name=name)
    login_id = str(next(iter(answer["streams"]))).partition("/")[2]
    administrator.staffing.set_password(login_id=login_id, password=PASSWORD)
    for role in roles:
        administrator.staffing.grant_role(
            login_id=login_id, role=role, begins_on=TODAY, organisation_id=organisation_id
        )
    return login_id


def logged_in(bus_url: str, name: str, password: str = PASSWORD) -> str:
    with calling_with(bus_url, None) as nobody:
        return str(nobody.staffing.log_in(name=name, password=password)["token"])


def code_of(call: Any, **given: Any) -> str:
    try:
        call(**given)
    except RefusedCall as refused:
        return refused.code
    return "accepted"


def test_who_logs_in_acts_in_every_service_with_the_roles_of_today(administrator: Any, bus_url: str) -> None:
    opened(administrator, "all-round", "clerk", "auditor")

    with calling_with(bus_url, logged_in(bus_url, "all-round")) as proxy:
        answer = proxy.membership.register_person(**person_given(1))
        (recorded,) = proxy.membership.events_after(position=answer["position"] - 1, limit=1)["events"]
        for service in service_names():
            assert getattr(proxy, service).log_head()["position"] >= 1
        assert code_of(proxy.staffing.open_login, person_id="x", name="somebody") == "access.role"

    assert '"actor_id":"system:all-round"' in recorded[0]


def test_a_wrong_password_and_an_unknown_name_are_told_alike(administrator: Any, bus_url: str) -> None:
    opened(administrator, "forgetful", "clerk")
    with calling_with(bus_url, None) as nobody:
        for name, password in (("forgetful", ANOTHER), ("unknown-name", PASSWORD), ("forgetful", "")):
            assert code_of(nobody.staffing.log_in, name=name, password=password) == FAILED.code


def test_after_a_few_failures_even_the_right_password_has_to_wait(administrator: Any, bus_url: str) -> None:
    opened(administrator, "attacked", "clerk")
    with calling_with(bus_url, None) as nobody:
        for _ in range(TRIES_MOST):
            assert code_of(nobody.staffing.log_in, name="attacked", password=ANOTHER) == FAILED.code

        assert code_of(nobody.staffing.log_in, name="attacked", password=PASSWORD) == TOO_MANY.code


def test_a_refusal_for_too_many_failures_stands_in_the_access_log_under_its_login(
    administrator: Any, suite: Together, bus_url: str
) -> None:
    login_id = opened(administrator, "sprayed", "clerk")
    with calling_with(bus_url, None) as nobody:
        for _ in range(TRIES_MOST + 1):
            code_of(nobody.staffing.log_in, name="sprayed", password=ANOTHER)

    assert suite.houses[StaffingService].access_log.flush()
    with calling(bus_url, folder_of(suite), "auditor") as auditor:
        told = auditor.staffing.access_log(method="log_in", code=TOO_MANY.code)["answer"]
    assert told[-1]["login_id"] == login_id


def test_who_comes_when_too_many_wait_for_a_hash_is_refused_at_once_and_loses_no_try(
    administrator: Any, bus_url: str
) -> None:
    opened(administrator, "patient", "clerk")
    with calling_with(bus_url, None) as nobody:
        with ExitStack() as others:
            for _ in range(WAITING_MOST):
                others.enter_context(hashing())
            refused = {
                code_of(nobody.staffing.log_in, name="patient", password=PASSWORD)
                for _ in range(TRIES_MOST + 1)
            }

        assert refused == {BUSY.code}
        assert code_of(nobody.staffing.log_in, name="patient", password=PASSWORD) == "accepted"


def test_a_login_with_a_hundred_roles_gets_a_token_that_every_service_takes(
    administrator: Any, bus_url: str
) -> None:
    login_id = opened(administrator, "everywhere")
    places = [{"organisation_id": f"organisation-{number:04}-" + "x" * 40} for number in range(100)]
    granted = {"login_id": login_id, "role": "auditor", "begins_on": TODAY}
    administrator.staffing.grant_role_many(rows=[granted | each for each in places])

    with calling_with(bus_url, logged_in(bus_url, "everywhere")) as proxy:
        for service in service_names():
            assert code_of(getattr(proxy, service).find_command, command_id="x") == "accepted"


def test_more_roles_than_a_token_holds_are_told_at_the_log_in(
    administrator: Any, bus_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(administrator, "too-many", "clerk")
    monkeypatch.setattr(staffing_service, "LONGEST", 100)

    with calling_with(bus_url, None) as nobody:
        assert code_of(nobody.staffing.log_in, name="too-many", password=PASSWORD) == TOO_MANY_ROLES.code


def test_a_login_without_a_role_today_gets_no_token(administrator: Any, bus_url: str) -> None:
    login_id = opened(administrator, "not-yet")
    administrator.staffing.grant_role(login_id=login_id, role="clerk", begins_on="2099-01-01")

    with calling_with(bus_url, None) as nobody:
        assert code_of(nobody.staffing.log_in, name="not-yet", password=PASSWORD) == NO_ROLES.code


def test_a_name_that_is_taken_and_a_password_that_is_short_are_refused(administrator: Any) -> None:
    login_id = opened(administrator, "twice")

    assert code_of(administrator.staffing.open_login, person_id="system:y", name="twice") == NAME_TAKEN.code
    assert code_of(administrator.staffing.set_password, login_id=login_id, password="short") == LENGTH.code


@pytest.mark.parametrize("way", ["revoked", "withdrawn", "password"])
def test_what_is_taken_away_ends_everywhere_within_a_minute(
    administrator: Any, bus_url: str, way: str
) -> None:
    login_id = opened(administrator, f"leaver-{way}", "auditor")
    token = logged_in(bus_url, f"leaver-{way}")
    with calling_with(bus_url, token) as proxy:
        faces = [getattr(proxy, service) for service in service_names()]
        assert {code_of(face.log_head) for face in faces} == {"accepted"}

        match way:
            case "revoked":
                administrator.staffing.revoke_login(login_id=login_id, reason="调离")
            case "withdrawn":
                administrator.staffing.withdraw_role(login_id=login_id, role="auditor")
            case _:
                administrator.staffing.set_password(login_id=login_id, password=ANOTHER)

        await_true(lambda: {code_of(face.log_head) for face in faces} == {"access.token_refused"}, 20)
        assert code_of(proxy.staffing.renew) == "access.token_refused"
    with calling_with(bus_url, None) as nobody:
        assert code_of(nobody.staffing.log_in, name=f"leaver-{way}", password=PASSWORD) != "accepted"


def test_a_token_is_renewed_until_the_session_has_lasted_too_long(
    administrator: Any, suite: Together, bus_url: str
) -> None:
    login_id = opened(administrator, "long-day", "clerk")
    with calling_with(bus_url, logged_in(bus_url, "long-day")) as proxy:
        renewed = proxy.staffing.renew()["token"]
    settings = suite.houses[StaffingService].settings
    old = sign(
        settings,
        read_signing_key(settings),
        person_id="system:long-day",
        login_id=login_id,
        grants=[Grant("clerk", None)],
        epoch=1,
        position=10_000,
        logged_in_at=time.time() - SESSION_SECONDS_MAX - 1,
    )

    with calling_with(bus_url, renewed) as proxy:
        assert code_of(proxy.membership.register_person, **person_given(2)) == "accepted"
    with calling_with(bus_url, old) as proxy:
        assert code_of(proxy.staffing.renew) == SESSION_OVER.code


def test_ones_own_password_is_changed_with_the_present_one(administrator: Any, bus_url: str) -> None:
    opened(administrator, "changer", "clerk")
    with calling_with(bus_url, logged_in(bus_url, "changer")) as proxy:
        change = proxy.staffing.change_password
        assert code_of(change, password=ANOTHER, new_password=ANOTHER) == FAILED.code
        assert code_of(change, password=PASSWORD, new_password=ANOTHER) == "accepted"

    assert logged_in(bus_url, "changer", ANOTHER)


def test_a_clerk_of_one_union_acts_there_and_below_and_nowhere_else(
    administrator: Any, suite: Together, bus_url: str
) -> None:
    """Also right after the founding, which has to be known by then."""
    federation = {"name": "区总", "kind": "federation", "level": 4, "founded_on": "2000-01-01", "basis": "1"}
    union = federation | {"kind": "basic_union", "level": 7, "parent_id": "scoped-federation"}
    with calling(bus_url, folder_of(suite)) as everyone:
        everyone.membership.found_organisation(organisation_id="scoped-federation", **federation)
        everyone.membership.found_organisation(organisation_id="scoped-a", **union | {"name": "甲"})
        everyone.membership.found_organisation(organisation_id="scoped-b", **union | {"name": "乙"})
    opened(administrator, "of-union-a", "clerk", "statistician", organisation_id="scoped-a")
    branch = union | {"name": "一分会", "kind": "branch", "level": 8}

    with calling_with(bus_url, logged_in(bus_url, "of-union-a")) as proxy:
        found = proxy.membership.found_organisation
        first = code_of(found, organisation_id="branch-a", **branch | {"parent_id": "scoped-a"})
        below = code_of(found, **branch | {"name": "二", "level": 9, "parent_id": "branch-a"})
        beside = code_of(found, **branch | {"parent_id": "scoped-b"})
        rows = [branch | {"name": "三", "parent_id": place} for place in ("scoped-b", "scoped-a")]
        many = proxy.membership.found_organisation_many(rows=rows)
        await_true(lambda: code_of(proxy.reporting.member_count, organisation_id="branch-a") == "accepted")

        assert (first, below, beside) == ("accepted", "accepted", "access.scope")
        assert [each.get("refused", {}).get("code") for each in many] == ["access.scope", None]
        assert code_of(proxy.reporting.member_count, organisation_id="scoped-b") == "access.scope"
        assert code_of(proxy.reporting.member_count) == "accepted"


def test_a_captured_call_sent_again_has_no_second_effect(administrator: Any, bus_url: str) -> None:
    login_id = opened(administrator, "captured", "clerk", "auditor")
    captured = person_given(3) | {"command_id": "captured-call"}
    token = logged_in(bus_url, "captured")
    with calling_with(bus_url, token) as proxy:
        first = proxy.membership.register_person(**captured)
        position = proxy.membership.log_head()["position"]

    with calling_with(bus_url, token) as thief:
        assert thief.membership.register_person(**captured) == first | {"repeated": True}
        assert thief.membership.log_head()["position"] == position
        administrator.staffing.revoke_login(login_id=login_id, reason="调离")
        await_true(
            lambda: code_of(thief.membership.register_person, **captured) == "access.token_refused", 20
        )


def test_no_password_stands_in_any_file_or_log(
    administrator: Any, suite: Together, bus_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    opened(administrator, "canary", "clerk")
    logged_in(bus_url, "canary")
    with calling_with(bus_url, None) as nobody:
        code_of(nobody.staffing.log_in, name=PASSWORD, password=PASSWORD)
        code_of(nobody.staffing.log_in, name="canary", password=ANOTHER, colour=PASSWORD)

    folder: Path = folder_of(suite)
    stored = b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
    assert b"horse battery" not in stored
    assert "horse battery" not in caplog.text
