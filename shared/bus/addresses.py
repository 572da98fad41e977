"""Addresses of buses, told apart without loading what connects to them."""

EMBEDDED = "embedded"


def is_embedded_bus(url: str) -> bool:
    """Whether an address leads to a bus within this process."""
    return url.startswith(f"{EMBEDDED}:")
