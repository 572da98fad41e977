"""Spreadsheets that membership takes in: which columns they have, and what becomes of their rows."""

from collections.abc import Mapping

from services.membership.imports.member_columns import MEMBERS
from services.membership.imports.organisation_columns import ORGANISATIONS
from shared.files.layout import Layout

LAYOUTS: Mapping[str, Layout] = {"members": MEMBERS, "organisations": ORGANISATIONS}
"""By the name under which the command line knows them."""
