"""Staffing's rules: one module for each kind of stream, and the language that they make together."""

from services.staffing.aggregates.login import login
from shared.rules.language import Language

language = Language("staffing", (login,))
