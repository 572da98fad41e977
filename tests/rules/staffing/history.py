"""A short valid history of staffing that holds every event, for laws that hold for all histories.

The identities are a, b and c, so that commands made by chance meet in these streams.
"""

from services.staffing.events import LoginOpened, LoginRevoked, PasswordChanged, RoleGranted, RoleWithdrawn
from tests.rules.rules import TODAY

HISTORY = [
    LoginOpened(login_id="a", person_id="a", name="wangfang"),
    PasswordChanged(login_id="a"),
    RoleGranted(login_id="a", role="clerk", organisation_id="b", begins_on=TODAY, ends_on=None),
    RoleGranted(login_id="a", role="cashier", organisation_id=None, begins_on=TODAY, ends_on=TODAY),
    RoleWithdrawn(login_id="a", role="cashier", organisation_id=None),
    LoginOpened(login_id="b", person_id="b", name="liqiang"),
    LoginRevoked(login_id="b", reason="first"),
]
