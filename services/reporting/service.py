"""Reporting's interface: one line for each command and query."""

from services.reporting.aggregates import language
from services.reporting.indicators import figure_parts, figure_rows, figures
from services.reporting.projections.access import access, organisation_tree
from services.reporting.projections.goods_issues import goods_issues
from services.reporting.projections.memberships import member_count, memberships
from services.reporting.projections.organisations import organisations as named_organisations
from services.reporting.projections.payments import payments
from shared.runtime.methods import query
from shared.runtime.past import query_as_of
from shared.runtime.scopes import SUBTREE
from shared.runtime.service import Service

READERS = ("statistician", "auditor")
COUNTED = (memberships, payments, goods_issues, organisation_tree, named_organisations)
"""What the figures are counted from."""


class ReportingService(Service):
    """Figures over what membership and assistance recorded."""

    name = "reporting"
    language = language
    projections = (*access, named_organisations, memberships, payments, goods_issues)

    member_count = query(member_count, role=READERS, scope=SUBTREE, reads=(memberships, organisation_tree))
    # Before the queries themselves, whose names are those of their functions.
    figures_as_of = query_as_of(figures, role=READERS, scope=SUBTREE, reads=COUNTED)
    figure_parts_as_of = query_as_of(figure_parts, role=READERS, scope=SUBTREE, reads=COUNTED)
    figure_rows_as_of = query_as_of(figure_rows, role=READERS, scope=SUBTREE, reads=COUNTED)
    figures = query(figures, role=READERS, scope=SUBTREE, reads=COUNTED)
    figure_parts = query(figure_parts, role=READERS, scope=SUBTREE, reads=COUNTED)
    figure_rows = query(figure_rows, role=READERS, scope=SUBTREE, reads=COUNTED)
