"""Logins: what a person signs in with, one at a time, and the roles that it has, where and when."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from re import compile as pattern
from typing import Any, NamedTuple, assert_never

from services.staffing.aggregates.union_social_worker import union_social_worker
from services.staffing.aggregates.worker.refusals import (
    ASSIGNMENT_UNKNOWN,
    ORGANISATIONS_ABOVE,
    PERSON_REGISTERED,
    PERSON_UNKNOWN,
)
from services.staffing.aggregates.worker.state import Days, UnionSocialWorker
from services.staffing.events import (
    LoginOpened,
    LoginRevoked,
    PasswordChanged,
    Role,
    RoleGranted,
    RoleWithdrawn,
)
from shared.rules.context import HOUSE, Context
from shared.rules.decider import Decider
from shared.rules.message import message
from shared.rules.personal import PublicText
from shared.rules.refusal import Refusal

ALREADY_OPENED = Refusal(
    "login.already_opened", zh="该登录编号已使用", en="this login id has been used already"
)
NAME_TAKEN = Refusal(
    "login.name_taken",
    zh="该登录名已使用；登录名不得转给他人，也不得再次启用",
    en="this name has been used; a name is neither handed on nor taken up again",
)
NAME_FORM = Refusal(
    "login.name_form",
    zh="登录名为3至32位，以小写字母开头，只用小写字母、数字和 . _ -，连续数字不超过4位",
    en="a name has 3 to 32 characters: small letters, digits and . _ -, never 5 digits on end",
)
PERSON_HAS_ONE = Refusal(
    "login.person_has_one",
    zh="此人已有登录账号，每人只能有一个",
    en="this person has a login already, and may have only one at a time",
)
UNKNOWN = Refusal("login.unknown", zh="登录账号不存在", en="the login does not exist")
REVOKED = Refusal("login.revoked", zh="登录账号已注销", en="the login has been revoked")
ENDS_BEFORE_IT_BEGINS = Refusal(
    "login.role_ends_before_it_begins",
    zh="角色的截止日期不能早于起始日期",
    en="a role cannot end before it begins",
)
TO_ONESELF = Refusal(
    "login.role_to_oneself", zh="不能给自己授予角色", en="nobody grants a role to themselves"
)
ASSIGNMENT_MISSING = Refusal(
    "login.assignment_missing",
    zh="该账号属于专职工会社会工作者，角色须通过派驻授予，请填写派驻编号",
    en="this login is a union social worker's: a role is granted through an assignment; name it",
)
ROLE_OUTSIDE_ASSIGNMENT = Refusal(
    "login.role_outside_assignment",
    zh="角色的起始日期不在这次派驻的期间之内（自{begins_on}起）",
    en="the role begins on a day on which the assignment, from {begins_on}, does not hold",
)
ROLE_BESIDE_ASSIGNMENT = Refusal(
    "login.role_beside_assignment",
    zh="角色适用的组织须是派驻所在工会或其下级组织",
    en="a role granted through an assignment holds at the assignment's organisation or below it",
)

_is_name = pattern(r"(?!.*[0-9]{5})[a-z][a-z0-9._-]{2,31}").fullmatch


@message
class OpenLogin:
    """The password is set apart: it stands in no command and no event.

    The person is one whom the registry knows, or ``system:name`` where another system logs in.
    """

    login_id: str
    person_id: str
    name: PublicText


def granted_without_an_assignment(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "assignment_id": None}


@message(upcasters=(granted_without_an_assignment,))
class GrantRole:
    """Granting a role again, at the same place, replaces its days and its assignment.

    A union social worker's role names the assignment through which it is granted: it holds only while
    that one does, and at the assignment's organisation where none is given, else at one below it.
    """

    login_id: str
    role: Role
    begins_on: date
    ends_on: date | None = None
    organisation_id: str | None = None
    assignment_id: str | None = None


@message
class WithdrawRole:
    login_id: str
    role: Role
    organisation_id: str | None = None


@message
class ChangePassword:
    """Recorded by the house when it has checked who changes it."""

    login_id: str


@message
class RevokeLogin:
    """For good: who comes back gets another login. The reason is public: it names no person."""

    login_id: str
    reason: PublicText


class Place(NamedTuple):
    """Which role it is: the same one may be held in several subtrees."""

    role: Role
    organisation_id: str | None


@message
class HeldRole:
    role: Role
    organisation_id: str | None
    days: Days
    assignment_id: str | None

    @property
    def place(self) -> Place:
        return Place(self.role, self.organisation_id)


@message
class Login:
    person_id: str = ""
    name: str = ""
    revoked: bool = False
    roles: tuple[HeldRole, ...] = ()

    @property
    def opened(self) -> bool:
        return self.person_id != ""

    def held(self, place: Place) -> HeldRole | None:
        return next((each for each in self.roles if each.place == place), None)

    def roles_on(self, day: date, worker: UnionSocialWorker) -> list[Place]:
        """The roles that hold on a day; a login that was revoked has none.

        Args:
            worker: the login's person: what was granted through an assignment ends with it, and what was
                granted without one ends for good when its holder is hired.
        """
        if self.revoked:
            return []
        assignment = worker.assignment_on(day)
        assignment_id = None if assignment is None else assignment.assignment_id
        return [
            each.place
            for each in self.roles
            if each.days.hold_on(day)
            and (
                not worker.employed_between(each.days.begins_on, day)
                if each.assignment_id is None
                else each.assignment_id == assignment_id
            )
        ]


LoginCommand = OpenLogin | GrantRole | WithdrawRole | ChangePassword | RevokeLogin
LoginEvent = LoginOpened | RoleGranted | RoleWithdrawn | PasswordChanged | LoginRevoked


def decide(command: LoginCommand, login: Login, context: Context) -> list[LoginEvent]:
    """Source: design, section 9; separation of duties: nobody gives themselves what they may do."""
    if isinstance(command, OpenLogin):
        return open_login(command, login, context)
    if not login.opened:
        raise UNKNOWN(field="login_id")
    match command:
        case RevokeLogin():
            if login.revoked:
                return []
            return [LoginRevoked(login_id=command.login_id, reason=command.reason)]
        case WithdrawRole():
            if login.held(Place(command.role, command.organisation_id)) is None:
                return []
            return [
                RoleWithdrawn(
                    login_id=command.login_id, role=command.role, organisation_id=command.organisation_id
                )
            ]
        case GrantRole():
            return grant_role(command, login, context)
        case ChangePassword():
            if login.revoked:
                raise REVOKED(field="login_id")
            return [PasswordChanged(login_id=command.login_id)]
        case _:
            assert_never(command)


def open_login(command: OpenLogin, login: Login, context: Context) -> list[LoginEvent]:
    """Source: design, section 4: persons are issued once per district, by membership's registry."""
    if login.opened:
        if (login.person_id, login.name) == (command.person_id, command.name):
            return []
        raise ALREADY_OPENED(field="login_id")
    if not _is_name(command.name):
        raise NAME_FORM(field="name")
    # The first login is made where nothing runs yet that would have told of its person: the house has asked.
    if not context.fact(PERSON_REGISTERED) and context.actor_id != HOUSE.person_id:
        raise PERSON_UNKNOWN(field="person_id")
    return [LoginOpened(login_id=command.login_id, person_id=command.person_id, name=command.name)]


def grant_role(command: GrantRole, login: Login, context: Context) -> list[LoginEvent]:
    if login.revoked:
        raise REVOKED(field="login_id")
    if login.person_id == context.actor_id:
        raise TO_ONESELF(field="login_id")
    days = Days(begins_on=command.begins_on, ends_on=command.ends_on)
    if days.ends_on is not None and days.ends_on < days.begins_on:
        raise ENDS_BEFORE_IT_BEGINS(field="ends_on")
    granted = HeldRole(
        role=command.role,
        organisation_id=place_of(command, days, context.state(union_social_worker, login.person_id), context),
        days=days,
        assignment_id=command.assignment_id,
    )
    held = login.held(granted.place)
    if held == granted:
        return []
    events: list[LoginEvent] = []
    if held is not None and not held.days.lie_within(days):
        # What no longer holds ends for the tokens that were given out, too.
        events.append(
            RoleWithdrawn(login_id=command.login_id, role=held.role, organisation_id=held.organisation_id)
        )
    return [
        *events,
        RoleGranted(
            login_id=command.login_id,
            role=granted.role,
            organisation_id=granted.organisation_id,
            begins_on=days.begins_on,
            ends_on=days.ends_on,
            assignment_id=granted.assignment_id,
        ),
    ]


def place_of(command: GrantRole, days: Days, worker: UnionSocialWorker, context: Context) -> str | None:
    """Where a role is to hold. Raises the refusal that the person's assignments call for, if any."""
    if command.assignment_id is None:
        if worker.employed_within(days):
            raise ASSIGNMENT_MISSING(field="assignment_id")
        return command.organisation_id
    assignment = worker.assignment(command.assignment_id)
    if assignment is None:
        raise ASSIGNMENT_UNKNOWN(field="assignment_id")
    if not assignment.days.hold_on(days.begins_on):
        raise ROLE_OUTSIDE_ASSIGNMENT(field="begins_on", begins_on=assignment.days.begins_on)
    if command.organisation_id is None:
        organisation_id: str = assignment.organisation_id
        return organisation_id
    if assignment.organisation_id not in (context.fact(ORGANISATIONS_ABOVE) or ()):
        raise ROLE_BESIDE_ASSIGNMENT(field="organisation_id")
    return command.organisation_id


def evolve(login: Login, event: LoginEvent) -> Login:
    match event:
        case LoginOpened():
            return Login(person_id=event.person_id, name=event.name)
        case RoleGranted():
            days = Days(begins_on=event.begins_on, ends_on=event.ends_on)
            granted = HeldRole(
                role=event.role,
                organisation_id=event.organisation_id,
                days=days,
                assignment_id=event.assignment_id,
            )
            others = tuple(each for each in login.roles if each.place != granted.place)
            return replace(login, roles=(*others, granted))
        case RoleWithdrawn():
            place = Place(event.role, event.organisation_id)
            return replace(login, roles=tuple(each for each in login.roles if each.place != place))
        case PasswordChanged():
            return login
        case LoginRevoked():
            return replace(login, revoked=True)
        case _:
            assert_never(event)


def unique_keys(login: Login) -> Mapping[str, Refusal]:
    """A name is kept for ever, so that an old record never seems to be about somebody else."""
    if not login.opened:
        return {}
    keys = {f"login_name/{login.name}": NAME_TAKEN}
    if not login.revoked:
        keys[f"login_person/{login.person_id}"] = PERSON_HAS_ONE
    return keys


login = Decider("login", "login_id", LoginCommand, LoginEvent, Login(), decide, evolve, unique_keys)
