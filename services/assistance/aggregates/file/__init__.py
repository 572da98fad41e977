"""What a hardship file's rules are made of: its commands, its refusals, its state, and its steps."""
