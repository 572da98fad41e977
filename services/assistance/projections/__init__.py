"""Assistance's read models."""
