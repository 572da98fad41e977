"""What the rules of union social workers are made of: their commands, their refusals, their state."""
