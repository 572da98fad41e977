"""Reporting's interface: one line for each command and query."""

from services.reporting.aggregates import language
from shared.runtime.service import Service


class ReportingService(Service):
    """Figures over what all services recorded."""

    name = "reporting"
    language = language
