"""Assistance's interface: one line for each command and query."""

from services.assistance.aggregates import language
from services.assistance.projections.access import access
from shared.runtime.service import Service


class AssistanceService(Service):
    """Hardship files, aid and the money for it."""

    name = "assistance"
    language = language
    projections = access
