"""The promises about how the code is laid out, kept by reading the source and importing none of it."""
