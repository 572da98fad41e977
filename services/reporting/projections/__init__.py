"""Reporting's read models: one row for each fact, so that every figure opens down to what it counts."""
