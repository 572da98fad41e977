"""A relay or a reader in a process of its own, with the system's threads and without eventlet.

Run as ``python -m tests.bus.part relay|reader STORE BUS SERVICE``; it ends when it is killed.
"""

import sys
import threading
from pathlib import Path
from subprocess import Popen

from shared.bus.reader import Reader
from shared.bus.relay import Relay
from shared.bus.replica import Replica
from shared.bus.rpc_source import RpcSource
from shared.log.log import Log
from shared.log.sealing import Vault
from shared.log.store import Store
from shared.rules.language import Language
from tests.bus.district import DISTRICT, READER
from tests.log.fund import fund
from tests.log.house import MASTER_KEY
from tests.servers.process import ONE_OF_MANY, spawn


def start_part(kind: str, store_url: str, bus_url: str, service: str, output: Path) -> Popen[bytes]:
    """Start a part; what it writes goes to the file."""
    command = [sys.executable, "-m", "tests.bus.part", kind, store_url, bus_url, service]
    return spawn(command, log=output, environment=ONE_OF_MANY)


def main() -> None:
    kind, store_url, bus_url, service = sys.argv[1:]
    store, stop = Store(store_url), threading.Event()
    if kind == "relay":
        log = Log(store, Language(service, (fund,)), Vault(MASTER_KEY))
        Relay(log, bus_url, DISTRICT).run(stop)
    else:
        source = RpcSource(bus_url, service)
        Reader(Replica(store, service), source, bus_url, READER, lambda: None).run(stop)


if __name__ == "__main__":
    main()
