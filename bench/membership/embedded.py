"""A measured process: all four services together on SQLite, and a roster through RPC."""

import time

# The same order as in a service's process: psycopg's wait function, eventlet's patch, then all else.
if __name__ == "__main__":
    from shared.runtime.green import patch

    patch()

import tempfile
from pathlib import Path

from nameko.standalone.rpc import ClusterRpcProxy

from bench.bus.embedded import await_true
from bench.membership.roster import found_district, measured, rows
from bench.processes import given, tell, wait_for_start
from shared.runtime.process_settings import ProcessSettings
from shared.runtime.settings import BUS_URL
from shared.runtime.together import Together
from tests.runtime.suite import suite_settings, token_of

CALL_SECONDS_MAX = 60


def main() -> None:
    chosen = given()
    with tempfile.TemporaryDirectory() as folder:
        token = token_of(Path(folder))
        together = Together(suite_settings(Path(folder)), ProcessSettings())
        together.start()
        await_true(lambda: not together.reasons())
        context = {"auth_token": token}
        with ClusterRpcProxy({"AMQP_URI": BUS_URL}, context_data=context, timeout=CALL_SECONDS_MAX) as proxy:
            found_district(proxy.membership)
            time.sleep(1)
            sent = rows(0, chosen["rows"])
            wait_for_start()
            tell(**measured(proxy.membership, sent))


if __name__ == "__main__":
    main()
