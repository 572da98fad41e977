"""What tokens are judged by here: logins and persons that lost a right, and the tree of organisations."""

from services.membership.events import OrganisationFounded
from services.staffing.events import AssignmentEnded, LoginRevoked, PasswordChanged, RoleWithdrawn
from shared.runtime.access_feeds import organisation_parents, void_persons, void_tokens

organisation_tree = organisation_parents("membership", OrganisationFounded)

access = (
    void_tokens("staffing", (LoginRevoked, RoleWithdrawn, PasswordChanged)),
    void_persons("staffing", (AssignmentEnded,)),
    organisation_tree,
)
