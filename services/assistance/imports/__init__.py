"""What assistance takes in from files of others."""
