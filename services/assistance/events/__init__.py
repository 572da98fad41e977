"""Every event that assistance records, one module for each subject."""
