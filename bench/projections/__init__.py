"""What projections are measured by."""
