"""What tokens are judged by here: logins that were revoked or lost a role, and the tree of organisations."""

from services.membership.events import OrganisationFounded
from services.staffing.events import LoginRevoked, PasswordChanged, RoleWithdrawn
from shared.runtime.access_feeds import organisation_parents, void_tokens

access = (
    void_tokens("staffing", (LoginRevoked, RoleWithdrawn, PasswordChanged)),
    organisation_parents("membership", OrganisationFounded),
)
