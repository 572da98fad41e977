"""Membership owns persons, organisations and members: who they are and who belongs where."""
