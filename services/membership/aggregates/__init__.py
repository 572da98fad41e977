"""Membership's rules: one module for each kind of stream, and the language that they make together."""

from services.membership.aggregates.member import member
from services.membership.aggregates.organisation import organisation
from services.membership.aggregates.person import person
from services.membership.parameters import ALL
from shared.rules.language import Language

language = Language("membership", (person, organisation, member), ALL)
