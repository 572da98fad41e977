"""Every event that staffing records."""

from datetime import date
from typing import Any, Literal

from shared.rules.message import message
from shared.rules.personal import PublicText

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
HiringKind = Literal["graduate", "rehired_retiree", "transferred", "other"]
PostingLevel = Literal["district_headquarters", "grassroots"]
LeavingKind = Literal["resigned", "agreement_not_renewed", "terminated", "retired", "died"]
Destination = Literal[
    "civil_service",
    "public_institution",
    "enterprise",
    "further_study",
    "retired",
    "dismissed",
    "died",
    "other",
]


@message
class StationOpened:
    """``organisation_id``: the union on whose place in the tree the station stands."""

    station_id: str
    organisation_id: str
    name: PublicText
    basis: PublicText
    effective_on: date


@message
class WorkerHired:
    """``batch``: the round of recruitment (第一批 …), where there was one."""

    person_id: str
    hiring_kind: HiringKind
    batch: PublicText | None
    basis: PublicText
    effective_on: date


@message(plannable=True)
class WorkerAssigned:
    """A main assignment from ``effective_on`` to ``ends_on``, that day included; None: until it is ended.

    ``station_id`` is None at the district's headquarters; ``organisation_id`` is the station's, or theirs.
    """

    person_id: str
    assignment_id: str
    station_id: str | None
    organisation_id: str
    posting_level: PostingLevel
    basis: PublicText
    effective_on: date
    ends_on: date | None


@message(plannable=True)
class AssignmentEnded:
    """``effective_on``: the assignment's last day."""

    person_id: str
    assignment_id: str
    effective_on: date


@message
class WorkerLeft:
    """``effective_on``: the last day of the employment."""

    person_id: str
    leaving_kind: LeavingKind
    destination: Destination
    basis: PublicText
    effective_on: date


@message
class LoginOpened:
    """A login's name is public: a handle that tells neither its person's name nor a number."""

    login_id: str
    person_id: str
    name: PublicText


def granted_without_an_assignment(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "assignment_id": None}


@message(upcasters=(granted_without_an_assignment,))
class RoleGranted:
    """``organisation_id``: the root of the subtree in which the role holds; None: the whole district.

    ``assignment_id``: the role holds only as long as that assignment of its person does.
    """

    login_id: str
    role: Role
    organisation_id: str | None
    begins_on: date
    ends_on: date | None
    assignment_id: str | None


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
    reason: PublicText
