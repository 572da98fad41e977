"""Spreadsheets in and out: layouts with Chinese headings, files nobody vouches for, rows that come back."""
