"""A process of a measured service, ``python -m bench.bus.process KIND NAME``, as in production but its name.

What ``shared.runtime.start`` does for the services that are installed, this does for the neutral ones:
an interface is green, a worker has plain threads.
"""

import logging
import sys


def main() -> int:
    kind, name = sys.argv[1:]
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    if kind == "interface":
        from shared.runtime.green import patch

        patch()
    from bench.bus.services import SERVICES
    from shared.runtime.stopping import Stop

    stop = Stop()
    stop.listen()
    if kind == "interface":
        from shared.runtime.interface import run_interface

        return run_interface(SERVICES[name], stop)
    from shared.runtime.worker import run_worker

    return run_worker(SERVICES[name], stop)


if __name__ == "__main__":
    sys.exit(main())
