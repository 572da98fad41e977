"""Every method of every service asks for a role and for a scope, and a revoked token opens nothing."""

import logging
import time
from collections.abc import Iterator
from datetime import date
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from services.assistance.service import AssistanceService
from services.membership.projections.documents_to_see import table as documents_table
from services.membership.service import MembershipService
from services.staffing.projections.postings import assignments_table, stations_table
from shared.bus.levels import note_level
from shared.projections import waiting
from shared.rules.refusal import Refused
from shared.runtime import access
from shared.runtime.access import ANYWHERE, NOBODY_YET, ROLES, SIGNED_IN, WHOLE_DISTRICT, Access
from shared.runtime.access_feeds import organisation_parents_table, void_tokens_table
from shared.runtime.access_log import Attempt
from shared.runtime.calls import RefusedCall
from shared.runtime.finding import service_class, service_names
from shared.runtime.house import House
from shared.runtime.local import Local
from shared.runtime.methods import Declared
from shared.runtime.schemas import json_schema_of
from shared.runtime.scopes import ORGANISATION, SUBTREE
from shared.runtime.settings import embedded_settings
from shared.runtime.signing_keys import make_signing_key, read_signing_key
from shared.runtime.together import open_prepared
from shared.runtime.tokens import SERVICE, BadToken, Grant, OwnToken, sign
from tests.runtime.suite import token_of

ABOVE = {"federation": None, "union-a": "federation", "branch-a": "union-a", "union-b": "federation"}
SCOPES = (None, "federation", "union-a", "union-b", "never-founded")
TOUCHED = (None, "federation", "union-a", "branch-a", "union-b", "unknown")
DAY = date(2024, 1, 1)
FRESH_SECONDS = 20
EVERY_ROLE = (*sorted(ROLES), SERVICE)


class_of = cache(service_class)


def methods() -> list[tuple[str, str, Declared]]:
    """All methods of all services, with what is declared of each."""
    return [
        (name, method, declared)
        for name in service_names()
        for method in sorted(dir(class_of(name)))
        if isinstance(declared := getattr(getattr(class_of(name), method), "declared", None), Declared)
    ]


each_method = pytest.mark.parametrize(
    ("service", "method", "declared"), methods(), ids=lambda each: each if isinstance(each, str) else ""
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("access")
    return folder


@pytest.fixture(scope="module")
def houses(folder: Path) -> Iterator[dict[str, House]]:
    """Prepared services that know the organisations of ABOVE, and what stands in each; nothing runs."""
    opened = {}
    for name in service_names():
        house = open_prepared(class_of(name), embedded_settings(name, folder), connections=4)
        with house.store.write() as connection:
            for organisation_id, parent_id in {**ABOVE, **{at(each): each for each in ABOVE}}.items():
                connection.execute(
                    organisation_parents_table.insert().values(
                        organisation_id=organisation_id, parent_id=parent_id
                    )
                )
        opened[name] = house
    with opened["staffing"].store.write() as connection:
        for each in ABOVE:
            here = {"organisation_id": each}
            connection.execute(
                stations_table.insert().values(station_id=at(each), name=each, opened_on=DAY, **here)
            )
            connection.execute(
                assignments_table.insert().values(
                    assignment_id=at(each), person_id="li", posting_level="town", begins_on=DAY, **here
                )
            )
    with opened["membership"].store.write() as connection:
        for each in ABOVE:
            connection.execute(
                documents_table.insert().values(
                    person_id=at(each),
                    organisation_id=each,
                    document_type="passport",
                    registered_by="li",
                    seen=False,
                )
            )
    yield opened
    for house in opened.values():
        house.close()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing follows the logs here: what is unknown stays so."""
    monkeypatch.setattr(waiting, "AWAITED_SECONDS_MAX", 0)


def at(organisation_id: str | None) -> str:
    """The id of what stands in an organisation: its station, its assignment, who was registered by hand."""
    return f"at-{organisation_id}"


@cache
def local(house: House, token: str | None) -> Local:
    """Whoever calls a house with a token."""
    return Local(class_of(house.log.source), house, token, judge_of(house))


@cache
def judge_of(house: House) -> Access:
    """What judges tokens for a house, as in a process that serves."""
    return Access(house, class_of(house.log.source).projections)


def outcome(houses: dict[str, House], service: str, method: str, token: str | None, **given: Any) -> str:
    """The code of the refusal, of the call or of its only row, or "accepted"."""
    try:
        answer = local(houses[service], token).call(method, **given)
    except RefusedCall as refused:
        return refused.code
    if given.get("rows") and isinstance(answer, list):
        return str(answer[0].get("refused", {}).get("code", "accepted"))
    return "accepted"


def token_with(houses: dict[str, House], role: str, scope: str | None = None) -> str:
    if role == SERVICE:
        return OwnToken(houses["reporting"].settings)()
    return signed_token(houses["staffing"].settings.folder, role, scope)


def signed_token(folder: Path, role: str, scope: str | None) -> str:
    """A token that is fresh: nothing here has heard from staffing, and old ones would be refused."""
    return _signed(folder, role, scope, int(time.monotonic() / FRESH_SECONDS))


@cache
def _signed(folder: Path, role: str, scope: str | None, _moment: int) -> str:
    return token_of(folder, role, scope=scope)


def arguments(declared: Declared, touched: str | None, looked_up: str = "") -> dict[str, Any]:
    """Arguments as the method's schema has them, about one organisation where it touches one.

    Args:
        looked_up: the field from which a look-up finds the organisation; else it is named.
    """
    schema = json_schema_of(declared.accepts)
    given = {name: example(schema["properties"][name], schema) for name in schema.get("required", [])}
    if declared.scope == SUBTREE:
        given[ORGANISATION] = touched
    elif isinstance(declared.scope, str) and declared.scope not in (ANYWHERE, WHOLE_DISTRICT):
        given[declared.scope] = touched
    elif looked_up:
        given[looked_up] = touched and at(touched)
    elif callable(declared.scope):
        given[ORGANISATION] = touched
    if declared.kind == "commands":
        return {"rows": [given]}
    return given


def example(published: dict[str, Any], whole: dict[str, Any]) -> Any:
    if "$ref" in published:
        return example(whole["$defs"][published["$ref"].rpartition("/")[2]], whole)
    for choices in ("enum", "examples"):
        if choices in published:
            return published[choices][0]
    if "anyOf" in published:
        return example(published["anyOf"][0], whole)
    match published.get("type"):
        case "string":
            return "2024-01-01" if published.get("format") == "date" else "example"
        case "integer":
            return max(1, published.get("minimum", 1))
        case "boolean":
            return True
        case "array":
            return []
        case "object":
            within = published.get("required", [])
            return {name: example(published["properties"][name], whole) for name in within}
    raise AssertionError(published)


LOOKED_UP = {
    "organisation_of_person": ("person_id",),
    "organisation_of_posting": ("", "station_id"),
    "organisation_of_grant": ("", "assignment_id"),
    "organisation_of_assignment": ("assignment_id",),
    "organisation_of_organisation": ("organisation_id",),
}
"""For each look-up the fields that tell it the organisation, "" where that itself may be named."""


def touches(declared: Declared) -> list[tuple[str | None, dict[str, Any]]]:
    """Every organisation that a call may touch, each with the arguments of such a call."""
    if declared.scope in (ANYWHERE, WHOLE_DISTRICT):
        return [(None, arguments(declared, None))]
    required = json_schema_of(declared.accepts).get("required", [])
    named = LOOKED_UP[declared.scope_name] if callable(declared.scope) else ("",)
    return [
        # What no look-up knows belongs to the whole district.
        (None if field and touched == "unknown" else touched, arguments(declared, touched, field))
        for field in named
        for touched in TOUCHED
        if touched or (field or declared.scope) not in required
    ]


def is_open_to(declared: Declared, scope: str | None, touched: str | None) -> bool:
    if declared.scope == ANYWHERE or (declared.scope == SUBTREE and touched is None):
        return True
    return lies_within(touched, scope)


def lies_within(touched: str | None, scope: str | None) -> bool:
    """By the tree as it is drawn here, not as it is stored; below its top lies the whole district."""
    if touched is None:
        return scope is None or (scope in ABOVE and ABOVE[scope] is None)
    while touched is not None and touched != scope:
        touched = ABOVE.get(touched)
    return scope is None or touched == scope


@each_method
def test_a_method_declares_who_may_call_it(service: str, method: str, declared: Declared) -> None:
    assert declared.roles
    assert set(declared.roles) <= ROLES | {SERVICE, SIGNED_IN, NOBODY_YET}
    if NOBODY_YET in declared.roles:
        assert (service, method) == ("staffing", "log_in")


@each_method
def test_a_method_is_closed_to_every_other_role_and_to_nobody_and_each_refusal_is_recorded(
    houses: dict[str, House],
    service: str,
    method: str,
    declared: Declared,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noted: list[Attempt] = []
    monkeypatch.setattr(houses[service].access_log, "note", noted.append)
    given: dict[str, Any] = {"rows": []} if declared.kind == "commands" else {}
    if NOBODY_YET in declared.roles:
        assert not outcome(houses, service, method, None, **given).startswith("access.")
        return

    assert outcome(houses, service, method, None, **given) == "access.no_token"
    assert outcome(houses, service, method, "forged", **given) == "access.token_refused"
    for role in EVERY_ROLE:
        found = outcome(houses, service, method, token_with(houses, role), **given)
        if role in declared.roles or SIGNED_IN in declared.roles:
            assert not found.startswith("access."), f"{role}: {found}"
        else:
            assert found == "access.role", f"{role}: {found}"
            assert (noted[-1].code, noted[-1].method) == ("access.role", method)
    assert [(each.code, each.method) for each in noted[:2]] == [
        ("access.no_token", method),
        ("access.token_refused", method),
    ]


def test_who_lacks_the_role_is_told_by_its_chinese_word_whose_work_it_is(houses: dict[str, House]) -> None:
    clerk = local(houses["assistance"], token_with(houses, "clerk"))

    with pytest.raises(RefusedCall) as refused:
        clerk.call("review_file", file_id="file", organisation_id="union-a", reviewed_on="2015-01-07")

    assert refused.value.zh == "您没有办理此项业务的权限，须由审核岗位办理"


@each_method
def test_a_method_is_open_to_each_of_its_roles_within_that_roles_scope_and_nowhere_else(
    houses: dict[str, House], service: str, method: str, declared: Declared
) -> None:
    roles = sorted(ROLES if SIGNED_IN in declared.roles else ROLES & set(declared.roles))
    for role, scope, (touched, given) in product(roles, SCOPES, touches(declared)):
        found = outcome(houses, service, method, token_with(houses, role, scope), **given)
        where = f"{role} of {scope} on {touched}: {found}"
        assert found not in ("input.invalid", "call.malformed", "internal"), where
        if is_open_to(declared, scope, touched):
            assert not found.startswith("access."), where
        else:
            assert found == "access.scope", where


def test_who_has_a_role_in_two_places_acts_in_each_under_that_places_grant(houses: dict[str, House]) -> None:
    staffing = houses["staffing"].settings
    grants = [Grant("clerk", "union-b"), Grant("clerk", "branch-a"), Grant("auditor", None)]
    token = sign(staffing, read_signing_key(staffing), person_id="wang", grants=grants)

    joining = arguments(MembershipService.join_member.declared, "union-a")  # type: ignore[attr-defined]
    found = {
        touched: outcome(houses, "membership", "join_member", token, **joining | {"organisation_id": touched})
        for touched in ("union-a", "branch-a", "union-b")
    }

    assert found["union-a"] == "access.scope"
    assert not {found["branch-a"], found["union-b"]} & {"access.scope", "internal"}


def test_every_service_follows_what_tokens_are_judged_by() -> None:
    for name in service_names():
        tables = {each.table for each in class_of(name).projections}
        assert {void_tokens_table, organisation_parents_table} <= tables, name


# revocation


@pytest.fixture
def assistance(tmp_path: Path) -> Iterator[House]:
    """A service of whose worker nothing has been heard yet."""
    house = open_prepared(AssistanceService, embedded_settings("assistance", tmp_path), connections=4)
    make_signing_key(embedded_settings("staffing", tmp_path))
    yield house
    house.close()


def aged(
    house: House, monkeypatch: pytest.MonkeyPatch, age_seconds: float, position: int = 5, epoch: int = 1
) -> str:
    """A token that was issued so long ago."""
    staffing = embedded_settings("staffing", house.settings.folder)
    now = time.time()
    with monkeypatch.context() as earlier:
        earlier.setattr(time, "time", lambda: now - age_seconds)
        return sign(
            staffing,
            read_signing_key(staffing),
            person_id="wang",
            login_id="login-wang",
            grants=[Grant("clerk", None)],
            epoch=epoch,
            position=position,
        )


def heard_level(house: House) -> Access:
    with house.store.write() as connection:
        note_level(connection, "staffing")
    return Access(house, AssistanceService.projections)


def test_a_service_that_is_not_level_with_staffing_accepts_only_fresh_tokens(
    assistance: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = Access(assistance, AssistanceService.projections)

    assert judge.token(aged(assistance, monkeypatch, 55)).person_id == "wang"
    with pytest.raises(Refused) as refused:
        judge.token(aged(assistance, monkeypatch, 65))

    assert refused.value.refusal is access.NOT_LEVEL
    assert heard_level(assistance).token(aged(assistance, monkeypatch, 65)).person_id == "wang"


def test_a_feed_that_is_cut_closes_the_service_to_old_tokens_after_a_minute(
    assistance: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = heard_level(assistance)
    old = aged(assistance, monkeypatch, 100)
    start, now = time.monotonic(), time.time()
    judge.token(old)

    for seconds, is_open in ((55, True), (65, False)):
        with monkeypatch.context() as later:
            later.setattr(time, "monotonic", lambda seconds=seconds: start + seconds)
            later.setattr(time, "time", lambda seconds=seconds: now + seconds)
            if is_open:
                judge.token(old)
            else:
                with pytest.raises(Refused):
                    judge.token(old)


def test_a_token_is_void_once_staffing_recorded_later_that_its_login_was_revoked(
    assistance: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = heard_level(assistance)
    before, after = (aged(assistance, monkeypatch, 1, position) for position in (8, 9))
    judge.token(before)
    with assistance.store.write() as connection:
        connection.execute(void_tokens_table.insert().values(login_id="login-wang", epoch=1, position=9))

    later = time.monotonic() + access.LOOK_SECONDS + 0.1
    monkeypatch.setattr(time, "monotonic", lambda: later)

    with pytest.raises(BadToken, match="void"):
        judge.token(before)
    assert judge.token(after).position == 9


def test_after_a_restore_of_staffing_what_its_earlier_positions_say_neither_saves_nor_ends_a_token(
    assistance: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = heard_level(assistance)
    with assistance.store.write() as connection:
        connection.execute(void_tokens_table.insert().values(login_id="login-wang", epoch=2, position=9))

    with pytest.raises(BadToken, match="void"):
        judge.token(aged(assistance, monkeypatch, 1, position=100, epoch=1))
    assert judge.token(aged(assistance, monkeypatch, 1, position=3, epoch=3)).epoch == 3


def test_a_service_that_follows_no_logins_accepts_only_fresh_tokens(
    assistance: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = Access(assistance, ())

    judge.token(aged(assistance, monkeypatch, 55))
    with pytest.raises(Refused):
        judge.token(aged(assistance, monkeypatch, 65))


# the access log


def test_a_refused_attempt_is_recorded_with_who_and_why_and_without_the_token(
    houses: dict[str, House], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="gonghui.access")
    token = token_with(houses, "cashier")

    outcome(houses, "membership", "register_person", token)
    outcome(houses, "membership", "register_person", token[:-4])
    outcome(houses, "membership", "register_person", None)

    role, forged, none = [record.getMessage() for record in caplog.records]
    assert role.startswith("membership.register_person access.role by=wang login=")
    assert forged.startswith("membership.register_person access.token_refused by=- login=- fault=")
    assert none == "membership.register_person access.no_token by=- login=-"
    assert token[:40] not in caplog.text


def test_an_argument_named_self_is_an_unknown_one_and_gets_an_answer(houses: dict[str, House]) -> None:
    token = token_with(houses, "auditor")

    assert outcome(houses, "membership", "log_head", token, self=1) == "input.invalid"
    assert outcome(houses, "membership", "found_organisation_many", token, self=1) == "call.malformed"
