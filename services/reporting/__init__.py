"""Reporting owns the figures: it follows the other services and answers for what they add up to."""
