"""What a payment batch's rules are made of: commands, refusals, state, duties, lines, results."""
