"""Staffing's read models."""
