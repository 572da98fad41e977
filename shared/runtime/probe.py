"""A probe for containers: ``python -m shared.runtime.probe PORT…`` ends with 0 if these are ready."""

import sys
import urllib.error
import urllib.request
from collections.abc import Sequence

SECONDS_MAX = 5


def ready(ports: Sequence[str]) -> bool:
    """Whether the process behind each side port of this machine can do its work."""
    try:
        for port in ports:
            urllib.request.urlopen(f"http://127.0.0.1:{int(port)}/readyz", timeout=SECONDS_MAX).close()
    except (OSError, ValueError):
        return False
    return bool(ports)


if __name__ == "__main__":
    sys.exit(not ready(sys.argv[1:]))
