"""Reporting's rules: one module for each kind of stream, and the language that they make together."""

from shared.rules.language import Language

language = Language("reporting", ())
