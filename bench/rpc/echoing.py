"""A process of plain nameko, ``python -m bench.rpc.echoing BUS_URL WORKERS``: it gives back what it gets."""

import sys

if __name__ == "__main__":
    import eventlet

    eventlet.monkey_patch()

from typing import Any

from nameko.rpc import rpc
from nameko.runners import ServiceRunner


class EchoService:
    """Nothing of ours: what nameko itself takes for a call."""

    name = "echo"

    @rpc  # type: ignore[untyped-decorator]
    def echo(self, **given: Any) -> dict[str, Any]:
        return given


def main() -> None:
    bus_url, workers = sys.argv[1:]
    runner = ServiceRunner({"AMQP_URI": bus_url, "max_workers": int(workers)})
    runner.add_service(EchoService)
    runner.start()
    runner.wait()


if __name__ == "__main__":
    main()
