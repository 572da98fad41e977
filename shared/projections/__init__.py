"""Projections and reactions: what follows a feed by position, can be rebuilt, and parks what it cannot do."""
