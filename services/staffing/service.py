"""Staffing's interface: one line for each command and query, and how people log in."""

import time
from datetime import UTC, datetime
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
from services.staffing.projections.access import access
from shared.log.envelope import house_day, moment_text
from shared.log.tables import unique_keys
from shared.rules.refusal import Refusal
from shared.runtime.access import ANYWHERE, NOBODY_YET, ROLES
from shared.runtime.attempts import Attempts
from shared.runtime.calls import Call
from shared.runtime.commands import Request
from shared.runtime.methods import command, operation
from shared.runtime.passwords import hash_of, is_right, keep, kept
from shared.runtime.service import Service
from shared.runtime.signing_keys import read_signing_key
from shared.runtime.tokens import LIFE_SECONDS, Grant, sign

SESSION_SECONDS_MAX = 12 * 3_600
"""How long a token can be renewed after a password was typed."""

FAILED = Refusal("log_in.failed", zh="登录名或密码不正确", en="the name or the password is not right")
NO_ROLES = Refusal("log_in.no_roles", zh="该账号目前没有任何角色", en="this login has no role at the moment")
NO_LOGIN = Refusal("log_in.none", zh="该凭证不属于任何登录账号", en="the token belongs to no login")
SESSION_OVER = Refusal(
    "log_in.session_over",
    zh="登录时间过长，请重新输入密码",
    en="the session has lasted too long; log in again",
)

PERSONS = tuple(sorted(ROLES))

attempts = Attempts()


def log_in(call: Call, *, name: str, password: str) -> dict[str, Any]:
    """A token for who types a login's name and password: ``{token, expires_in_seconds}``."""
    attempts.check(name)
    with call.house.store.read() as connection:
        login_id = _login_named(connection, name)
        password_hash = None if login_id is None else kept(connection, login_id)
    if not is_right(password, password_hash) or login_id is None:
        # Not what was typed: it may be a password in the wrong place.
        call.fault = f"login:{login_id or 'unknown'}"
        raise FAILED()
    attempts.succeeded(name)
    answer = _token(call, login_id, time.time())
    call.record("log_in", f"logged_in={login_id}")
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
    attempts.check(login_id)
    with call.house.store.read() as connection:
        password_hash = kept(connection, login_id)
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
    password_hash = hash_of(password)
    # First what makes older tokens void: if this fails half-way, too much is void and not too little.
    outcome = call.house.handle(Request(ChangePassword(login_id=login_id), call.actor))
    if isinstance(outcome, Exception):
        raise outcome
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
    position = log.head().position
    events = [
        log.language.event(each.type, each.facts.schema, each.facts.data, {})
        for each in log.stream(f"{login.name}/{login_id}")
    ]
    state: Login = reduce(login.evolve, events, login.initial)
    if not state.opened:
        raise UNKNOWN()
    if state.revoked:
        raise REVOKED()
    places = state.roles_on(house_day(moment_text(datetime.now(UTC))))
    if not places:
        raise NO_ROLES()
    settings = call.house.settings
    token = sign(
        settings,
        read_signing_key(settings),
        person_id=state.person_id,
        login_id=login_id,
        grants=[Grant(role, organisation_id) for role, organisation_id in places],
        position=position,
        logged_in_at=logged_in_at,
    )
    return {"token": token, "expires_in_seconds": LIFE_SECONDS}


class StaffingService(Service):
    """The union's own workers, what they do, and who may do what."""

    name = "staffing"
    language = language
    projections = access

    log_in = operation(log_in, role=NOBODY_YET, scope=ANYWHERE)
    renew = operation(renew, role=PERSONS, scope=ANYWHERE)
    change_password = operation(change_password, role=PERSONS, scope=ANYWHERE)
    set_password = operation(set_password, role="administrator")
    open_login = command(OpenLogin, role=("personnel", "administrator"), minted=("login_id",))
    grant_role = command(GrantRole, role="administrator", scope="organisation_id")
    withdraw_role = command(WithdrawRole, role="administrator", scope="organisation_id")
    revoke_login = command(RevokeLogin, role=("personnel", "administrator"))
