"""Assistance on a store: races, crashes and the books, beyond what its rules tell alone."""
