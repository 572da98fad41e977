"""What the log is measured by."""
