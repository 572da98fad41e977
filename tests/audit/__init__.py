"""The audit: a clean history passes, and wrongs that were planted in it are found."""
