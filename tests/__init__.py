"""Tests of gonghui: each name is the rule that it checks."""
