"""A short valid history of staffing that holds every event, for laws that hold for all histories.

The identities are a, b and c, so that commands made by chance meet in these streams.
"""

from services.staffing.events import (
    AssignmentEnded,
    LoginOpened,
    LoginRevoked,
    PasswordChanged,
    RoleGranted,
    RoleWithdrawn,
    StationOpened,
    WorkerAssigned,
    WorkerHired,
    WorkerLeft,
)
from tests.rules.rules import TODAY

HISTORY = [
    LoginOpened(login_id="a", person_id="a", name="wangfang"),
    PasswordChanged(login_id="a"),
    RoleGranted(
        login_id="a", role="clerk", organisation_id="b", begins_on=TODAY, ends_on=None, assignment_id=None
    ),
    RoleGranted(
        login_id="a", role="cashier", organisation_id=None, begins_on=TODAY, ends_on=TODAY, assignment_id="a"
    ),
    RoleWithdrawn(login_id="a", role="cashier", organisation_id=None),
    LoginOpened(login_id="b", person_id="b", name="liqiang"),
    LoginRevoked(login_id="b", reason="first"),
    StationOpened(station_id="a", organisation_id="b", name="a", basis="a", effective_on=TODAY),
    WorkerHired(person_id="b", hiring_kind="graduate", batch=None, basis="a", effective_on=TODAY),
    WorkerAssigned(
        person_id="b",
        assignment_id="a",
        station_id="a",
        organisation_id="b",
        posting_level="grassroots",
        basis="a",
        effective_on=TODAY,
        ends_on=None,
    ),
    AssignmentEnded(person_id="b", assignment_id="a", effective_on=TODAY),
    WorkerLeft(person_id="b", leaving_kind="retired", destination="retired", basis="a", effective_on=TODAY),
]
