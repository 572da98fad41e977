"""Logins: one for each person, with roles that others grant, for a place and for days."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.staffing.aggregates.login import (
    ALREADY_OPENED,
    ENDS_BEFORE_IT_BEGINS,
    NAME_FORM,
    NAME_TAKEN,
    PERSON_HAS_ONE,
    REVOKED,
    TO_ONESELF,
    UNKNOWN,
    ChangePassword,
    GrantRole,
    OpenLogin,
    Place,
    RevokeLogin,
    WithdrawRole,
    login,
)
from services.staffing.aggregates.union_social_worker import union_social_worker
from services.staffing.aggregates.worker.refusals import PERSON_REGISTERED, PERSON_UNKNOWN
from services.staffing.aggregates.worker.state import UnionSocialWorker
from services.staffing.events import LoginOpened, LoginRevoked, PasswordChanged, RoleGranted, RoleWithdrawn
from tests.rules.rules import Others, Rules

WANG = LoginOpened(login_id="login-wang", person_id="fang", name="wangfang")
BEGIN, END = date(2025, 1, 1), date(2025, 12, 31)
CLERK = RoleGranted(
    login_id="login-wang",
    role="clerk",
    organisation_id="union",
    begins_on=BEGIN,
    ends_on=END,
    assignment_id=None,
)
GONE = LoginRevoked(login_id="login-wang", reason="调离")
OPEN = OpenLogin(login_id="login-wang", person_id="fang", name="wangfang")
GRANT = GrantRole(login_id="login-wang", role="clerk", organisation_id="union", begins_on=BEGIN, ends_on=END)
WITHDRAW = WithdrawRole(login_id="login-wang", role="clerk", organisation_id="union")
REVOKE = RevokeLogin(login_id="login-wang", reason="调离")

NO_WORKER = UnionSocialWorker()
NOBODYS: Others = {(union_social_worker, "nobody"): []}
REGISTERED = {PERSON_REGISTERED: True}
logins = Rules(login, others=NOBODYS, facts=REGISTERED)
beside_wang = Rules(login, others=NOBODYS | {(login, "login-wang"): [WANG]}, facts=REGISTERED)
after_wang = Rules(login, others=NOBODYS | {(login, "login-wang"): [WANG, GONE]}, facts=REGISTERED)


def test_a_login_is_opened_for_a_person() -> None:
    logins.given().when(OPEN).then(WANG)


def test_no_login_is_opened_for_whom_the_registry_does_not_know() -> None:
    unknown = Rules(login, others=NOBODYS, facts={PERSON_REGISTERED: False})

    unknown.given().when(OPEN).then_refused(PERSON_UNKNOWN, field="person_id")


def test_opening_the_same_login_again_changes_nothing() -> None:
    logins.given(WANG).when(OPEN).then_nothing()


def test_a_login_id_is_not_used_for_somebody_else() -> None:
    logins.given(WANG).when(replace(OPEN, person_id="li")).then_refused(ALREADY_OPENED, field="login_id")


def test_a_person_has_one_login_at_a_time() -> None:
    second = OpenLogin(login_id="second", person_id="fang", name="wangfang2")

    beside_wang.given().when(second).then_refused(PERSON_HAS_ONE)
    after_wang.given().when(second).then(LoginOpened(login_id="second", person_id="fang", name="wangfang2"))


@pytest.mark.parametrize("rules", [beside_wang, after_wang])
def test_a_name_is_never_handed_on(rules: Rules) -> None:
    rules.given().when(OpenLogin(login_id="li", person_id="li", name="wangfang")).then_refused(NAME_TAKEN)


@pytest.mark.parametrize(
    "name", ["wf", "Wang", "王芳", "1wang", "wang fang", "w13800138000", "w" * 33, "wang\n"]
)
def test_a_name_is_a_handle_and_no_number(name: str) -> None:
    logins.given().when(replace(OPEN, name=name)).then_refused(NAME_FORM, field="name")


def test_a_role_is_granted_for_a_place_and_for_days() -> None:
    given = logins.given(WANG)

    given.when(GRANT).then(CLERK)

    state = logins.given(WANG, CLERK).state
    assert state.roles_on(BEGIN, NO_WORKER) == state.roles_on(END, NO_WORKER) == [Place("clerk", "union")]
    assert (
        state.roles_on(BEGIN - timedelta(days=1), NO_WORKER)
        == state.roles_on(END + timedelta(days=1), NO_WORKER)
        == []
    )


def test_a_role_without_end_holds_on_every_later_day() -> None:
    forever = replace(CLERK, ends_on=None)

    assert logins.given(WANG, forever).state.roles_on(date(2099, 1, 1), NO_WORKER) == [
        Place("clerk", "union")
    ]


def test_granting_the_same_again_changes_nothing_and_other_days_replace_it() -> None:
    longer = replace(CLERK, ends_on=None)

    logins.given(WANG, CLERK).when(GRANT).then_nothing()
    logins.given(WANG, CLERK).when(replace(GRANT, ends_on=None)).then(longer)
    assert len(logins.given(WANG, CLERK, longer).state.roles) == 1


def test_one_role_can_be_held_in_two_places() -> None:
    elsewhere = replace(CLERK, organisation_id="other-union")

    state = logins.given(WANG, CLERK, elsewhere).state

    assert state.roles_on(BEGIN, NO_WORKER) == [Place("clerk", "union"), Place("clerk", "other-union")]


def test_nobody_grants_a_role_to_themselves() -> None:
    logins.given(WANG).when(GRANT, by="fang").then_refused(TO_ONESELF)


def test_a_role_does_not_end_before_it_begins() -> None:
    wrong = replace(GRANT, ends_on=BEGIN - timedelta(days=1))

    logins.given(WANG).when(wrong).then_refused(ENDS_BEFORE_IT_BEGINS, field="ends_on")


def test_a_role_is_withdrawn_once_and_only_where_it_was_named() -> None:
    withdrawn = RoleWithdrawn(login_id="login-wang", role="clerk", organisation_id="union")

    logins.given(WANG, CLERK).when(WITHDRAW).then(withdrawn)
    logins.given(WANG, CLERK).when(replace(WITHDRAW, organisation_id=None)).then_nothing()
    logins.given(WANG, CLERK, withdrawn).when(WITHDRAW).then_nothing()
    assert logins.given(WANG, CLERK, withdrawn).state.roles_on(BEGIN, NO_WORKER) == []


def test_a_revoked_login_has_no_roles_and_gets_none() -> None:
    revoked = logins.given(WANG, CLERK, GONE)

    assert revoked.state.roles_on(BEGIN, NO_WORKER) == []
    revoked.when(REVOKE).then_nothing()
    revoked.when(replace(GRANT, role="cashier")).then_refused(REVOKED)
    revoked.when(ChangePassword(login_id="login-wang")).then_refused(REVOKED)


def test_a_login_is_revoked_and_its_password_changed_without_either_being_told() -> None:
    logins.given(WANG).when(REVOKE).then(GONE)
    logins.given(WANG).when(ChangePassword(login_id="login-wang")).then(
        PasswordChanged(login_id="login-wang")
    )


@pytest.mark.parametrize("command", [GRANT, WITHDRAW, REVOKE, ChangePassword(login_id="login-wang")])
def test_a_login_that_does_not_exist_is_refused(command: object) -> None:
    logins.given().when(command).then_refused(UNKNOWN, field="login_id")
