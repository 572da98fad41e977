"""What an aid grant's rules are made of: its commands, its refusals, its amount, and the proposal."""
