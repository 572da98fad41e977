"""The log of a service: its own events in one dense order, sealed and hashed, with their commands."""
