"""What membership's imports cost."""
