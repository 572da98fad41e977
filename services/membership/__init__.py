"""Membership owns persons, organisations and members: who belongs to which union, since when, and who they are."""
