"""Staffing's rules: one module for each kind of stream, and the language that they make together."""

from services.staffing.aggregates.login import login
from services.staffing.aggregates.service_station import service_station
from services.staffing.aggregates.union_social_worker import union_social_worker
from shared.rules.language import Language

language = Language("staffing", (login, service_station, union_social_worker))
