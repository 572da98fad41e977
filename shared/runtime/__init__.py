"""What runs a service: the command handler, schemas from messages, access, settings, processes."""
