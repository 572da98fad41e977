"""Staffing's interface: one line for each command and query, and how people log in."""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any

from sqlalchemy import Connection, select

from services.staffing.aggregates import language
from services.staffing.aggregates.login import (
    REVOKED,
    UNKNOWN,
    ChangePassword,
    GrantRole,
    Login,
    OpenLogin,
    RevokeLogin,
    WithdrawRole,
    login,
)
from services.staffing.aggregates.service_station import OpenStation
from services.staffing.aggregates.union_social_worker import union_social_worker
from services.staffing.aggregates.worker.commands import (
    AssignWorker,
    EndAssignment,
    HireWorker,
    LeaveService,
)
from services.staffing.aggregates.worker.refusals import ORGANISATIONS_ABOVE, PERSON_REGISTERED
from services.staffing.aggregates.worker.state import UnionSocialWorker
from services.staffing.projections.access import access, organisation_tree
from services.staffing.projections.organisations_above import organisations_above
from services.staffing.projections.postings import (
    assignments,
    service_stations,
    stations,
    workers_assigned,
)
from services.staffing.projections.registered_persons import is_registered, registered_persons
from shared.log.envelope import HOUSE_TIME, house_day, moment_text
from shared.log.log import Log
from shared.log.tables import unique_keys
from shared.rules.decider import Decider
from shared.rules.refusal import Refusal
from shared.runtime.access import ANYWHERE, NOBODY_YET, ROLES
from shared.runtime.attempts import Attempts
from shared.runtime.calls import Call
from shared.runtime.commands import Request
from shared.runtime.facts import LookUp
from shared.runtime.house import House
from shared.runtime.methods import command, operation, query
from shared.runtime.passwords import hash_of, hashing, is_right, keep, kept
from shared.runtime.scopes import SUBTREE, organisation_of
from shared.runtime.service import Service
from shared.runtime.signing_keys import read_signing_key
from shared.runtime.tokens import LIFE_SECONDS, LONGEST, Grant, sign

SESSION_SECONDS_MAX = 12 * 3_600
"""How long a token can be renewed after a password was typed."""

FAILED = Refusal("log_in.failed", zh="登录名或密码不正确", en="the name or the password is not right")
NO_ROLES = Refusal("log_in.no_roles", zh="该账号目前没有任何角色", en="this login has no role at the moment")
TOO_MANY_ROLES = Refusal(
    "log_in.too_many_roles",
    zh="该账号有{count}项角色，角色过多，超出登录凭证容量，请改在上级组织授予",
    en="this login has {count} roles, more than a token holds; grant them at an organisation above instead",
)
NO_LOGIN = Refusal("log_in.none", zh="该凭证不属于任何登录账号", en="the token belongs to no login")
SESSION_OVER = Refusal(
    "log_in.session_over",
    zh="登录时间过长，请重新输入密码",
    en="the session has lasted too long; log in again",
)

PERSONS = tuple(sorted(ROLES))
PERSON = LookUp(PERSON_REGISTERED, registered_persons, is_registered, awaited=True)
ABOVE = LookUp(ORGANISATIONS_ABOVE, organisation_tree, organisations_above, awaited=True)

organisation_of_station = organisation_of(service_stations, "station_id")
organisation_of_assignment = organisation_of(assignments, "assignment_id")


def organisation_of_posting(house: House, rows: Sequence[Mapping[str, Any]]) -> list[str | None]:
    """Where each row assigns to: the station's organisation, or the one that it names."""
    at_stations = organisation_of_station(house, rows)
    return [row["organisation_id"] or found for row, found in zip(rows, at_stations, strict=True)]


def organisation_of_grant(house: House, rows: Sequence[Mapping[str, Any]]) -> list[str | None]:
    """Where each row grants a role: at the organisation that it names, else at the assignment's."""
    at_assignments = organisation_of_assignment(house, rows)
    return [row["organisation_id"] or found for row, found in zip(rows, at_assignments, strict=True)]


attempts = Attempts()


def log_in(call: Call, *, name: str, password: str) -> dict[str, Any]:
    """A token for who types a login's name and password: ``{token, expires_in_seconds}``."""
    with call.house.store.read() as connection:
        login_id = _login_named(connection, name)
        password_hash = None if login_id is None else kept(connection, login_id)
    # Not what was typed: it may be a password in the wrong place.
    call.login_id = login_id or ""
    with hashing():
        attempts.check(name)
        if not is_right(password, password_hash) or login_id is None:
            raise FAILED()
    attempts.succeeded(name)
    answer = _token(call, login_id, time.time())
    call.record("log_in", "logged_in")
    return answer


def renew(call: Call) -> dict[str, Any]:
    """Another token for who has one that is still good: with the roles of today, as ``log_in`` answers."""
    login_id, logged_in_at = _caller(call)
    if time.time() - logged_in_at > SESSION_SECONDS_MAX:
        raise SESSION_OVER()
    return _token(call, login_id, logged_in_at)


def change_password(call: Call, *, password: str, new_password: str) -> None:
    """Change one's own password. All tokens that one has become void."""
    login_id, _ = _caller(call)
    with call.house.store.read() as connection:
        password_hash = kept(connection, login_id)
    with hashing():
        attempts.check(login_id)
        if not is_right(password, password_hash):
            raise FAILED(field="password")
    attempts.succeeded(login_id)
    _set(call, login_id, new_password)


def set_password(call: Call, *, login_id: str, password: str) -> None:
    """Set somebody's password. All tokens that they have become void."""
    _set(call, login_id, password)


def _caller(call: Call) -> tuple[str, float]:
    if call.token is None or not call.token.login_id:
        raise NO_LOGIN()
    return call.token.login_id, call.token.logged_in_at


def _set(call: Call, login_id: str, password: str) -> None:
    with hashing():
        password_hash = hash_of(password)
    # First what makes older tokens void: if this fails half-way, too much is void and not too little.
    call.house.handle(Request(ChangePassword(login_id=login_id), call.actor, call.command_id()))
    with call.house.store.write() as connection:
        keep(connection, login_id, password_hash)


def _login_named(connection: Connection, name: str) -> str | None:
    found = select(unique_keys.c.stream).where(unique_keys.c.key == f"login_name/{name}")
    stream = connection.execute(found).scalar_one_or_none()
    return None if stream is None else stream.partition("/")[2]


def _token(call: Call, login_id: str, logged_in_at: float) -> dict[str, Any]:
    """A token with the roles that a login has today, as the log tells them at this moment."""
    log = call.house.log
    # Before the stream is read: whatever comes later makes the token void.
    head = log.head()
    state: Login = _state(log, login, login_id)
    if not state.opened:
        raise UNKNOWN()
    if state.revoked:
        raise REVOKED()
    worker: UnionSocialWorker = _state(log, union_social_worker, state.person_id)
    now = datetime.now(UTC)
    today = house_day(moment_text(now))
    tomorrow = house_day(moment_text(now + timedelta(days=1)))
    places = state.roles_on(today, worker)
    if not places:
        raise NO_ROLES()
    life_seconds: float = LIFE_SECONDS
    if not set(places) <= set(state.roles_on(tomorrow, worker)):
        # What holds today for the last time ends at midnight for this token, too.
        life_seconds = min(LIFE_SECONDS, seconds_left_of_day(now))
    settings = call.house.settings
    token = sign(
        settings,
        read_signing_key(settings),
        person_id=state.person_id,
        login_id=login_id,
        grants=[Grant(role, organisation_id) for role, organisation_id in places],
        epoch=head.epoch,
        position=head.position,
        logged_in_at=logged_in_at,
        life_seconds=life_seconds,
    )
    if len(token) > LONGEST:
        raise TOO_MANY_ROLES(count=len(places))
    return {"token": token, "expires_in_seconds": int(life_seconds)}


def seconds_left_of_day(now: datetime) -> float:
    """How long the day still lasts in the house."""
    there = now.astimezone(HOUSE_TIME)
    midnight = there.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return (midnight - there).total_seconds()


def _state(log: Log, decider: Decider, identity: str) -> Any:
    events = [
        log.language.event(each.type, each.facts.schema, each.facts.data, {})
        for each in log.stream(f"{decider.name}/{identity}")
    ]
    return reduce(decider.evolve, events, decider.initial)


class StaffingService(Service):
    """The union's own workers, where they are posted, and who may do what."""

    name = "staffing"
    language = language
    projections = (*access, registered_persons, service_stations, assignments)

    log_in = operation(log_in, role=NOBODY_YET, scope=ANYWHERE)
    renew = operation(renew, role=PERSONS, scope=ANYWHERE)
    change_password = operation(change_password, role=PERSONS, scope=ANYWHERE)
    set_password = operation(set_password, role="administrator")
    open_login = command(
        OpenLogin,
        role=("personnel", "administrator"),
        minted=("login_id",),
        facts=(PERSON,),
    )
    grant_role = command(
        GrantRole,
        role="administrator",
        scope=organisation_of_grant,
        facts=(ABOVE,),
    )
    withdraw_role = command(WithdrawRole, role="administrator", scope="organisation_id")
    revoke_login = command(RevokeLogin, role=("personnel", "administrator"))

    open_station = command(
        OpenStation, role="personnel", scope="organisation_id", minted=("station_id",), facts=(ABOVE,)
    )
    # The team is the district's: who hires and lets go has a role for all of it.
    hire_worker = command(HireWorker, role="personnel", facts=(PERSON,))
    leave_service = command(LeaveService, role="personnel")
    assign_worker = command(
        AssignWorker,
        role="personnel",
        scope=organisation_of_posting,
        minted=("assignment_id",),
        facts=(ABOVE,),
    )
    end_assignment = command(EndAssignment, role="personnel", scope=organisation_of_assignment)
    stations = query(
        stations,
        role=("personnel", "statistician"),
        scope=SUBTREE,
        reads=(service_stations, organisation_tree),
    )
    workers_assigned = query(
        workers_assigned,
        role=("personnel", "statistician"),
        scope=SUBTREE,
        reads=(assignments, organisation_tree),
    )
