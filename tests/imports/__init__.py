"""Spreadsheets coming in: the files, what the service makes of their rows, and the command line."""
