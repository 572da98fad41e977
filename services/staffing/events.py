"""Every event that staffing records."""

from datetime import date
from typing import Literal

from shared.rules.message import message

Role = Literal[
    "clerk",
    "reviewer",
    "approver",
    "cashier",
    "personnel",
    "reconciler",
    "statistician",
    "auditor",
    "administrator",
]


@message
class LoginOpened:
    """A login's name is public: a handle that tells neither its person's name nor a number."""

    login_id: str
    person_id: str
    name: str


@message
class RoleGranted:
    """``organisation_id``: the root of the subtree in which the role holds; None: the whole district."""

    login_id: str
    role: Role
    organisation_id: str | None
    begins_on: date
    ends_on: date | None


@message
class RoleWithdrawn:
    login_id: str
    role: Role
    organisation_id: str | None


@message
class PasswordChanged:
    """The password itself stands in no log; this only ends the tokens that were made before."""

    login_id: str


@message
class LoginRevoked:
    login_id: str
    reason: str
