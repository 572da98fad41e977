"""The log of a service: its own events, in one dense order, with the commands that made them, sealed and hashed."""
