"""Reporting's interface: one line for each command and query."""

from services.reporting.aggregates import language
from services.reporting.projections.access import access, organisation_tree
from services.reporting.projections.memberships import member_count, memberships
from shared.runtime.methods import query
from shared.runtime.scopes import SUBTREE
from shared.runtime.service import Service


class ReportingService(Service):
    """Figures over what all services recorded."""

    name = "reporting"
    language = language
    projections = (*access, memberships)

    member_count = query(
        member_count, role="statistician", scope=SUBTREE, reads=(memberships, organisation_tree)
    )
