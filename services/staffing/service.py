"""Staffing's interface: one line for each command and query."""

from services.staffing.aggregates import language
from shared.runtime.service import Service


class StaffingService(Service):
    """The union's own workers and what they do."""

    name = "staffing"
    language = language
