"""Membership's read models."""
